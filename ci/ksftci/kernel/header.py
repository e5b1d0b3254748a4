# SPDX-License-Identifier: GPL-2.0-only
"""What the first bytes of a file say of the kernel that it holds."""

import zlib
from pathlib import Path

from ksftci import arch as arches
from ksftci.arch import Arch
from ksftci.errors import CiError
from plainprint.reason import reason

_READ = 64 << 10
_OTHERS = "an Image, Image.gz, bzImage, vmlinuz or vmlinux"
# Documentation/arch/{arm64,riscv,x86}: the place of each architecture's magic in an image.
_MAGIC = {"arm64": (0x38, b"ARM\x64"), "riscv64": (0x38, b"RSC\x05"), "x86_64": (0x202, b"HdrS")}
_PE = {0xAA64: "arm64", 0x5064: "riscv64", 0x8664: "x86_64"}  # IMAGE_FILE_MACHINE_*, of an EFI zboot image


def check(path: Path, arch: Arch) -> None:
    """Raises CiError if the file cannot be read, or holds no kernel of the architecture."""
    try:
        with path.open("rb") as file:
            head = file.read(_READ)
    except OSError as err:
        raise CiError(f"kernel {path}: {reason(err, path)}") from err
    found = _architecture(head)
    if not found:
        raise CiError(f"kernel {path}: is no kernel image; allowed: {_OTHERS} for {arch.name}")
    if found != arch.name:
        raise CiError(f"kernel {path}: is an image for {found}, but --arch is {arch.name}; give --arch {found}")


def _architecture(head: bytes) -> str:
    """The name of the architecture of an image, "" if it is none that QEMU could boot."""
    if head.startswith(b"\x1f\x8b"):
        try:
            head = zlib.decompressobj(wbits=31).decompress(head, _READ)
        except zlib.error:
            return ""
    for name, (place, magic) in _MAGIC.items():
        if head[place : place + len(magic)] == magic:
            return name
    if head.startswith(b"\x7fELF"):
        machine = int.from_bytes(head[18:20], "little")
        return next((arch.name for arch in arches.ALL if arch.elf == machine), "")
    if head.startswith(b"MZ"):
        pe = int.from_bytes(head[0x3C:0x40], "little")
        return _PE.get(int.from_bytes(head[pe + 4 : pe + 6], "little"), "") if head[pe : pe + 4] == b"PE\0\0" else ""
    return ""
