# SPDX-License-Identifier: GPL-2.0-only
"""The list of named bugs."""

from pathlib import Path

import pytest
from tests.ksftci.mutants.fakes import BUG

from ksftci.errors import CiError
from ksftci.kernel.tree import Tree
from ksftci.mutants import curated


def test_a_line_is_found_in_its_function(tree: Tree, tmp_path: Path) -> None:
    file = tmp_path / "curated.yaml"
    file.write_text(BUG.format(function="change", before="pages += nr;").replace("bug:", "nth: 2\n    bug:"))
    (mutant,) = curated.read(file, tree)
    assert (mutant.line, mutant.group, mutant.expect) == (21, "curated", "mprotect_mixed_folio")


@pytest.mark.parametrize(
    ("function", "before", "message"),
    [
        ("change", "pages += nr;", "2 times in change"),
        ("change", "pages -= nr;", "not in change"),
        ("chance", "pages += nr;", r"no function chance\(\) in mm/x.c of 7.3.4"),
    ],
)
def test_a_line_that_does_not_fit_the_tree_is_an_error(
    tree: Tree, tmp_path: Path, function: str, before: str, message: str
) -> None:
    file = tmp_path / "curated.yaml"
    file.write_text(BUG.format(function=function, before=before))
    with pytest.raises(CiError, match=message):
        curated.read(file, tree)


def test_two_entries_of_one_name_are_an_error(tree: Tree, tmp_path: Path) -> None:
    file = tmp_path / "curated.yaml"
    entry = BUG.format(function="change", before="return pages;")
    file.write_text(entry + entry.removeprefix("mutants:\n"))
    with pytest.raises(CiError, match="one_more: there are two entries of this name"):
        curated.read(file, tree)


def test_an_entry_needs_the_scenario_that_kills_it_or_the_missing_state(tree: Tree, tmp_path: Path) -> None:
    file = tmp_path / "curated.yaml"
    text = BUG.format(function="change", before="return pages;")
    file.write_text(text.replace("    expect: mprotect_mixed_folio\n", ""))
    with pytest.raises(CiError, match=r"curated.yaml:2:5: .*needs expect .* or missing"):
        curated.read(file, tree)
