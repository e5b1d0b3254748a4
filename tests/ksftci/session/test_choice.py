# SPDX-License-Identifier: GPL-2.0-only
"""The expressions of -k."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ksftci.errors import CiError
from ksftci.session.choice import Choice


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cow", {"cow.a", "cow.b"}),
        ("not cow", {"merge.a"}),
        ("cow and a", {"cow.a"}),
        ("merge or b", {"merge.a", "cow.b"}),
        ("not (merge or b)", {"cow.a"}),
        ("a and not cow or b", {"merge.a", "cow.b"}),
        ("COW.B", {"cow.b"}),
        ("not not b", {"cow.b"}),
    ],
)
def test_expressions(expression: str, expected: set[str]) -> None:
    choice = Choice(expression)
    assert {test for test in ("cow.a", "cow.b", "merge.a") if choice(test)} == expected


@pytest.mark.parametrize(
    ("expression", "chosen"),
    [
        ("(" * 100_000 + "a" + ")" * 100_000, True),
        ("not " * 100_001 + "a", False),
        ("a and " * 100_000 + "b", False),
        ("b or " * 100_000 + "a", True),
        ("not (" * 50_000 + "a" + ")" * 50_000, True),
    ],
    ids=range(5),
)
def test_an_expression_may_be_of_any_depth(expression: str, chosen: bool) -> None:
    assert Choice(expression)("cow.a") is chosen


@pytest.mark.parametrize("expression", ["", "and", "a b", "(a", "a)", "a and", "not", "a or or b", "()"])
def test_other_texts_are_errors(expression: str) -> None:
    with pytest.raises(CiError, match="-k"):
        Choice(expression)


@given(st.text())
def test_any_text_is_an_expression_or_an_error(text: str) -> None:
    with contextlib.suppress(CiError):
        Choice(text)("some.test")


def test_a_choice_of_nothing_says_what_there_is_nearest_first() -> None:
    choice = Choice("cow and forkk")
    ids = [f"mprotect_{name}.case{number}.child" for name in ("zero", "cow_fork", "ksm") for number in range(4)]
    assert choice.complaint() == ""  # nothing was asked
    assert not any(map(choice, ids))
    first, *names = choice.complaint().split("\n    ")
    assert first == "-k 'cow and forkk': no test matches; the nearest of 12 are"
    assert names == [*(f"mprotect_cow_fork.case{number}.child" for number in range(4)), names[4]]
    assert choice("cow.forkk") and choice.complaint() == ""


def test_a_choice_of_nothing_among_few_names_all() -> None:
    choice = Choice("z")
    assert not choice("a.b")
    assert choice.complaint("mutant") == "-k 'z': no mutant matches; there are\n    a.b"
