# SPDX-License-Identifier: GPL-2.0-only
"""gcov's counters."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.ksftci.coverage import toy

from ksftci.arch import ARM64
from ksftci.coverage import gcov
from ksftci.coverage.gcov import Branch
from ksftci.errors import CiError


def test_counts_are_of_files_of_the_tree_by_line_and_branch() -> None:
    profile = toy.profile()
    assert set(profile) == {"mm/toy.c", "mm/toy.h"}
    counts = profile["mm/toy.c"]
    assert (counts.lines[19], counts.lines[20], counts.lines[37]) == (4, 1, 3)
    loop = [counts.branches[Branch(37, "toy_sum", number)] for number in range(2)]
    assert loop == [2, 1]
    assert gcov.parse(toy.JSON, Path("/elsewhere")) == {}


def test_a_line_that_was_compiled_into_several_functions_is_counted_in_all() -> None:
    lines = [
        {"line_number": 5, "count": count, "function_name": name, "branches": [{"count": count}, {"count": 0}]}
        for count, name in ((3, "one"), (4, "two"))
    ]
    text = json.dumps({"current_working_directory": "/tree", "files": [{"file": "mm/x.c", "lines": lines}]})
    counts = gcov.parse(text, toy.TREE)["mm/x.c"]
    assert counts.lines == {5: 7}
    assert counts.branches == {
        Branch(5, "one", 0): 3,
        Branch(5, "one", 1): 0,
        Branch(5, "two", 0): 4,
        Branch(5, "two", 1): 0,
    }


def test_merging_adds_and_keeps_lines_that_never_ran() -> None:
    never = toy.without(toy.profile(), range(19, 24))
    both = gcov.merge([toy.profile(), never])["mm/toy.c"]
    assert (both.lines[19], both.lines[37]) == (4, 6)
    assert gcov.merge([never, never])["mm/toy.c"].lines[20] == 0
    assert 20 in gcov.merge([never, never])["mm/toy.c"].lines


def test_each_compiler_has_its_gcov() -> None:
    assert gcov.program_for(ARM64).endswith("gcov")


@pytest.mark.skipif(not (shutil.which("gcc") and shutil.which("gcov")), reason="gcc and its gcov are not installed")
def test_real_counters_are_read(tmp_path: Path) -> None:
    tree, build = tmp_path / "tree", tmp_path / "build"
    shutil.copytree(toy.TOY, tree)
    build.mkdir()
    compile = ["gcc", "-O2", "-ftest-coverage", "-fprofile-arcs", "-c", "-o", "toy.o", "../tree/mm/toy.c"]
    subprocess.run(compile, cwd=build, check=True)
    subprocess.run(["gcc", "--coverage", "toy.o", "-o", "toy"], cwd=build, check=True)
    subprocess.run(["./toy"], cwd=build, check=True)
    profile = gcov.read("gcov", build / "toy.gcno", (build / "toy.gcda").read_bytes(), tree)
    assert profile["mm/toy.c"].lines[37] == 3
    with pytest.raises(CiError, match="toy"):
        gcov.read("gcov", build / "toy.gcno", b"nonsense", tree)
