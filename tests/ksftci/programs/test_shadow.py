# SPDX-License-Identifier: GPL-2.0-only
"""The shadow of a kernel tree: what is linked, what is left out, and what builds made in it."""

import shutil
from pathlib import Path

import pytest

from ksftci.programs import shadow

MM = "tools/testing/selftests/mm"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "shadow"


def write(tree: Path, *names: str) -> None:
    for name in names:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("")


def update(tree: Path, target: Path, collection: str = "mm") -> None:
    shadow.update(tree, target, "arch/arm64", collection)


def test_files_that_a_build_makes_are_left_out(small_tree: Path, target: Path) -> None:
    write(small_tree, ".config", "vmlinux", "include/generated/x.h", "include/linux/y.h", "arch/arm64/Makefile")
    write(small_tree, "arch/arm64/include/generated/z.h", f"{MM}/local_config.mk", f"{MM}/cow.o", f"{MM}/.cow.cmd")
    update(small_tree, target)
    for name in (".config", "vmlinux", "include/generated", "arch/arm64/include/generated"):
        assert not (target / name).exists()
    assert (target / "include/linux/y.h").exists()
    assert (target / "arch/arm64/Makefile").exists()
    sources = ["cow.c", "mprotect_a.c", "mprotect_b.c", "mprotect_shared_by_them.c"]
    assert sorted(path.name for path in (target / MM).iterdir()) == ["Makefile", *sources, "run_all.sh", "settings"]


def test_scripts_are_copied_without_built_programs(small_tree: Path, target: Path) -> None:
    write(small_tree, *(f"scripts/{name}" for name in ("fixdep.c", "fixdep", "fixdep.o", "checkpatch.pl", "dtc/dtc.c")))
    update(small_tree, target)
    scripts = target / "scripts"
    assert sorted(path.name for path in scripts.iterdir()) == ["checkpatch.pl", "dtc", "fixdep.c"]
    assert not scripts.is_symlink()
    assert not (scripts / "fixdep.c").is_symlink()
    write(scripts, "fixdep")
    update(small_tree, target)
    assert (scripts / "fixdep").exists()


def test_a_build_in_the_shadow_does_not_write_into_the_tree(small_tree: Path, target: Path) -> None:
    before = sorted(small_tree.rglob("*"))
    update(small_tree, target)
    write(target, f"{MM}/local_config.mk", f"{MM}/cow.o", "include/generated/x.h", "usr/include/linux/mman.h")
    assert sorted(small_tree.rglob("*")) == before


def test_an_update_follows_the_tree_and_keeps_what_builds_made(small_tree: Path, target: Path) -> None:
    update(small_tree, target)
    (target / MM / "local_config.mk").write_text("made")
    write(small_tree, f"{MM}/local_config.mk", f"{MM}/new.c")
    (small_tree / MM / "cow.c").unlink()
    update(small_tree, target)
    assert (target / MM / "local_config.mk").read_text() == "made"
    assert (target / MM / "new.c").exists()
    assert not (target / MM / "cow.c").is_symlink()


def test_links_follow_a_tree_that_has_moved(small_tree: Path, target: Path) -> None:
    update(small_tree, target)
    moved = small_tree.rename(small_tree.with_name("moved"))
    (moved / MM / "cow.c").write_text("moved")
    update(moved, target)
    assert (target / MM / "cow.c").read_text() == "moved"


@pytest.mark.parametrize("earlier", [[], ["mm"], ["mm", "futex"]])
def test_a_collection_in_another_is_a_folder_of_the_shadow(earlier: list[str], small_tree: Path, target: Path) -> None:
    before = sorted(small_tree.rglob("*"))
    for collection in (*earlier, "futex/functional"):
        update(small_tree, target, collection)
    outer = target / "tools/testing/selftests/futex"
    assert not outer.is_symlink() and not (outer / "functional").is_symlink()
    assert (outer / "Makefile").is_symlink() and (outer / "functional/wait.c").is_symlink()
    assert sorted(small_tree.rglob("*")) == before


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("after", [0, 1, 2, 5])
def test_half_copied_scripts_are_copied_again(
    after: int, small_tree: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(small_tree, *(f"scripts/{name}" for name in ("a", "b/c", "b/d", "e.sh", "f.pl", "g/h/i")))
    copied: list[object] = []

    def copy(source: str, to: str, **options: object) -> None:
        if len(copied) == after:
            raise KeyboardInterrupt
        copied.append(shutil.copy2(source, to))

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(shutil.copytree, "__defaults__", (False, None, copy, False, False))
        update(small_tree, target)
    assert not (target / "scripts").exists()
    update(small_tree, target)
    assert contents(target / "scripts") == contents(small_tree / "scripts")
    assert not list(target.glob(".scripts.*/*"))


def test_scripts_of_an_older_version_and_drafts_of_a_killed_process_go(small_tree: Path, target: Path) -> None:
    write(small_tree, "scripts/a", "scripts/b")
    write(target, "scripts/a", ".scripts.draft/x", ".scripts.old/y")  # half of them, and no note of what they are
    update(small_tree, target)
    assert contents(target / "scripts") == {"a": "", "b": ""}
    assert not (target / ".scripts.draft").exists() and not (target / ".scripts.old").exists()


@pytest.mark.parametrize("change", ["edited", "added", "removed", "mode", "link"])
def test_changed_scripts_are_copied_again(change: str, small_tree: Path, target: Path) -> None:
    write(small_tree, "scripts/a.sh", "scripts/b/c.py")
    update(small_tree, target)
    before, path = shadow.scripts_digest(small_tree), small_tree / "scripts/b/c.py"
    match change:
        case "edited":
            path.write_text("new")
        case "added":
            write(small_tree, "scripts/b/d")
        case "removed":
            path.unlink()
        case "mode":
            path.chmod(0o755)
        case "link":
            path.unlink()
            path.symlink_to("../a.sh")
    assert shadow.scripts_digest(small_tree) != before
    update(small_tree, target)
    copy = target / "scripts"
    assert contents(copy) == contents(small_tree / "scripts")
    if path.exists():
        assert (copy / "b/c.py").lstat().st_mode == path.lstat().st_mode


def test_programs_that_a_build_of_the_tree_makes_are_no_change(small_tree: Path, target: Path) -> None:
    write(small_tree, "scripts/fixdep.c")
    before = shadow.scripts_digest(small_tree)
    write(small_tree, "scripts/fixdep", "scripts/fixdep.o", "scripts/.fixdep.cmd")
    assert shadow.scripts_digest(small_tree) == before
