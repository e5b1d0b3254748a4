# SPDX-License-Identifier: GPL-2.0-only
"""The threads of QEMU's emulator, by the version of QEMU."""

from pathlib import Path

import pytest

from ksftci.arch import ARM64
from ksftci.machine import tcg
from ksftci.machine.qemu import GuestOptions, Qemu


def fake_qemu(folder: Path, version: str) -> Path:
    qemu = folder / ARM64.board.program
    qemu.write_text(f"#!/bin/sh\necho '{version}'\n")
    qemu.chmod(0o755)
    return qemu


@pytest.mark.parametrize(
    ("version", "threads"),
    [
        ("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)", "single"),
        ("QEMU emulator version 8.0.4", "single"),
        ("QEMU emulator version 8.1.0", "multi"),
        ("QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2)", "multi"),
        ("something else", "multi"),
    ],
)
def test_an_old_qemu_has_one_thread(tmp_path: Path, version: str, threads: str) -> None:
    assert tcg.threads(str(fake_qemu(tmp_path, version))) == threads


def test_a_missing_qemu_is_no_error_here() -> None:
    assert tcg.threads("/nowhere/qemu") == "multi"


@pytest.mark.parametrize(("load", "threads"), [(False, "single"), (True, "multi")])
def test_a_guest_with_a_load_has_a_thread_for_each_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, load: bool, threads: str
) -> None:
    fake_qemu(tmp_path, "QEMU emulator version 7.2.22")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    guest = Qemu("x", tmp_path / "Image", ARM64, tmp_path / "busybox", options=GuestOptions(load=load))
    assert f"tcg,thread={threads}" in guest.command(tmp_path / "initramfs")
