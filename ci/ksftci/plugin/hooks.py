# SPDX-License-Identifier: GPL-2.0-only
"""The hook that a conftest.py may implement."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ksftci.machine.machine import Limits, Machine


@pytest.hookspec(firstresult=True)
def pytest_ksft_machine(config: pytest.Config, kernel: str, arch: str, limits: "Limits") -> "Machine | None":
    """Return the machine that runs programs on this kernel, such as a board; None for QEMU or this machine.

    `kernel` is the label in an item's id, "native" for --ksft-native. `arch` is a name such as arm64.
    """
    ...
