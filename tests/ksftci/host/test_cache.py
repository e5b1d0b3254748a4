# SPDX-License-Identifier: GPL-2.0-only
"""The cache: where it is, and entries that are complete or absent."""

import fcntl
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def process(statement: str, root: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that stands in a block of a cache."""
    lines = [
        "import time; from pathlib import Path; from ksftci.host.cache import Cache",
        f"with Cache(Path({str(root)!r})).{statement} as draft:",
        "    (draft / 'half').write_text(''); print('ready', flush=True); time.sleep(60)",
    ]
    argv = [sys.executable, "-c", "\n".join(lines)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None and child.stdout.readline() == "ready\n"
        yield child
        child.kill()


@pytest.mark.parametrize("statement", ["fresh('trees', '7.3')", "sealed('trees', '7.3')", "draft('trees', 'x')"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_process_leaves_no_entry_and_its_draft_is_swept(
    tmp_path: Path, statement: str, number: signal.Signals
) -> None:
    with process(statement, tmp_path) as child:
        Cache(tmp_path).sweep()
        with Cache(tmp_path).draft("trees", "other"):
            assert len(list((tmp_path / "trees").iterdir())) == 2  # the draft of a living process stays
        child.send_signal(number)
        child.wait()
        assert len(list((tmp_path / "trees").iterdir())) == 1
        Cache(tmp_path).sweep()
        assert list((tmp_path / "trees").iterdir()) == []


@pytest.mark.parametrize("folder", ["kernels", "trees", "libraries/arm64", "builds/7.3/installed", "apt/arm64"])
def test_drafts_are_swept_wherever_they_are_made(folder: str, tmp_path: Path) -> None:
    (tmp_path / folder / ".mm.abc.draft/new").mkdir(parents=True)
    (tmp_path / folder / ".profile").mkdir()
    Cache(tmp_path).sweep()
    assert [path.name for path in (tmp_path / folder).iterdir()] == [".profile"]


def test_an_entry_that_is_replaced_is_never_there_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(tmp_path)
    with cache.fresh("trees", "7.3") as draft:
        (draft / "old").write_text("")

    def killed(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    for renames in range(2):
        with pytest.raises(KeyboardInterrupt), cache.fresh("trees", "7.3") as draft:
            (draft / "new").write_text("")
            rename, calls = Path.rename, list[Path]()

            def some(self: Path, target: Path, rename=rename, calls=calls, most=renames) -> Path:  # type: ignore
                calls.append(self)
                return rename(self, target) if len(calls) <= most else killed(self, target)

            monkeypatch.setattr(Path, "rename", some)
        monkeypatch.undo()
        assert [path.name for path in (tmp_path / "trees").rglob("*")] in ([], ["7.3", "old"])


@pytest.mark.parametrize(
    "damage", ["none", "shorter", "longer", "other", "removed", "added", "renamed", "link", "seal", "gone"]
)
def test_a_sealed_entry_shows_any_damage(tmp_path: Path, damage: str) -> None:
    cache = Cache(tmp_path)
    with cache.sealed("kernels", "7.3") as draft:
        (draft / "lib").mkdir()
        (draft / "lib/vmlinuz").write_bytes(b"image")
        (draft / "link").symlink_to("lib")
    entry, file = tmp_path / "kernels/7.3", tmp_path / "kernels/7.3/lib/vmlinuz"
    match damage:
        case "shorter" | "longer" | "other":
            file.write_bytes({"shorter": b"im", "longer": b"image.", "other": b"imagf"}[damage])
        case "removed":
            file.unlink()
        case "added":
            (entry / "more").write_text("")
        case "renamed":
            file.rename(entry / "vmlinuz")
        case "link":
            (entry / "link").unlink()
            (entry / "link").symlink_to("/")
        case "seal":
            (entry / ".sha256").write_text("")
        case "gone":
            entry.rename(tmp_path / "kernels/7.4")
    assert cache.intact("kernels", "7.3") is (damage == "none")


def test_a_place_is_empty_and_of_one_block(tmp_path: Path) -> None:
    one, other = Cache(tmp_path), Cache(tmp_path)
    (tmp_path / "scenarios/x-1/rest").mkdir(parents=True)  # of a process that was killed
    with one.place("scenarios", "x") as first, other.place("scenarios", "x") as second:
        assert (first, second) == (tmp_path / "scenarios/x-1", tmp_path / "scenarios/x-2")
        assert [list(path.iterdir()) for path in (first, second)] == [[], []]
        (first / "file").touch()
    with pytest.raises(KeyError), one.place("scenarios", "x") as third:
        assert third == first and not (third / "file").exists()
        raise KeyError
    assert list((tmp_path / "scenarios").iterdir()) == []


def test_a_long_name_has_a_draft(tmp_path: Path) -> None:
    with Cache(tmp_path).fresh("trees", "x" * 255):
        pass
    assert os.listdir(tmp_path / "trees") == ["x" * 255]
