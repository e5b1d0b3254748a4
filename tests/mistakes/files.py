# SPDX-License-Identifier: GPL-2.0-only
"""The files that transcripts of mistakes name; their names say what is wrong with them."""

import gzip
import struct
from pathlib import Path

from tests.ksftgen.test_install import make_tree

from ksftgen import new

_LOG = b"TAP version 13\n1..2\nok 1 a\nnot ok 2 b\n"
_JUNIT = b'<testsuite name="s"><testcase classname="s" name="x" time="1"/></testsuite>'
_BZIMAGE = bytes(0x202) + b"HdrS" + bytes(600)
_IMAGE = bytes(0x38) + b"ARMd" + bytes(600)


def _elf(machine: int) -> bytes:
    """The head of an executable; `machine` as in <elf.h>."""
    return b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHI", 2, machine, 1) + bytes(40)


FILES = {
    "good.log": _LOG,
    "empty.log": b"",
    "boot.log": b"[    0.000000] Linux version 7.3.4\n[    1.000000] reboot: Power down\n",
    "page.html": b"<!doctype html>\n<html><head><title>404 Not Found</title></head></html>\n",
    "photo.png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)),
    "console.log.gz": gzip.compress(_LOG, mtime=0),
    "torn.log.gz": gzip.compress(_LOG * 100, mtime=0)[:30],
    "utf16.log": _LOG.decode().encode("utf-16"),
    "results.xml": _JUNIT,
    "torn.xml": _JUNIT[:-12],
    "other.xml": b"<html><body/></html>",
    "results.json": b'{"tests": []}\n',
    "notes.txt": b"to do: buy milk\n",
    "Image": _IMAGE,
    "bzImage": _BZIMAGE,
    "bzImage.gz": gzip.compress(_BZIMAGE, mtime=0),
    "arm64-program": _elf(183),
    "x86-program": _elf(62),
    "crlf.yaml": b"scenario: crlf\r\nsummary: of Windows\r\nstep: []\r\n",
    "bom.yaml": b"\xef\xbb\xbfscenario: bom\nsummary: of Windows\nstep: []\n",
    "utf16.yaml": "scenario: utf16\n".encode("utf-16"),
    "latin1.yaml": "scenario: latin1\nsummary: Straße\n".encode("latin-1"),
    "huge.yaml": b"#" * ((1 << 20) + 1),
    "empty.yaml": b"",
}


# Programs of this machine that a mistake may get as far as; none of them does anything.
_APT = "E: Failed to fetch http://mirror.example/debian/dists/trixie/InRelease  Could not resolve 'mirror.example'"
_GIT = "fatal: not a git repository (or any of the parent directories): .git"
_STUBS = ("qemu-system-aarch64", "qemu-system-x86_64", "qemu-system-riscv64", "cpio", "make", "gcc", "git")
_CROSS = ("aarch64-linux-gnu-gcc", "x86_64-linux-gnu-gcc", "riscv64-linux-gnu-gcc")


def make(folder: Path) -> None:
    """Write all of them, and `bin` for PATH."""
    (folder / "bin").mkdir()
    for name in (*_STUBS, *_CROSS, "apt-get", "apt-cache"):
        said = _APT if name.startswith("apt") else _GIT if name == "git" else f"{name}: is not run here"
        (folder / "bin" / name).write_text(f'#!/bin/sh\necho "{said}" >&2\nexit 100\n')
        (folder / "bin" / name).chmod(0o755)
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    linux = make_tree(folder / "linux", (7, 3))
    (linux / "tools/testing/selftests/lib.mk").touch()
    (linux / "scripts").mkdir()
    taken = make_tree(folder / "taken", (7, 3)) / "tools/testing/selftests/mm"
    (taken / "mprotect_mine.c").write_text("int main(void);\n")
    unlisted = make_tree(folder / "unlisted", (7, 3)) / "tools/testing/selftests/mm"
    (unlisted / "Makefile").write_text("all: cow\n")
    (folder / "foreign").mkdir()
    (folder / "foreign/mprotect_mine.c").write_text("int main(void);\n")
    (folder / "mine.c").write_text("int main(void);\n")
    for name in ("empty", "partial", "gnu"):
        (folder / name).mkdir()
    (folder / "partial/Makefile").write_text("VERSION = 7\nPATCHLEVEL = 3\n")
    (folder / "gnu/Makefile").write_text("all: hello\n")
    new.create("mprotect_mine", folder)
