# SPDX-License-Identifier: GPL-2.0-only
"""Unique names."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ksftci.results.model import TestResult, Verdict
from ksftci.results.names import Names, free_name, make_unique

# Few names, some of which look numbered, so that they often collide.
NAMES = st.lists(st.sampled_from(["a", "a#2", "a#3", "a#2#2", "b", "b#x", "", "#2"]), max_size=30)


@pytest.mark.parametrize(
    ("given_names", "expected"),
    [
        (["a", "b"], ["a", "b"]),
        (["a", "a", "b", "a"], ["a", "a#2", "b", "a#3"]),
        (["a", "a", "a#2"], ["a", "a#2", "a#2#2"]),
        (["a#2", "a", "a", "a"], ["a#2", "a", "a#3", "a#4"]),
        (["a", "a#3", "a", "a"], ["a", "a#3", "a#2", "a#4"]),
        (["", ""], ["", "#2"]),
    ],
)
def test_the_first_keeps_its_name_and_the_others_are_numbered(given_names: list[str], expected: list[str]) -> None:
    names = Names()
    assert [names.unique(name) for name in given_names] == expected
    assert names.taken == set(expected)


@given(NAMES)
def test_names_are_unique_and_change_only_when_they_are_taken(given_names: list[str]) -> None:
    names = Names()
    taken: set[str] = set()
    for name in given_names:
        unique = names.unique(name)
        assert unique not in taken
        if name not in taken:
            assert unique == name
        else:
            assert re.fullmatch(re.escape(name) + r"#([2-9]|[1-9]\d+)", unique)
        taken.add(unique)


@given(NAMES, NAMES)
def test_later_names_do_not_change_earlier_names(first: list[str], later: list[str]) -> None:
    short, long = Names(), Names()
    assert [short.unique(name) for name in first] == [long.unique(name) for name in first + later][: len(first)]


@given(st.sampled_from(["a", "b"]), st.sets(st.sampled_from(["a", "a#2", "a#3", "a#5"])), st.integers(2, 4))
def test_a_free_name_is_the_first_that_is_not_taken(name: str, taken: set[str], first: int) -> None:
    candidates = [name, *(f"{name}#{number}" for number in range(first, 99))]
    assert free_name(name, taken, first) == next(candidate for candidate in candidates if candidate not in taken)


@given(NAMES)
def test_results_get_the_same_names(given_names: list[str]) -> None:
    results = [TestResult("program", name, Verdict.PASS) for name in given_names]
    make_unique(results)
    names = Names()
    assert [result.name for result in results] == [names.unique(name) for name in given_names]
