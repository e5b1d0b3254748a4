# SPDX-License-Identifier: GPL-2.0-only
"""The guests of a session. Nothing is fetched: initramfs.busybox and initramfs.bash are replaced."""

from pathlib import Path

import pytest

from ksftci.arch import RISCV64
from ksftci.host.cache import Cache
from ksftci.host.debian import Debian
from ksftci.machine import initramfs
from ksftci.machine.guests import Guests
from ksftci.machine.machine import Job, Limits
from ksftci.machine.qemu import GuestOptions, Qemu
from ksftci.machine.resume import Resume

LIMITS, OPTIONS = Limits(total=100, silence=7), GuestOptions(memory_mb=512)
IMAGE = Path("Image")


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the programs that were fetched."""
    names: list[str] = []

    def replace_fetch(name: str) -> None:
        def fetch(cache: Cache, debian: Debian) -> Path:
            names.append(name)
            return Path(name)

        monkeypatch.setattr(initramfs, name, fetch)

    replace_fetch("busybox")
    replace_fetch("bash")
    return names


@pytest.fixture
def guests(tmp_path: Path) -> Guests:
    cache = Cache(tmp_path / "cache")
    return Guests(cache, Debian(cache, RISCV64), LIMITS, OPTIONS)


@pytest.fixture
def program(tmp_path: Path) -> Job:
    path = tmp_path / "cow"
    path.write_bytes(b"\x7fELF")
    return Job("cow", path)


@pytest.fixture
def script(tmp_path: Path) -> Job:
    path = tmp_path / "run.sh"
    path.write_text("#!/bin/bash\n")
    return Job("run.sh", path)


def test_programs_need_no_bash(guests: Guests, program: Job, fetched: list[str]) -> None:
    expected = Qemu("debian:7.3", IMAGE, RISCV64, Path("busybox"), None, LIMITS, OPTIONS)
    assert guests.qemu("debian:7.3", IMAGE, [program]) == expected
    assert fetched == ["busybox"]


def test_a_script_among_the_jobs_needs_bash(guests: Guests, program: Job, script: Job, fetched: list[str]) -> None:
    assert guests.qemu("debian:7.3", IMAGE, [program, script]).bash == Path("bash")
    assert fetched == ["busybox", "bash"]


def test_each_start_of_a_guest_has_the_limits_that_are_left(guests: Guests, program: Job, fetched: list[str]) -> None:
    modules = {"zram": b""}
    machine = guests.machine("debian:7.3", IMAGE, [program], modules)
    assert isinstance(machine, Resume)
    assert (machine.label, machine.limits) == ("debian:7.3", LIMITS)
    left = Limits(total=40, silence=7)
    assert machine.start(left) == guests.qemu("debian:7.3", IMAGE, [program], modules).with_limits(left)
    assert fetched == ["busybox", "busybox"]  # the machine's start fetches nothing
