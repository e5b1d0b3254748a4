# SPDX-License-Identifier: GPL-2.0-only
"""Debian's archive: the mirrors, and the configuration of apt. No network is used."""

import os
import re
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from ksftci.arch import ARM64, Arch
from ksftci.errors import CiError
from ksftci.host import debian as debian_module
from ksftci.host.cache import Cache
from ksftci.host.debian import Debian, keyring, mirrors, version_key

MIRROR = "http://m.example/debian"
ARCH = replace(ARM64, suites=("bookworm", "bookworm-security", "trixie"))
LINES = [
    "deb [signed-by=/keys.gpg] http://m.example/debian bookworm main",
    "deb [signed-by=/keys.gpg] http://m.example/debian-security bookworm-security main",
    "deb [signed-by=/keys.gpg] http://m.example/debian trixie main",
]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KSFTCI_MIRROR", raising=False)
    monkeypatch.delenv("KSFTCI_SECURITY_MIRROR", raising=False)


@pytest.fixture
def updates(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What apt is called for, instead of running apt; the keys are /keys.gpg. Mirrors called dead give no lists.

    As apt does, an update reads the sources.list that it is given, and names lists after the address.
    """
    calls: list[str] = []

    def apt(self: Debian, program: str, *args: str, cwd: Path | None = None) -> str:
        calls.append(" ".join((program, *args)))
        for address in re.findall(r"http://(\S+)", self._sources.read_text()):
            if address.startswith("dead"):
                raise CiError(f"cannot connect to {address}")
            (self.root / f"lists/{address.replace('/', '_')}_Packages").touch()
        return ""

    monkeypatch.setattr(Debian, "_apt", apt)
    monkeypatch.setattr(debian_module, "keyring", lambda: Path("/keys.gpg"))
    return calls


def refresh(folder: Path, arch: Arch = ARCH, mirror: str | None = MIRROR) -> Debian:
    """Debian's archive with its cache in a folder, refreshed."""
    debian = Debian(Cache(folder), arch, mirror)
    debian.refresh()
    return debian


def sources(debian: Debian) -> list[str]:
    return (debian.root / "sources.list").read_text().splitlines()


def test_versions_compare_as_numbers() -> None:
    assert version_key("6.1.0-9") < version_key("6.1.0-40") < version_key("6.12.9+bpo")


def test_mirrors_of_apt_an_option_and_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    configured = "http://m.example/debian-security/\nhttp://m.example/debian/\n"
    expected = ("http://m.example/debian", "http://m.example/debian-security")
    assert mirrors(None, configured) == expected
    assert mirrors("http://m.example/debian/", "") == expected
    monkeypatch.setenv("KSFTCI_MIRROR", "http://m.example/debian")
    assert mirrors(None, "") == expected


def test_on_ubuntu_the_mirror_is_that_of_debootstrap(tmp_path: Path) -> None:
    ubuntu, script = "http://archive.example/ubuntu/", tmp_path / "debootstrap"
    with pytest.raises(CiError, match="--mirror"):
        mirrors(None, ubuntu, script)
    script.write_text('#!/bin/sh\nDEF_MIRROR="http://m.example/debian"\n')
    assert mirrors(None, ubuntu, script) == ("http://m.example/debian", "http://m.example/debian-security")


def test_the_security_mirror_may_be_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KSFTCI_SECURITY_MIRROR", "http://s.example/security/")
    assert mirrors(MIRROR) == (MIRROR, "http://s.example/security")


def test_sources_have_a_line_for_each_suite(tmp_path: Path, updates: list[str]) -> None:
    assert sources(refresh(tmp_path)) == LINES
    assert updates == ["apt-get -q update"]


def test_sources_without_a_suite_are_written_again_and_the_lists_refreshed(
    tmp_path: Path, updates: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    debian = refresh(tmp_path)
    (debian.root / "sources.list").write_text("".join(f"{line}\n" for line in LINES[:2]))
    monkeypatch.setattr(debian_module, "mirrors", lambda chosen: (MIRROR, f"{MIRROR}-security"))
    assert sources(refresh(tmp_path, mirror=None)) == LINES
    assert updates == ["apt-get -q update"] * 2


def test_sources_with_all_suites_keep_their_mirror(
    tmp_path: Path, updates: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh(tmp_path)
    monkeypatch.setattr(debian_module, "mirrors", lambda chosen: pytest.fail("the mirrors were looked up"))
    assert sources(refresh(tmp_path, mirror=None)) == LINES
    assert updates == ["apt-get -q update"]


def test_another_mirror_needs_other_lists(tmp_path: Path, updates: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    refresh(tmp_path)
    refresh(tmp_path)
    assert len(updates) == 1  # the same mirror
    monkeypatch.setenv("KSFTCI_MIRROR", "http://n.example/debian")
    assert sources(refresh(tmp_path, mirror=None)) == [line.replace("m.example", "n.example") for line in LINES]
    assert len(updates) == 2


@pytest.mark.parametrize("way", ["option", "environment"])
@pytest.mark.parametrize(
    "address", ["http://dead.example/debian", "http://dead.example:9/debian", "http://dead/x/debian/"]
)
def test_a_dead_mirror_does_not_stick(
    way: str, address: str, tmp_path: Path, updates: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = refresh(tmp_path)
    monkeypatch.setattr(debian_module, "mirrors", mirrors)
    for _ in range(2):
        with monkeypatch.context() as patch, pytest.raises(CiError, match="cannot connect to dead"):
            if way == "environment":
                patch.setenv("KSFTCI_MIRROR", address)
            refresh(tmp_path, mirror=address if way == "option" else None)
    assert sources(before) == LINES
    assert [path.name for path in before.root.glob("sources*")] == ["sources.list"]
    assert any(before.root.glob("lists/*Packages"))
    count = len(updates)
    assert sources(refresh(tmp_path, mirror=None)) == LINES
    assert len(updates) == count  # the lists of before are still good


def test_a_dead_mirror_is_not_kept_by_a_new_cache(
    tmp_path: Path, updates: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CiError, match="cannot connect"):
        refresh(tmp_path, mirror="http://dead.example/debian")
    monkeypatch.setattr(debian_module, "mirrors", lambda chosen: (MIRROR, f"{MIRROR}-security"))
    assert sources(refresh(tmp_path, mirror=None)) == LINES


def test_when_the_mirror_of_the_cache_dies_that_of_the_machine_is_used(
    tmp_path: Path, updates: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    debian = refresh(tmp_path)
    (debian.root / "sources.list").write_text("".join(f"{line}\n".replace("m.example", "dead") for line in LINES))
    monkeypatch.setattr(debian_module, "mirrors", lambda chosen: (MIRROR, f"{MIRROR}-security"))
    assert sources(refresh(tmp_path, mirror=None)) == LINES


def test_old_lists_of_another_mirror_are_no_lists(tmp_path: Path, updates: list[str]) -> None:
    debian = refresh(tmp_path)
    os.utime(debian.root / "refreshed", (0, time.time() - 48 * 3600))
    (debian.root / "sources.list").write_text("".join(f"{line}\n".replace("m.example", "dead") for line in LINES))
    with pytest.raises(CiError, match="cannot connect"):
        refresh(tmp_path, mirror="http://dead/debian")


@pytest.mark.parametrize(
    "address",
    [
        "",
        " ",
        "m.example/debian",
        "debian",
        "http://m.example/debian main\ndeb http://x",
        "http://m #",
        "http://[x]/debian",
    ],
)
def test_a_mirror_is_an_address(address: str, tmp_path: Path, updates: list[str]) -> None:
    if address:
        with pytest.raises(CiError, match="one such as"):
            refresh(tmp_path, mirror=address)
        assert updates == []


def test_damaged_lists_are_fetched_again(tmp_path: Path, updates: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    debian = refresh(tmp_path)
    apt = Debian._apt

    def cache_reads_lists(self: Debian, program: str, *args: str, cwd: Path | None = None) -> str:
        if program == "apt-cache" and any(path.read_text() for path in self.root.glob("lists/*Packages")):
            raise CiError("the package lists or status file could not be parsed")
        return apt(self, program, *args, cwd=cwd) or "linux-source-7.3"

    monkeypatch.setattr(Debian, "_apt", cache_reads_lists)
    next(debian.root.glob("lists/*Packages")).write_text("garbage")
    os.utime(debian.root / "refreshed", (0, time.time() - 3600))
    assert debian.names("linux-source.*") == ["linux-source-7.3"]


def test_without_a_network_old_lists_stay_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Debian, program: str, *args: str, cwd: Path | None = None) -> str:
        raise CiError("no network")

    monkeypatch.setattr(Debian, "_apt", fail)
    monkeypatch.setattr(debian_module, "keyring", lambda: Path("/keys.gpg"))
    messages: list[str] = []
    debian = Debian(Cache(tmp_path), ARCH, MIRROR, messages.append)
    for _ in range(2):  # the first failure leaves no stamp
        with pytest.raises(CiError, match="no network"):
            debian.refresh()
    (debian.root / "sources.list").write_text("".join(f"{line}\n" for line in LINES))
    (debian.root / "lists/m.example_Packages").touch()
    debian.refresh()
    assert messages[-1] == "package lists not refreshed, going on with the old lists: no network"


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["Failed to fetch {}/dists/trixie/InRelease  Could not resolve 'm.example'"], "Could not resolve 'm.example'"),
        (["Failed to fetch {}/dists/trixie/InRelease  Unable to connect to m.example:http:"], "Unable to connect to"),
        (["Failed to fetch {}/pool/main/l/linux/x.deb  404  Not Found [IP: ::1 80]"], "404  Not Found"),
        (["The repository '{} trixie Release' does not have a Release file."], "does not have a Release file; check"),
    ],
)
def test_a_mirror_that_gives_nothing_is_one_sentence(
    lines: list[str], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*_: object, **__: object) -> str:
        raise CiError(
            "\n".join(["apt-get failed", *(f"E: {line.format(MIRROR)}" for line in lines * 6), "E: Some failed"])
        )

    monkeypatch.setattr(debian_module, "run", run)
    monkeypatch.setattr(debian_module, "keyring", lambda: Path("/keys.gpg"))
    with pytest.raises(CiError, match="--mirror URL") as problem:
        refresh(tmp_path)
    assert str(problem.value).startswith(f"nothing could be fetched from {MIRROR}: ")
    assert reason in str(problem.value) and "\n" not in str(problem.value)


def test_each_package_is_in_the_suite_of_its_newest_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    madison = (
        "busybox | 1.37 | http://m.example/debian trixie/main arm64 Packages\n"
        "busybox | 1.35 | http://m.example/debian bookworm/main arm64 Packages\n"
        "   bash |  5.2 | http://m.example/debian bookworm/main arm64 Packages\n"
    )
    debian = Debian(Cache(tmp_path), ARCH, MIRROR)
    monkeypatch.setattr(debian, "_apt", lambda *words: madison)
    assert debian.suites(["busybox", "bash"]) == {"busybox": "trixie", "bash": "bookworm"}
    assert debian.suites([]) == {}


def test_without_the_keys_of_debian_their_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian_module, "KEYRINGS", ("missing.gpg",))
    with pytest.raises(CiError, match="install the package debian-archive-keyring"):
        keyring()


def test_a_full_disk_is_named_before_apt_meets_it(
    tmp_path: Path, updates: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=5_000_000))
    with pytest.raises(CiError, match=rf"{tmp_path}/apt/arm64: only 4 MB are left on the disk"):
        refresh(tmp_path)
    assert updates == []
