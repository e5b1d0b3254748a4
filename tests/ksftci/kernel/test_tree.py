# SPDX-License-Identifier: GPL-2.0-only
"""Kernel trees: a folder, a copy of it, a tag of a git repository, a source package."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from ksftci.arch import ALL, ARM64
from ksftci.errors import CiError
from ksftci.host.cache import Cache
from ksftci.host.debian import Debian
from ksftci.kernel.tree import Tree, Trees


@pytest.fixture
def trees(tmp_path: Path) -> Trees:
    cache = Cache(tmp_path / "cache")
    return Trees(cache, Debian(cache, ARM64), ARM64)


def test_a_tree_has_the_kernels_makefile_and_selftests(small_tree: Path, tmp_path: Path) -> None:
    assert Tree.open(small_tree).version == "7.3.4-rc1"
    for path, message in ((tmp_path / "absent", "no such folder"), (tmp_path, "there is no Makefile in it")):
        with pytest.raises(CiError, match=message):
            Tree.open(path)
    (small_tree / "tools/testing/selftests/lib.mk").unlink()
    with pytest.raises(CiError, match="there is no tools/testing/selftests"):
        Tree.open(small_tree)


def test_mm_was_called_vm(small_tree: Path) -> None:
    mm = small_tree / "tools/testing/selftests/mm"
    mm.rename(mm.with_name("vm"))
    assert Tree.open(small_tree).collection("mm").name == "vm"
    with pytest.raises(CiError, match="there are no net selftests"):
        Tree.open(small_tree).collection("net")


def test_a_copy_is_made_once_and_of_one_source(small_tree: Path, trees: Trees, tmp_path: Path) -> None:
    copy = trees.get(str(small_tree), tmp_path / "copy")
    (copy.path / "mine").write_text("kept")
    assert (trees.get(str(small_tree), tmp_path / "copy").path / "mine").read_text() == "kept"
    assert not (small_tree / "mine").exists()
    with pytest.raises(CiError, match="holds a tree of"):
        trees.get("debian:7.3", tmp_path / "copy")


def test_a_folder_with_something_else_in_it_is_no_place_for_a_copy(
    small_tree: Path, trees: Trees, tmp_path: Path
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").write_text("")
    with pytest.raises(CiError, match="was not made by"):
        trees.get(str(small_tree), tmp_path / "full")
    (tmp_path / "full/file").unlink()
    assert trees.get(str(small_tree), tmp_path / "full").version == "7.3.4-rc1"


def test_a_tag_of_a_git_repository(small_tree: Path, trees: Trees) -> None:
    git = ["git", "-C", str(small_tree), "-c", "user.name=n", "-c", "user.email=e@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"], ["tag", "v7.3"]):
        subprocess.run([*git, *command], check=True)
    tree = trees.get(f"git:file://{small_tree}@v7.3")
    assert tree.version == "7.3.4-rc1"
    assert (tree.collection("mm") / "cow.c").is_file()
    with pytest.raises(CiError, match=r"cloning file://.*: git failed"):
        trees.get(f"git:file://{small_tree}@absent")


@pytest.mark.parametrize("source", ["git:nowhere", "git:url@-x", "git:-x@v7.3"])
def test_git_needs_an_address_and_a_tag(source: str, trees: Trees) -> None:
    with pytest.raises(CiError, match="allowed: git:URL@TAG"):
        trees.get(source)


class Packages(Debian):
    """Debian's archive with the source package of small_tree."""

    tree: Path

    def names(self, pattern: str) -> list[str]:
        return ["linux-source-7.2", "linux-source-7.3"]

    def unpack(self, package: str, into: Path) -> None:
        (into / "usr/src").mkdir(parents=True)
        archive, name = into / f"usr/src/{package}.tar.xz", self.tree.name
        rename = f"--transform=s,^{name},{package},"
        subprocess.run(["tar", "-cJf", archive, rename, "-C", self.tree.parent, name], check=True)


@pytest.fixture
def packages(small_tree: Path, tmp_path: Path) -> Trees:
    parts = ["COPYING", "CREDITS", "Kbuild", "Kconfig", "LICENSES", "MAINTAINERS", "arch/Kconfig", "include"]
    parts += ["kernel/time", "lib", "mm", "usr", "init", "tools/perf", *(arch.kbuild.folder for arch in ALL)]
    for part in parts:
        (small_tree / part).mkdir(parents=True, exist_ok=True)
    cache = Cache(tmp_path / "cache")
    debian = Packages(cache, ARM64)
    debian.tree = small_tree
    return Trees(cache, debian, ARM64)


def names(tree: Tree) -> Sequence[str]:
    return [path.name for path in tree.path.iterdir()]


def test_a_source_package_is_unpacked_in_parts_or_completely(packages: Trees, tmp_path: Path) -> None:
    tree = packages.get("debian:7.3")
    assert tree.version == "7.3.4-rc1"
    assert "init" not in names(tree)
    assert not (tree.path / "tools/perf").exists()
    full = packages.get("debian:7.3", full=True)
    assert "init" in names(full)
    assert (full.path / "tools/perf").exists()
    assert not (tmp_path / "cache/packages/linux-source-7.3").exists()


def test_a_tree_from_before_its_architecture_was_added_is_unpacked_again(packages: Trees) -> None:
    tree = packages.get("debian:7.3")
    (tree.path / "kept").write_text("")
    (tree.path / "arch/riscv").rmdir()
    assert "kept" in names(packages.get("debian:7.3"))  # it is arm64's that are wanted
    (tree.path / "arch/arm64").rmdir()
    assert "kept" not in names(packages.get("debian:7.3"))


def test_a_version_that_debian_does_not_have_is_an_error(packages: Trees) -> None:
    with pytest.raises(CiError, match=r"no linux-source-7\.9; there are linux-source-7\.2, linux-source-7\.3"):
        packages.get("debian:7.9")
    with pytest.raises(CiError, match=r"allowed: one such as debian:7\.3"):
        packages.get("debian:x")
