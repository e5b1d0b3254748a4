# SPDX-License-Identifier: GPL-2.0-only
"""The architectures, each under the many names that everyone has for it: one entry is all that a new one needs.

Beside its entry an architecture has a configuration for small kernels, kernel/configs/NAME.config.
"""

import platform
from dataclasses import dataclass

from ksftci.errors import CiError


@dataclass(frozen=True)
class Kbuild:
    """An architecture as the kernel's make knows it."""

    name: str  # make ARCH=
    folder: str  # of the tree
    image: str  # the image's path in that folder, as the build leaves it
    sources: tuple[str, ...] = ()  # that mprotect() executes of this architecture's own


@dataclass(frozen=True)
class Board:
    """What QEMU boots an architecture's kernel on, by emulation (TCG) or with KVM."""

    program: str
    packages: tuple[str, ...]  # of Debian or Ubuntu: newer releases have the program in the first
    machine: str  # -M
    cpu: str  # -cpu
    machine_kvm: str
    console: str  # the serial port's name in the kernel
    socket_each: bool = False  # every CPU in a socket of its own
    firmware: tuple[str, str] = ("", "")  # what it does not start without: a package, and a file of it


@dataclass(frozen=True)
class Arch:
    """One architecture. `name` is what the command line calls it."""

    name: str
    machine: str  # uname -m
    elf: int  # e_machine, include/uapi/linux/elf-em.h
    debian: str  # dpkg's name
    suites: tuple[str, ...]  # of Debian's archive that carry kernels of it, oldest first
    compiler: str  # the beginning of the cross compiler's name, CROSS_COMPILE=
    kbuild: Kbuild
    board: Board
    aliases: tuple[str, ...] = ()

    @property
    def native(self) -> bool:
        """Whether this machine runs this architecture's programs."""
        return platform.machine() == self.machine

    @property
    def cross_packages(self) -> dict[str, str]:
        """Debian's packages of the cross compiler and its C library, each with what shows that it is there."""
        target = self.compiler.rstrip("-")
        return {
            f"gcc-{target.replace('_', '-')}": f"{self.compiler}gcc",
            f"libc6-dev-{self.debian}-cross": f"/usr/{target}/include/sys/mman.h",
        }


_TRIXIE = ("trixie", "trixie-backports", "trixie-security")
_BOOKWORM = ("bookworm", "bookworm-backports", "bookworm-security")

ARM64 = Arch(
    name="arm64",
    aliases=("aarch64",),
    machine="aarch64",
    elf=183,
    debian="arm64",
    suites=(*_BOOKWORM, *_TRIXIE),
    compiler="aarch64-linux-gnu-",
    kbuild=Kbuild("arm64", "arch/arm64", "boot/Image", ("arch/arm64/mm/contpte.c",)),
    board=Board(
        program="qemu-system-aarch64",
        packages=("qemu-system-arm",),
        machine="virt,gic-version=3",
        cpu="max,pauth-impdef=on",  # else emulation spends its time on pointer authentication
        machine_kvm="virt,gic-version=max",
        console="ttyAMA0",
    ),
)
X86_64 = Arch(
    name="x86_64",
    aliases=("amd64", "x86-64"),
    machine="x86_64",
    elf=62,
    debian="amd64",
    suites=(*_BOOKWORM, *_TRIXIE),
    compiler="x86_64-linux-gnu-",
    kbuild=Kbuild("x86_64", "arch/x86", "boot/bzImage"),
    board=Board(
        program="qemu-system-x86_64",
        packages=("qemu-system-x86",),
        machine="q35",
        cpu="max",
        machine_kvm="q35",
        console="ttyS0",
        socket_each=True,  # topology_sane() warns of a socket whose CPUs are on two nodes
    ),
)
RISCV64 = Arch(
    name="riscv64",
    machine="riscv64",
    elf=243,
    debian="riscv64",
    suites=_TRIXIE,
    compiler="riscv64-linux-gnu-",
    kbuild=Kbuild("riscv", "arch/riscv", "boot/Image"),
    board=Board(
        program="qemu-system-riscv64",
        packages=("qemu-system-riscv", "qemu-system-misc"),
        machine="virt",
        cpu="rv64",
        machine_kvm="virt",
        console="ttyS0",
        firmware=("opensbi", "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin"),
    ),
)
ALL = (ARM64, X86_64, RISCV64)
NAMES = ", ".join(arch.name for arch in ALL)
DEFAULT = ARM64


def find(name: str) -> Arch:
    """The architecture of a name. Raises CiError for any other."""
    for arch in ALL:
        if name in (arch.name, *arch.aliases):
            return arch
    raise CiError(f"architecture {name!r} is not known; allowed: {NAMES}")


def host() -> Arch:
    """The architecture of this machine. Raises CiError when ksftci does not know it."""
    return find(platform.machine())
