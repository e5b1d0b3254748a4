# SPDX-License-Identifier: GPL-2.0-only
"""What may be run, trees, and where things are kept."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from ksftci import programs, shadow
from ksftci.arch import ARM64, X86_64
from ksftci.cache import Cache
from ksftci.debian import Debian
from ksftci.errors import CiError
from ksftci.files import write_whole
from ksftci.initramfs import init_script
from ksftci.machine import Job
from ksftci.tree import Tree, Trees


def elf(path: Path, machine: int = 183) -> Path:
    path.write_bytes(b"\x7fELF" + bytes(12) + b"\x02\0" + machine.to_bytes(2, "little"))
    return path


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "linux"
    mm = root / "tools/testing/selftests/mm"
    mm.mkdir(parents=True)
    (root / "Makefile").write_text("VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 4\nEXTRAVERSION = -rc1\n")
    (mm.parent / "lib.mk").write_text("")
    (mm / "Makefile").write_text("TEST_GEN_FILES = cow\nTEST_GEN_FILES += mprotect_a\nTEST_GEN_FILES += mprotect_b\n")
    for name in ("cow", "mprotect_a", "mprotect_b", "mprotect_shared_by_them"):
        (mm / f"{name}.c").write_text("")
    (root / "scripts").mkdir()
    return root


def build(tree: Tree, names: Sequence[str], collection: str) -> list[Path]:
    folder = tree.path.parent / f"built-{collection}"
    folder.mkdir(exist_ok=True)
    return [elf(folder / name) for name in names]


def test_names_paths_and_folders_keep_their_order(tree: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    elf(folder / "two"), elf(folder / "one")
    (folder / "readme").write_text("text")
    names = [str(folder), "mm:cow", str(elf(tmp_path / "cow"))]
    jobs = programs.find(names, Tree.open(tree), ARM64, build)
    assert [job.name for job in jobs] == ["one", "two", "cow", "cow#2"]


def test_without_names_the_mprotect_tests(tree: Path) -> None:
    jobs = programs.find([], Tree.open(tree), ARM64, build)
    assert [job.name for job in jobs] == ["mprotect_a", "mprotect_b"]


def test_mistakes_are_explained(tree: Path, tmp_path: Path) -> None:
    known = Tree.open(tree)
    for names, of, message in [
        (["mprotect"], known, "alike are mprotect_a, mprotect_b"),
        (["cow"], None, "--tree"),
        ([], None, "nothing to run"),
        (["./nothing"], known, "No such file"),
        ([str(tree)], known, "no program in this folder"),
        ([str(tree / "Makefile")], known, "no ELF"),
        ([str(elf(tmp_path / "x", 62))], known, "for x86_64, but --arch is arm64"),
        (["net:x"], known, "no net selftests"),
        (["a b"], known, "neither a program"),
    ]:
        with pytest.raises(CiError, match=message):
            programs.find(names, of, ARM64, build)
    assert programs.find([str(tmp_path / "x")], None, X86_64, build)


def test_a_tree_is_looked_at(tree: Path, tmp_path: Path) -> None:
    assert Tree.open(tree).version == "7.3.4-rc1"
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(CiError, match="tree"):
            Tree.open(path)


def test_mm_was_called_vm(tree: Path) -> None:
    mm = tree / "tools/testing/selftests/mm"
    mm.rename(mm.with_name("vm"))
    assert Tree.open(tree).collection("mm").name == "vm"


def test_a_copy_is_made_once_and_of_one_source(tree: Path, tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    trees = Trees(cache, Debian(cache, ARM64))
    copy = trees.get(str(tree), tmp_path / "copy")
    (copy.path / "mine").write_text("kept")
    assert (trees.get(str(tree), tmp_path / "copy").path / "mine").read_text() == "kept"
    assert not (tree / "mine").exists()
    with pytest.raises(CiError, match="holds a tree of"):
        trees.get("debian:7.3", tmp_path / "copy")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").write_text("")
    with pytest.raises(CiError, match="was not made by"):
        trees.get(str(tree), tmp_path / "full")


def test_a_tag_of_a_git_repository(tree: Path, tmp_path: Path) -> None:
    git = ["git", "-C", str(tree), "-c", "user.name=n", "-c", "user.email=e@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"], ["tag", "v7.3"]):
        subprocess.run([*git, *command], check=True)
    cache = Cache(tmp_path / "cache")
    trees = Trees(cache, Debian(cache, ARM64))
    got = trees.get(f"git:file://{tree}@v7.3")
    assert got.version == "7.3.4-rc1"
    assert (got.collection("mm") / "cow.c").is_file()
    for bad in ("git:nowhere", "git:url@-x", f"git:file://{tree}@absent", "debian:x"):
        with pytest.raises(CiError):
            trees.get(bad)


def test_the_shadow_leaves_out_what_others_built(tree: Path, tmp_path: Path) -> None:
    mm = tree / "tools/testing/selftests/mm"
    for name in (
        ".config",
        "include/generated/x.h",
        "include/linux/y.h",
        "arch/arm64/include/generated/z.h",
    ):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("")
    (mm / "local_config.mk").write_text("")
    for name in ("fixdep.c", "fixdep", "fixdep.o", "checkpatch.pl"):
        (tree / "scripts" / name).write_text("")
    ours = tmp_path / "shadow"
    shadow.make(tree, ours, "arm64", "mm")
    assert not (ours / ".config").exists()
    assert not (ours / "include/generated").exists()
    assert (ours / "include/linux/y.h").exists()
    assert not (ours / "arch/arm64/include/generated").exists()
    assert sorted(p.name for p in (ours / "scripts").iterdir()) == ["checkpatch.pl", "fixdep.c"]
    tests = ours / "tools/testing/selftests/mm"
    assert not (tests / "local_config.mk").exists()
    (tests / "local_config.mk").write_text("ours")
    (mm / "new.c").write_text("")
    (mm / "cow.c").unlink()
    shadow.make(tree, ours, "arm64", "mm")
    assert (tests / "local_config.mk").read_text() == "ours"
    assert (tests / "new.c").exists()
    assert not (tests / "cow.c").is_symlink()


def test_a_cache_entry_is_whole_or_absent(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    with pytest.raises(RuntimeError), cache.fresh("things", "one") as folder:
        (folder / "file").write_text("half")
        raise RuntimeError
    assert list((tmp_path / "things").iterdir()) == []
    with cache.fresh("things", "one") as folder:
        (folder / "file").write_text("whole")
    assert (tmp_path / "things/one/file").read_text() == "whole"


def test_a_file_is_whole_or_as_before(tmp_path: Path) -> None:
    path = tmp_path / "out"
    write_whole(path, "one")
    write_whole(path, "two \ud800")
    assert path.read_text() == "two ?"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(CiError, match="cannot write"):
        write_whole(tmp_path / "absent/out", "x")
    with pytest.raises(CiError, match="is a folder"):
        write_whole(tmp_path, "x")


def test_what_goes_into_the_guests_shell_is_quoted() -> None:
    script = init_script([Job("x", Path("/p/a b"), ("$(reboot)", "it's"))], "t0")
    assert "run 0 '/tests/0/a b' '$(reboot)' 'it'\"'\"'s'" in script
    assert "@TOKEN@" not in script
