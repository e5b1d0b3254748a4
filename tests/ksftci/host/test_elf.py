# SPDX-License-Identifier: GPL-2.0-only
"""ELF programs and scripts, by their first bytes."""

import struct
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ksftci import arch
from ksftci.errors import CiError
from ksftci.host.elf import elf_arch, is_script

REL, EXEC, DYN, CORE = 1, 2, 3, 4  # e_type, include/uapi/linux/elf.h
MIPS = 8  # e_machine, include/uapi/linux/elf-em.h


def header(kind: int, machine: int) -> bytes:
    """The first 20 bytes of an ELF file, little-endian, 64 bit."""
    return b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", kind, machine)


def file_with(folder: Path, content: bytes) -> Path:
    path = folder / "file"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("kind", [EXEC, DYN])
@pytest.mark.parametrize(("machine", "name"), [(183, "arm64"), (62, "x86_64"), (243, "riscv64"), (MIPS, "other")])
def test_a_program_has_an_architecture(tmp_path: Path, kind: int, machine: int, name: str) -> None:
    path = file_with(tmp_path, header(kind, machine) + bytes(99))
    assert elf_arch(path) == name
    assert not is_script(path)


@pytest.mark.parametrize(
    "content",
    [
        header(REL, 183),
        header(CORE, 62),
        header(EXEC, 183)[:19],
        b"\x7fELG" + header(EXEC, 183)[4:],
        b"#!/bin/sh\n",
        b"",
    ],
    ids=["object file", "core dump", "cut off", "other magic", "script", "empty"],
)
def test_what_is_no_elf_program(tmp_path: Path, content: bytes) -> None:
    assert elf_arch(file_with(tmp_path, content)) is None


@pytest.mark.parametrize(("content", "script"), [(b"#!", True), (b"#!/bin/sh\n", True), (b"# !", False), (b"", False)])
def test_a_script_starts_with_its_interpreter(tmp_path: Path, content: bytes, script: bool) -> None:
    assert is_script(file_with(tmp_path, content)) is script


def test_this_python_is_a_program_of_this_machine() -> None:
    assert elf_arch(Path(sys.executable)) == arch.host().name


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CiError, match=f"^{tmp_path}/gone: No such file"):
        elf_arch(tmp_path / "gone")
    with pytest.raises(CiError, match=f"^{tmp_path}: Is a directory"):
        is_script(tmp_path)


@given(st.binary(max_size=40) | st.binary(max_size=20).map(lambda rest: header(EXEC, 183)[:16] + rest))
def test_any_bytes_have_an_answer(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = file_with(tmp_path_factory.getbasetemp(), content)
    assert elf_arch(path) in (None, "other", *(entry.name for entry in arch.ALL))
    assert is_script(path) is content.startswith(b"#!")
