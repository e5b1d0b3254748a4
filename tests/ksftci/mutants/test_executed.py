# SPDX-License-Identifier: GPL-2.0-only
"""Programs that cannot kill a mutant, by the lines that they execute."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.ksftci.mutants.fakes import lines_file, mutant

from ksftci.errors import CiError
from ksftci.kernel.tree import Tree
from ksftci.mutants import executed
from ksftci.mutants.executed import Executed

BLOCKS = """\
int f(int a)
{
	if (a) {
		int b;

		if (b &&
			a > 1)
			return 1;
		a = 2;
	} else {
		a = 3;
	}
out:
	return 2;
}
"""


def able(lines: Executed, line: int, **fields: str) -> list[str]:
    """Those of the programs a, b and new, of which new was not measured, that may kill a mutant of this line."""
    unable = lines.unable(replace(mutant(**fields), line=line))
    return [name for name in ("a", "b", "new") if name not in unable]


def test_a_program_that_does_not_execute_a_line_is_unable(tree: Tree, tmp_path: Path) -> None:
    ran_by = {"9": ["a"], "10": ["a", "b"], "15": ["b"], "20": [], "22": ["a"]}
    lines = executed.read(lines_file(tmp_path, ran_by), tree)
    assert able(lines, 20) == ["new"]  # a program that was not measured is always able
    assert able(lines, 22) == ["a", "new"]
    assert able(lines, 16) == ["b", "new"]  # the statement began on line 15
    assert able(lines, 19) == ["a", "b", "new"]  # a line without code: the whole function
    assert able(lines, 10) == able(lines, 9) == able(lines, 11) == ["a", "b", "new"]  # an inline function: all of it
    assert able(lines, 3) == ["a", "b", "new"]  # not in a function
    assert able(lines, 20, file="mm/y.c") == able(lines, 20, file="mm/x.h") == ["a", "b", "new"]


def test_a_condition_counts_as_its_block_and_a_label_as_its_function(tree: Tree, tmp_path: Path) -> None:
    (tree.path / "mm/x.c").write_text(BLOCKS)
    ran_by = {"3": ["a"], "6": [], "7": [], "8": [], "9": ["b"], "11": [], "14": ["a", "b"]}
    lines = executed.read(lines_file(tmp_path, ran_by, BLOCKS), tree)
    everyone = ["a", "b", "new"]
    assert able(lines, 3) == able(lines, 10) == able(lines, 12) == everyone  # in the outermost block
    assert able(lines, 4) == able(lines, 6) == able(lines, 7) == ["b", "new"]  # in the inner block
    assert able(lines, 8) == able(lines, 11) == ["new"]
    assert able(lines, 13) == everyone


def test_lines_of_another_source_or_format_are_an_error(tree: Tree, tmp_path: Path) -> None:
    with pytest.raises(CiError, match=r"lines.json: mm/x.c of 7.3.4 is not the file that was measured"):
        executed.read(lines_file(tmp_path, {}, "int x;"), tree)
    (tmp_path / "lines.json").write_text('{"mm/x.c": {}}')
    with pytest.raises(CiError, match="not a file of `ksftci coverage --lines`"):
        executed.read(tmp_path / "lines.json", tree)
