# SPDX-License-Identifier: GPL-2.0-only
"""The jobs for names and paths of programs."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from ksftci.arch import ARM64, X86_64
from ksftci.errors import CiError
from ksftci.kernel.tree import Tree
from ksftci.programs import find
from ksftci.programs.build import Installed


def elf(path: Path, machine: int = 183) -> Path:
    path.write_bytes(b"\x7fELF" + bytes(12) + b"\x02\0" + machine.to_bytes(2, "little"))
    return path


class FakeBuilder:
    """Makes empty programs, and keeps what was requested."""

    def __init__(self) -> None:
        self.requested: list[tuple[str, ...]] = []

    def build(self, tree: Tree, programs: Sequence[str], collection: str) -> list[Path]:
        self.requested.append((collection, *programs))
        folder = tree.path.parent / f"built-{collection.replace('/', '-')}"
        folder.mkdir(exist_ok=True)
        return [elf(folder / name) for name in programs]

    def install(self, tree: Tree, collection: str) -> Installed:
        self.requested.append((collection,))
        folder = tree.path.parent / f"installed-{collection}"
        (folder / "functional").mkdir(parents=True, exist_ok=True)
        (folder / "run_all.sh").write_text("#!/bin/bash\n")
        return Installed(folder, (folder / "run_all.sh", elf(folder / "functional/wait")))


def test_names_paths_and_folders_keep_their_order(small_tree: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    elf(folder / "two"), elf(folder / "one")
    (folder / "readme").write_text("text")
    names = [str(folder), "mm:cow", str(elf(tmp_path / "cow"))]
    jobs = find.jobs(names, Tree.open(small_tree), ARM64, FakeBuilder())
    assert [job.name for job in jobs] == ["one", "two", "cow", "cow#2"]


def test_a_name_takes_arguments_and_each_collection_is_built_once(small_tree: Path) -> None:
    builder = FakeBuilder()
    names = ["mm:cow -a 'b c'", "futex/functional:wait", "cow", "mm:run_all.sh -t 'ksm thp'"]
    jobs = find.jobs(names, Tree.open(small_tree), ARM64, builder)
    assert [(job.name, job.args, job.limit) for job in jobs] == [
        ("cow -a b c", ("-a", "b c"), 900.0),
        ("futex/functional:wait", (), None),
        ("cow", (), 900.0),
        ("run_all.sh -t ksm thp", ("-t", "ksm thp"), 900.0),
    ]
    assert builder.requested == [("mm", "cow"), ("mm",), ("futex/functional", "wait")]
    assert [job.folder is not None for job in jobs] == [False, False, False, True]


def test_a_collection_alone_is_all_of_its_tests(small_tree: Path) -> None:
    jobs = find.jobs(["futex:"], Tree.open(small_tree), ARM64, FakeBuilder())
    assert [job.name for job in jobs] == ["futex:run_all.sh", "futex/functional:wait"]
    assert {job.folder for job in jobs} == {small_tree.parent / "installed-futex"}


def test_a_script_may_have_arguments(tmp_path: Path) -> None:
    script = tmp_path / "mine.sh"
    script.write_text("#!/bin/sh\n")
    assert not find.need_tree([str(script)])
    assert find.need_tree([str(script), "cow"])
    (job,) = find.jobs([f"{script} one two"], None, ARM64, FakeBuilder())
    assert (job.name, job.program, job.args) == ("mine.sh one two", script, ("one", "two"))


def test_without_names_the_mprotect_tests_run(small_tree: Path) -> None:
    jobs = find.jobs([], Tree.open(small_tree), ARM64, FakeBuilder())
    assert [job.name for job in jobs] == ["mprotect_a", "mprotect_b"]


def test_errors_of_names(small_tree: Path, tmp_path: Path) -> None:
    tree = Tree.open(small_tree)
    for names, source, message in [
        (["mprotect"], tree, "alike are mprotect_a, mprotect_b"),
        (["cow"], None, "--tree"),
        ([], None, "nothing to run"),
        (["./nothing"], tree, "No such file"),
        ([str(small_tree)], tree, "no program in this folder"),
        ([str(small_tree / "Makefile")], tree, "no ELF"),
        ([str(elf(tmp_path / "x", 62))], tree, "for x86_64, but --arch is arm64"),
        (["net:x"], tree, "no net selftests"),
        (["?"], tree, "is no program"),
        ([""], tree, "is no program"),
        (["mm:cow 'a"], tree, "No closing quotation"),
        (["mm: -a"], tree, "takes no arguments"),
        (["mprotcet_b"], tree, "alike are mprotect_b, mprotect_a"),
        (["mm:run_al"], tree, "alike are run_all.sh"),
    ]:
        with pytest.raises(CiError, match=message):
            find.jobs(names, source, ARM64, FakeBuilder())
    assert find.jobs([str(tmp_path / "x")], None, X86_64, FakeBuilder())


def installation(folder: Path, machine: int = 183) -> Path:
    (folder / "mm").mkdir(parents=True)
    (folder / "kselftest-list.txt").write_text("mm:run_vmtests.sh\nmm:cow\n")
    for name in ("run_kselftest.sh", "mm/run_vmtests.sh", "mine.sh"):
        (folder / name).write_text("#!/bin/sh\n")
    elf(folder / "mm/cow", machine)
    return folder


def test_an_installation_is_run_by_its_own_script(tmp_path: Path) -> None:
    folder = installation(tmp_path / "installed")
    names = [str(folder), f"{folder}/run_kselftest.sh -c mm", f"{folder}/mine.sh", str(folder / "mm/run_vmtests.sh")]
    jobs = find.jobs(names, None, ARM64, FakeBuilder())
    assert [(job.name, job.folder) for job in jobs] == [
        ("run_kselftest.sh", folder),
        ("run_kselftest.sh -c mm", folder),
        ("mine.sh", folder),
        ("run_vmtests.sh", None),
    ]


def test_an_installation_for_another_architecture_is_an_error(tmp_path: Path) -> None:
    folder = installation(tmp_path / "installed", machine=62)
    with pytest.raises(CiError, match=r"installed/mm/cow: a program for x86_64, but --arch is arm64"):
        find.jobs([str(folder)], None, ARM64, FakeBuilder())


def test_an_installation_without_its_tests_is_an_error(tmp_path: Path) -> None:
    folder = installation(tmp_path / "installed")
    (folder / "kselftest-list.txt").write_text("mm:gone\n")
    with pytest.raises(CiError, match=r"kselftest-list.txt: no test of this list is in the folder; fill it again with"):
        find.jobs([str(folder)], None, ARM64, FakeBuilder())
