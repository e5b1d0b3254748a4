# SPDX-License-Identifier: GPL-2.0-only
"""Suites compared line by line."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.ksftci.coverage import toy

from ksftci.coverage import gcov
from ksftci.errors import CiError


def test_suites_side_by_side(tmp_path: Path) -> None:
    comparison = toy.comparison(tmp_path)
    lines = {line.number: line for line in comparison.lines() if line.file == "mm/toy.c"}
    assert lines[20].counts == (1, 0) and lines[19].counts == (4, 8)
    assert lines[20].note is not None and lines[20].note.needs == "a large toy"
    assert lines[39].untaken() == 1 and lines[39].untaken(0) == 1 and not lines[37].untaken()
    assert {function.name for function in comparison.functions} == {"toy_clip", "toy_sum", "main", "toy_rest"}
    assert comparison.programs()["mm/toy.c"][20] == ["toys"]
    assert comparison.programs()["mm/toy.c"][37] == ["toys", "small"]


def test_a_program_in_two_suites_executes_a_line_when_it_does_in_either(tmp_path: Path) -> None:
    comparison = toy.comparison(tmp_path)
    second = comparison.suites[1]
    comparison.suites = [second, replace(second, profiles={"small": gcov.merge([])})]
    assert comparison.programs()["mm/toy.c"][37] == ["small"]


def test_a_line_that_every_program_executes_counts_for_those_with_higher_counts(tmp_path: Path) -> None:
    comparison = toy.comparison(tmp_path)
    profiles = comparison.suites[1].profiles
    profiles["most"] = gcov.merge([profiles["small"], profiles["small"]])
    assert comparison.programs()["mm/toy.c"][19] == ["toys", "small", "smaller", "most"]
    # Of each suite the first program with the smallest count stands for the others: small for smaller.
    assert comparison.deciding_programs()["mm/toy.c"][19] == ["toys", "small", "most"]
    assert comparison.deciding_programs()["mm/toy.c"][20] == ["toys"]


def test_only_the_chosen_functions(tmp_path: Path) -> None:
    comparison = toy.comparison(tmp_path, "mm/toy.c:toy_clip")
    assert [function.name for function in comparison.functions] == ["toy_clip"]
    with pytest.raises(CiError, match="no function twice"):
        toy.comparison(tmp_path, "mm/toy.c:twice")
