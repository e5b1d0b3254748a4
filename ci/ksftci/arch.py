# SPDX-License-Identifier: GPL-2.0-only
"""The architectures: one entry holds all names that the kernel, Debian, QEMU and compilers have for an architecture.

A new architecture needs an entry in `ALL` and a configuration for small kernels, kernel/configs/NAME.config.
"""

import platform
from dataclasses import dataclass

from ksftci.errors import CiError


@dataclass(frozen=True)
class Kbuild:
    """An architecture as the kernel's make knows it."""

    name: str  # make's ARCH=
    folder: str  # of the tree
    image: str  # path of the built image, in `folder`
    sources: tuple[str, ...] = ()  # files of this architecture that mprotect() executes


@dataclass(frozen=True)
class Board:
    """The machine that QEMU gives to a kernel, by emulation (TCG) or with KVM."""

    program: str  # of QEMU
    packages: tuple[str, ...]  # of Debian or Ubuntu that hold the program, the newest release's package first
    machine: str  # -M
    cpu: str  # -cpu
    machine_kvm: str  # -M with KVM
    console: str  # the kernel's name for the serial port
    socket_each: bool = False  # each CPU needs a socket of its own
    firmware: tuple[str, str] = ("", "")  # that the machine needs to start: a package, and a file of the package


@dataclass(frozen=True)
class Arch:
    """One architecture."""

    name: str  # on the command line
    machine: str  # uname -m
    elf: int  # e_machine, include/uapi/linux/elf-em.h
    debian: str  # in dpkg
    suites: tuple[str, ...]  # of Debian's archive that hold kernels for the architecture, oldest first
    compiler: str  # prefix of the cross compiler, make's CROSS_COMPILE=
    kbuild: Kbuild
    board: Board
    aliases: tuple[str, ...] = ()  # other names that the command line accepts

    @property
    def native(self) -> bool:
        """Whether this machine runs programs of the architecture."""
        return platform.machine() == self.machine

    @property
    def cross_packages(self) -> dict[str, str]:
        """Debian's packages of the cross compiler and its C library, each with a program or a file that it installs."""
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
        machine="virt,gic-version=3,mte=on",
        cpu="max,pauth-impdef=on",  # emulation of the default pointer authentication takes most of the time
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
    """The architecture with this name or alias. Raises CiError if there is none."""
    for arch in ALL:
        if name in (arch.name, *arch.aliases):
            return arch
    raise CiError(f"architecture {name!r} is unknown; allowed: {NAMES}")


def host() -> Arch:
    """The architecture of this machine. Raises CiError if it is not in `ALL`."""
    return find(platform.machine())
