# SPDX-License-Identifier: GPL-2.0-only
"""The table of architectures: complete, and without a name that means two of them."""

import platform
from importlib.resources import files

import pytest

from ksftci import arch
from ksftci.arch import ALL, ARM64, RISCV64, X86_64, Arch
from ksftci.errors import CiError

EACH = pytest.mark.parametrize("entry", ALL, ids=lambda entry: entry.name)


@EACH
def test_each_architecture_has_a_configuration_for_small_kernels(entry: Arch) -> None:
    config = files("ksftci.kernel").joinpath("configs", f"{entry.name}.config")
    if entry is RISCV64 and not config.is_file():
        pytest.skip("riscv64 has no configuration yet: its kernels are Debian's, not built")
    assert "CONFIG_TRANSPARENT_HUGEPAGE=y" in config.read_text("utf-8").splitlines()


@EACH
def test_an_architecture_is_found_by_its_name_and_aliases(entry: Arch) -> None:
    for name in (entry.name, entry.machine, *entry.aliases):
        assert arch.find(name) is entry


def test_no_name_stands_for_two_architectures() -> None:
    names = [name for entry in ALL for name in (entry.name, *entry.aliases)]
    assert sorted(names) == sorted(set(names))
    for field in ("machine", "elf", "debian", "compiler", "kbuild", "board"):
        assert len({getattr(entry, field) for entry in ALL}) == len(ALL), field


@pytest.mark.parametrize("name", ["", "arm", "ARM64", "arm64 ", "riscv", "i686"])
def test_any_other_name_is_an_error_with_the_names_that_are_allowed(name: str) -> None:
    with pytest.raises(CiError, match=f"^architecture '{name}' is unknown; allowed: arm64, x86_64, riscv64$"):
        arch.find(name)


@EACH
def test_the_machine_has_one_of_them(entry: Arch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: entry.machine)
    assert arch.host() is entry
    assert [other for other in ALL if other.native] == [entry]


def test_another_machine_is_an_error_and_runs_no_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "loongarch64")
    with pytest.raises(CiError, match="architecture 'loongarch64' is unknown"):
        arch.host()
    assert not any(entry.native for entry in ALL)


@pytest.mark.parametrize(
    ("entry", "packages"),
    [
        (
            ARM64,
            {
                "gcc-aarch64-linux-gnu": "aarch64-linux-gnu-gcc",
                "libc6-dev-arm64-cross": "/usr/aarch64-linux-gnu/include/sys/mman.h",
            },
        ),
        (
            X86_64,
            {
                "gcc-x86-64-linux-gnu": "x86_64-linux-gnu-gcc",  # a package's name has no underscore
                "libc6-dev-amd64-cross": "/usr/x86_64-linux-gnu/include/sys/mman.h",
            },
        ),
        (
            RISCV64,
            {
                "gcc-riscv64-linux-gnu": "riscv64-linux-gnu-gcc",
                "libc6-dev-riscv64-cross": "/usr/riscv64-linux-gnu/include/sys/mman.h",
            },
        ),
    ],
)
def test_packages_of_the_cross_compiler(entry: Arch, packages: dict[str, str]) -> None:
    assert entry.cross_packages == packages


@EACH
def test_suites_are_named_by_debian_and_not_listed_twice(entry: Arch) -> None:
    assert len(set(entry.suites)) == len(entry.suites) > 0
    for suite in entry.suites:
        assert suite.partition("-")[0] in entry.suites
        assert suite.partition("-")[2] in ("", "backports", "security")
