# SPDX-License-Identifier: GPL-2.0-only
"""The two architectures, under the many names that everyone has for them."""

import platform
from dataclasses import dataclass

from ksftci.errors import CiError


@dataclass(frozen=True)
class Arch:
    """One architecture. `name` is what the command line calls it."""

    name: str
    debian: str  # dpkg's name
    kernel: str  # make ARCH=
    machine: str  # uname -m
    cross: str  # CROSS_COMPILE=
    qemu: str
    console: str
    elf: int  # e_machine of include/uapi/linux/elf-em.h

    @property
    def native(self) -> bool:
        """Whether this machine runs this architecture's programs."""
        return platform.machine() == self.machine


ARM64 = Arch("arm64", "arm64", "arm64", "aarch64", "aarch64-linux-gnu-", "qemu-system-aarch64", "ttyAMA0", 183)
X86_64 = Arch("x86_64", "amd64", "x86_64", "x86_64", "x86_64-linux-gnu-", "qemu-system-x86_64", "ttyS0", 62)
ALL = (ARM64, X86_64)
NAMES = {"arm64": ARM64, "aarch64": ARM64, "x86_64": X86_64, "amd64": X86_64, "x86-64": X86_64}


def find(name: str) -> Arch:
    """The architecture of a name. Raises CiError for any other."""
    try:
        return NAMES[name]
    except KeyError:
        raise CiError(f"architecture {name!r} is not known, choose arm64 or x86_64") from None


def host() -> Arch:
    """The architecture of this machine. Raises CiError when it is neither of the two."""
    return find(platform.machine())
