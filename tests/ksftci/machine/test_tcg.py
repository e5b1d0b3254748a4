# SPDX-License-Identifier: GPL-2.0-only
"""Which way of emulation is used with which QEMU."""

from pathlib import Path

import pytest

from ksftci.arch import ARM64
from ksftci.machine import tcg
from ksftci.machine.qemu import GuestOptions, Qemu


def fake_qemu(folder: Path, said: str) -> Path:
    qemu = folder / ARM64.board.program
    qemu.write_text(f"#!/bin/sh\necho '{said}'\n")
    qemu.chmod(0o755)
    return qemu


@pytest.mark.parametrize(
    ("said", "threads"),
    [
        ("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)", "single"),
        ("QEMU emulator version 8.0.4", "single"),
        ("QEMU emulator version 8.1.0", "multi"),
        ("QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2)", "multi"),
        ("something else", "multi"),
    ],
)
def test_an_old_qemu_has_one_thread(tmp_path: Path, said: str, threads: str) -> None:
    assert tcg.threads(str(fake_qemu(tmp_path, said))) == threads


def test_a_qemu_that_is_not_there_is_left_for_others_to_tell() -> None:
    assert tcg.threads("/nowhere/qemu") == "multi"


@pytest.mark.parametrize(("load", "threads"), [(False, "single"), (True, "multi")])
def test_a_load_does_not_take_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, load: bool, threads: str) -> None:
    fake_qemu(tmp_path, "QEMU emulator version 7.2.22")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    guest = Qemu("x", tmp_path / "Image", ARM64, tmp_path / "busybox", options=GuestOptions(load=load))
    assert f"tcg,thread={threads}" in guest.command(tmp_path / "initramfs")
