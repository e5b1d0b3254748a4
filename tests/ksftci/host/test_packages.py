# SPDX-License-Identifier: GPL-2.0-only
"""Which packages are needed and missing, for each architecture; on a machine that is a fake."""

import os
import platform
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ksftci.arch import ALL, ARM64, RISCV64, X86_64, Arch
from ksftci.errors import CiError
from ksftci.host import packages

KERNEL_BUILD = {"bc", "bison", "flex", "gcc", "libc6-dev", "libelf-dev", "libssl-dev", "make", "perl"}
ALWAYS = KERNEL_BUILD | {"cpio", "debian-archive-keyring", "dpkg", "rsync", "xz-utils"}
QEMU = {"arm64": "qemu-system-arm", "x86_64": "qemu-system-x86", "riscv64": "qemu-system-misc"}
FIRMWARE = {"riscv64": {"opensbi"}}
CROSS = {
    "arm64": {"gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"},
    "x86_64": {"gcc-x86-64-linux-gnu", "libc6-dev-amd64-cross"},
    "riscv64": {"gcc-riscv64-linux-gnu", "libc6-dev-riscv64-cross"},
}
PAIRS = [pytest.param(arch, machine, id=f"{arch.name} on {machine.name}") for arch in ALL for machine in ALL]


@pytest.fixture(autouse=True)
def system(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets up the machine; by default a Debian on x86_64 on which every package is installed."""

    def set_up(
        machine: Arch = X86_64, missing: set[str] | None = None, available: set[str] | None = None, debian: bool = True
    ) -> None:
        monkeypatch.setattr(platform, "machine", lambda: machine.machine)
        monkeypatch.setattr(packages, "_is_installed", lambda probe: probe not in (missing or set()))
        monkeypatch.setattr(packages, "_is_available", lambda package: package in (available or set()))
        monkeypatch.setattr(packages, "_is_debian", lambda: debian)

    set_up()
    return set_up


@pytest.mark.parametrize(("arch", "machine"), PAIRS)
def test_a_guest_needs_qemu_and_its_firmware_and_a_compiler(
    arch: Arch, machine: Arch, system: Callable[..., None]
) -> None:
    system(machine)
    cross = set() if arch is machine else CROSS[arch.name]
    assert packages.needed(arch).keys() == ALWAYS | {QEMU[arch.name]} | FIRMWARE.get(arch.name, set()) | cross
    assert all(packages.needed(arch).values())


def test_the_newest_package_of_qemu_that_apt_has_is_needed(system: Callable[..., None]) -> None:
    system(available={"qemu-system-riscv"})
    qemu = [package for package in packages.needed(RISCV64) if package.startswith("qemu")]
    assert qemu == ["qemu-system-riscv"]


def test_ubuntu_needs_debootstrap_for_its_mirror(system: Callable[..., None]) -> None:
    system(debian=False)
    assert packages.needed(ARM64).keys() - ALWAYS - CROSS["arm64"] == {"qemu-system-arm", "debootstrap"}


@pytest.mark.parametrize(
    ("probe", "package"),
    [
        ("flex", "flex"),
        ("dpkg-deb", "dpkg"),
        ("xz", "xz-utils"),
        ("/usr/include/libelf.h", "libelf-dev"),
        ("qemu-system-riscv64", "qemu-system-misc"),
        ("/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin", "opensbi"),
        ("riscv64-linux-gnu-gcc", "gcc-riscv64-linux-gnu"),
        ("/usr/riscv64-linux-gnu/include/sys/mman.h", "libc6-dev-riscv64-cross"),
    ],
)
def test_a_package_is_missing_without_its_probe(probe: str, package: str, system: Callable[..., None]) -> None:
    system(missing={probe})
    assert [name for name, installed in packages.needed(RISCV64).items() if not installed] == [package]


@pytest.mark.parametrize(("arch", "machine"), PAIRS)
def test_a_kernel_is_built_without_qemu(
    arch: Arch, machine: Arch, system: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    system(machine)
    assert packages.missing_for_kernel(arch) == []
    monkeypatch.setattr(packages, "_is_installed", lambda probe: False)
    cross = set() if arch is machine else CROSS[arch.name]
    assert set(packages.missing_for_kernel(arch)) == KERNEL_BUILD | cross


def test_a_probe_is_a_program_or_a_pattern_for_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "tool").write_text("#!/bin/sh\n")
    assert not packages._is_installed("tool")  # it is not executable
    (tmp_path / "tool").chmod(0o755)
    assert packages._is_installed("tool")
    assert packages._is_installed(f"{tmp_path}/to*")
    assert packages._is_installed(f"{tmp_path}/gone.*|{tmp_path}/tool")
    assert not packages._is_installed(f"{tmp_path}/gone.*|{tmp_path}/tool/x")


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Records the commands that root runs; all of them succeed."""
    commands: list[str] = []

    def fails(argv: list[str]) -> bool:
        commands.append(" ".join(argv))
        return False

    monkeypatch.setattr(packages, "_fails", fails)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return commands


INSTALL = "apt-get install --yes --no-install-recommends bc flex"


def test_root_installs_from_fresh_lists(commands: list[str]) -> None:
    packages.install(["bc", "flex"])
    assert commands == ["apt-get update", INSTALL]


def test_a_user_installs_through_sudo(commands: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(shutil, "which", lambda program: f"/usr/bin/{program}")
    packages.install(["bc", "flex"])
    assert commands == ["sudo --non-interactive true", "sudo apt-get update", f"sudo {INSTALL}"]


@pytest.mark.parametrize("sudo", [None, "/usr/bin/sudo"], ids=["no sudo", "sudo asks for a password"])
def test_a_user_without_sudo_gets_the_command(sudo: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(shutil, "which", lambda program: sudo)
    monkeypatch.setattr(packages, "_fails", lambda argv: True)
    with pytest.raises(CiError, match=f"needs root; run\n    sudo {INSTALL}$"):
        packages.install(["bc", "flex"])


def test_what_apt_prints_is_text(capfd: pytest.CaptureFixture[str]) -> None:
    assert not packages._fails(["printf", r"a\033[31m\r\n\303\n"])
    assert packages._fails(["sh", "-c", "echo E: no >&2; exit 100"])
    assert capfd.readouterr().out == "a\\x1b[31m\n\ufffd\nE: no\n"


@pytest.mark.parametrize("failing", ["update", "install"])
def test_a_failure_of_apt_is_an_error(failing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(packages, "_fails", lambda argv: failing in argv)
    with pytest.raises(CiError, match=f"^{INSTALL} failed"):
        packages.install(["bc", "flex"])
