# SPDX-License-Identifier: GPL-2.0-only
"""Whether KVM works, with a device and a QEMU that are none."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ksftci.machine import kvm

CREATE, VERSION = kvm._KVM_CREATE_VM, kvm._KVM_GET_API_VERSION
Ioctl = Callable[[int, int, int], int]


@pytest.fixture
def device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file in the device's place."""
    path = tmp_path / "kvm"
    path.write_bytes(b"")
    monkeypatch.setattr(kvm, "_DEVICE", str(path))
    return path


def answer(monkeypatch: pytest.MonkeyPatch, version: int = 12, machine: bool = True) -> list[int]:
    """Let ioctl() answer as KVM does. Returns the descriptors of created machines."""
    machines: list[int] = []

    def ioctl(device: int, request: int, argument: int) -> int:
        if request == VERSION:
            return version
        assert request == CREATE
        if not machine:
            raise PermissionError
        machines.append(os.dup(device))
        return machines[-1]

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    return machines


def qemu(folder: Path, *lines: str) -> list[str]:
    """A command whose program is a shell script. Each test has a folder of its own, because answers are cached."""
    program = folder / "qemu"
    program.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    program.chmod(0o755)
    return [str(program), "-M", "virt", "-cpu", "host"]


STATUS = 'read command; echo "(qemu) $command"; echo "VM status: running"; read command; [ "$command" = quit ]'


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_kvm_that_creates_a_machine_answers(device: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = descriptors()
    machines = answer(monkeypatch)
    assert kvm._device_answers()
    assert len(machines) == 1
    assert descriptors() == before


@pytest.mark.parametrize(("version", "machine"), [(11, True), (12, False)])
def test_another_api_or_no_machine_is_no_kvm(
    version: int, machine: bool, device: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = descriptors()
    answer(monkeypatch, version, machine)
    assert not kvm._device_answers()
    assert descriptors() == before


def test_a_file_without_kvm_behind_it_is_no_kvm(device: Path) -> None:
    assert not kvm._device_answers()
    device.unlink()
    assert not kvm._device_answers()


def test_a_qemu_that_runs_its_machine_has_started(tmp_path: Path) -> None:
    arguments = tmp_path / "arguments"
    command = qemu(tmp_path, f'echo "$@" > {arguments}', STATUS)
    assert kvm._qemu_starts(tuple(command))
    assert arguments.read_text().startswith("-M virt -cpu host -accel kvm ")


@pytest.mark.parametrize(
    "lines",
    [
        ["cat", "echo VM status: paused"],
        ["cat", "echo VM status: running", "exit 1"],
        ["echo failed to set the registers >&2", "exit 1"],
        ["true"],
    ],
)
def test_a_qemu_that_fails_or_does_not_run_has_not_started(lines: list[str], tmp_path: Path) -> None:
    assert not kvm._qemu_starts(tuple(qemu(tmp_path, *lines)))


def test_a_qemu_that_hangs_or_is_missing_has_not_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kvm, "_PATIENCE", 0.05)
    assert not kvm._qemu_starts(tuple(qemu(tmp_path, "exec sleep 20")))
    assert not kvm._qemu_starts((str(tmp_path / "absent"),))


def test_kvm_works_only_with_both(tmp_path: Path, device: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = qemu(tmp_path, STATUS)
    assert not kvm.works(command)
    answer(monkeypatch)
    assert kvm.works(command)
    assert not kvm.works([str(tmp_path / "absent")])
