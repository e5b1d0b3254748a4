# SPDX-License-Identifier: GPL-2.0-only
"""A change of one line."""

import pytest
from tests.ksftci.mutants.fakes import SOURCE, mutant

from ksftci.errors import CiError


def test_a_mutant_changes_its_line_and_moves_no_other() -> None:
    text = mutant().apply(SOURCE)
    assert text.split("\n")[6] == "\tint j;"
    assert len(text.split("\n")) == len(SOURCE.split("\n"))
    assert mutant(after="").apply(SOURCE).split("\n")[6] == "\t;"
    with pytest.raises(CiError, match=r"mm/x.c:7 is 'int i;', not 'int k;'"):
        mutant(before="int k;").apply(SOURCE)


def test_the_digest_is_of_the_change_alone() -> None:
    assert mutant("x", bug="one").digest == mutant("y", bug="another").digest
    assert mutant(after="int k;").digest != mutant().digest


def test_the_fields_for_json_are_those_with_a_value() -> None:
    assert mutant(after="", about="runs").fields == {
        **{"name": "m", "group": "curated", "file": "mm/x.c", "function": "length", "line": 7},
        **{"before": "int i;", "after": ";", "about": "runs"},
    }
