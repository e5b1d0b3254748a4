# SPDX-License-Identifier: GPL-2.0-only
"""Which files hold a kernel, and for which architecture."""

import gzip
import struct
from pathlib import Path

import pytest

from ksftci.arch import ALL, ARM64, Arch
from ksftci.errors import CiError
from ksftci.kernel import header

ELF = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HH", 2, 183) + bytes(60)
ZBOOT = b"MZ\0\0zimg" + bytes(0x34) + struct.pack("<I", 0x40) + b"PE\0\0" + struct.pack("<H", 0x5064)
IMAGES = {
    "arm64": [bytes(0x38) + b"ARM\x64", gzip.compress(bytes(0x38) + b"ARM\x64"), ELF],
    "x86_64": [bytes(0x202) + b"HdrS", gzip.compress(bytes(0x202) + b"HdrS" + bytes(100))],
    "riscv64": [bytes(0x38) + b"RSC\x05", ZBOOT],
}


@pytest.mark.parametrize("arch", ALL, ids=lambda arch: arch.name)
def test_an_image_is_for_one_architecture(arch: Arch, tmp_path: Path) -> None:
    file = tmp_path / "Image"
    for name, images in IMAGES.items():
        for image in images:
            file.write_bytes(image)
            if name == arch.name:
                header.check(file, arch)
            else:
                with pytest.raises(CiError, match=f"is an image for {name}, .* give --arch {name}"):
                    header.check(file, arch)


@pytest.mark.parametrize("data", [b"", b"MZ", b"MZ" + bytes(100), b"\x1f\x8b\x08 torn", b"#!/bin/sh\n", b"\x7fELF"])
def test_other_files_are_no_image(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "Image").write_bytes(data)
    with pytest.raises(CiError, match="is no kernel image; allowed: "):
        header.check(tmp_path / "Image", ARM64)
