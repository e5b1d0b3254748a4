# SPDX-License-Identifier: GPL-2.0-only
"""The values of the --ksft-... options."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from ksftci import arch as arches
from ksftci.arch import Arch
from ksftci.assembly import Options
from ksftci.errors import CiError
from ksftci.kernel.image import KernelRef, parse_all
from ksftci.kernel.tree import DEFAULT as DEFAULT_TREE
from ksftci.machine.machine import Limits

NATIVE = "native"


@dataclass(frozen=True)
class Settings:
    """The options of a session. `kernels` has the kernels by label; it is empty for this machine's own kernel."""

    kernels: dict[str, KernelRef]
    arch: Arch
    tree: str
    limits: Limits
    cache: Path | None
    mirror: str | None

    @classmethod
    def read(cls, config: pytest.Config) -> "Settings":
        """Read them from the command line, or else from the ini file. Raises CiError for invalid values."""
        native, kernels = config.getoption("ksft_native"), config.getoption("ksft_kernel")
        if native and kernels:
            raise CiError("--ksft-native runs on this machine's kernel; leave out --ksft-kernel")
        if not native and not kernels:
            native, kernels = config.getini("ksft_native"), config.getini("ksft_kernel")
        if native and kernels:
            raise CiError("ksft_native and ksft_kernel are both set; leave out one of them")
        arch, cache = _text(config, "arch") or os.environ.get("KSFTCI_ARCH"), _text(config, "cache")
        default = arches.host if native else lambda: arches.DEFAULT
        return cls(
            parse_all(kernels or ()),
            arches.find(arch) if arch else default(),
            _text(config, "tree") or DEFAULT_TREE,
            Limits(_seconds(config, "timeout", Limits.total), _seconds(config, "silence", Limits.silence)),
            Path(cache).absolute() if cache else None,
            _text(config, "mirror"),
        )

    @property
    def options(self) -> Options:
        """The options for `assemble`."""
        return Options(self.arch, self.cache, self.mirror, self.limits)

    @property
    def labels(self) -> list[str]:
        """The labels of the kernels, in the order of the options."""
        return list(self.kernels) or [NATIVE]


def _text(config: pytest.Config, name: str) -> str | None:
    return config.getoption(f"ksft_{name}") or config.getini(f"ksft_{name}") or None


def _seconds(config: pytest.Config, name: str, default: float) -> float:
    text = _text(config, name)
    try:
        seconds = float(text) if text else default
    except ValueError:
        seconds = 0.0
    if not seconds >= 1:  # nan, too
        raise CiError(f"--ksft-{name} {text}: is not valid; allowed: seconds, a number from 1")
    return seconds
