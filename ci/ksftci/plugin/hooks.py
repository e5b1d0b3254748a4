# SPDX-License-Identifier: GPL-2.0-only
"""The hook that a conftest.py may implement."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ksftci.machine.machine import Limits, Machine


@pytest.hookspec(firstresult=True)
def pytest_ksft_machine(config: pytest.Config, kernel: str, arch: str, limits: "Limits") -> "Machine | None":
    """Give what runs programs under the name of this kernel, such as a board; None for QEMU or this machine.

    `kernel` is the label in an item's id, "native" for --ksft-native.
    """
