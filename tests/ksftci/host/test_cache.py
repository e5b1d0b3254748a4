# SPDX-License-Identifier: GPL-2.0-only
"""The cache: where it is, and entries that are complete or absent."""

import fcntl
import stat
from pathlib import Path

import pytest

from ksftci.errors import CiError
from ksftci.host.cache import Cache

VARIABLES = ("KSFTCI_CACHE", "XDG_CACHE_HOME", "HOME")


@pytest.mark.parametrize(
    ("chosen", "variables", "expected"),
    [
        ("chosen", "KSFTCI_CACHE XDG_CACHE_HOME HOME", "chosen"),
        (None, "KSFTCI_CACHE XDG_CACHE_HOME HOME", "KSFTCI_CACHE"),
        (None, "XDG_CACHE_HOME HOME", "XDG_CACHE_HOME/ksftci"),
        (None, "HOME", "HOME/.cache/ksftci"),
    ],
)
def test_where_the_cache_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: str | None, variables: str, expected: str
) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name in variables.split():
        monkeypatch.setenv(name, str(tmp_path / name))
    cache = Cache.find(tmp_path / chosen if chosen else None)
    assert cache.root == tmp_path / expected
    assert cache.root.is_dir()


@pytest.mark.parametrize("variable", [True, False])
def test_a_relative_path_is_meant_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KSFTCI_CACHE", "near")
    assert Cache.find(None if variable else Path("near")).root == tmp_path / "near"


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(
        CiError, match=f"^cache folder {tmp_path}/file/cache: Not a directory; choose another with --cache"
    ):
        Cache(tmp_path / "file/cache")


def test_a_path_has_its_folder_but_no_entry(tmp_path: Path) -> None:
    path = Cache(tmp_path).path("kernels", "arm64", "vmlinuz")
    assert path == tmp_path / "kernels/arm64/vmlinuz"
    assert path.parent.is_dir()
    assert not path.exists()


def test_a_folder_keeps_its_content(tmp_path: Path) -> None:
    for number in range(2):
        folder = Cache(tmp_path).folder("builds", "mm")
        (folder / str(number)).write_text("")
    assert sorted(path.name for path in (tmp_path / "builds/mm").iterdir()) == ["0", "1"]


def test_an_entry_appears_when_the_block_has_ended(tmp_path: Path) -> None:
    entry = tmp_path / "trees/7.3"
    with Cache(tmp_path).fresh("trees", "7.3") as draft:
        assert list(draft.iterdir()) == []
        (draft / "Makefile").write_text("new")
        assert not entry.exists()
    assert (entry / "Makefile").read_text() == "new"
    assert stat.S_IMODE(entry.stat().st_mode) == 0o755
    assert list(entry.parent.iterdir()) == [entry]


def test_an_older_entry_is_replaced_with_all_its_files(tmp_path: Path) -> None:
    for name in ("old", "new"):
        with Cache(tmp_path).fresh("trees", "7.3") as draft:
            (draft / name).write_text("")
    assert [path.name for path in (tmp_path / "trees/7.3").iterdir()] == ["new"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_block_that_raises_leaves_the_older_entry_and_nothing_else(
    tmp_path: Path, error: type[BaseException]
) -> None:
    cache = Cache(tmp_path)
    with cache.fresh("trees", "7.3") as draft:
        (draft / "old").write_text("")
    with pytest.raises(error), cache.fresh("trees", "7.3") as draft:
        (draft / "half").write_text("")
        raise error
    assert [path.name for path in (tmp_path / "trees").rglob("*")] == ["7.3", "old"]


def is_locked(file: Path) -> bool:
    """Whether not even a shared lock is free."""
    with file.open("w") as other:
        try:
            fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def test_a_lock_is_held_while_the_block_runs(tmp_path: Path) -> None:
    file = tmp_path / "locks/build-mm_ksm"
    with Cache(tmp_path).lock("build-mm/ksm"), Cache(tmp_path).lock("another"):
        assert is_locked(file)
    assert not is_locked(file)
    with pytest.raises(RuntimeError), Cache(tmp_path).lock("build-mm/ksm"):
        raise RuntimeError
    assert not is_locked(file)
