# SPDX-License-Identifier: GPL-2.0-only
"""Covering arrays, checked by brute force: by enumerating every case and every combination."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ksftgen.cover import covering_array

Axes = dict[str, list[str]]
Exclusion = dict[str, set[str]]


def axes_of(*sizes: int) -> Axes:
    return {f"a{index}": [f"v{value}" for value in range(size)] for index, size in enumerate(sizes)}


def forbidden(case: Mapping[str, str], exclusions: Sequence[Exclusion]) -> bool:
    return any(all(case[axis] in values for axis, values in entry.items()) for entry in exclusions)


def feasible(axes: Axes, names: Sequence[str], exclusions: Sequence[Exclusion]) -> set[tuple[str, ...]]:
    """The combinations of `names` in all cases that are not excluded."""
    product = (dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values()))
    return {tuple(case[name] for name in names) for case in product if not forbidden(case, exclusions)}


@st.composite
def models(
    draw: st.DrawFn,
) -> tuple[Axes, int, list[tuple[list[str], int]], list[Exclusion], list[Exclusion]]:
    axes = axes_of(*draw(st.lists(st.integers(1, 4), min_size=1, max_size=5)))
    names = st.sampled_from(list(axes))
    exclusion = st.dictionaries(names, st.sets(st.sampled_from(["v0", "v1", "v2"]), min_size=1), min_size=1, max_size=3)
    stronger = []
    if len(axes) > 2 and draw(st.booleans()):
        stronger_names = draw(st.lists(names, min_size=2, max_size=3, unique=True))
        stronger = [(stronger_names, draw(st.integers(2, len(stronger_names))))]
    exclusions, include = draw(st.lists(exclusion, max_size=4)), draw(st.lists(exclusion, max_size=2))
    return axes, draw(st.integers(1, len(axes))), stronger, exclusions, include


@settings(deadline=None, max_examples=150, database=None)
@given(models())
def test_every_feasible_combination_and_no_forbidden_case(
    model: tuple[Axes, int, list[tuple[list[str], int]], list[Exclusion], list[Exclusion]],
) -> None:
    axes, strength, stronger, exclusions, include = model
    cases = covering_array(axes, strength, stronger, lambda case: forbidden(case, exclusions), include)
    assert not any(forbidden(case, exclusions) for case in cases)
    for group, t in [(list(axes), strength), *stronger]:
        for names in itertools.combinations(group, t):
            assert {tuple(case[name] for name in names) for case in cases} == feasible(axes, names, exclusions)
    for entry in include:
        requested = set(itertools.product(*entry.values()))
        covered = {tuple(case[name] for name in entry) for case in cases}
        assert requested & covered == requested & feasible(axes, list(entry), exclusions)
    order = list(itertools.product(*axes.values()))
    positions = [order.index(tuple(case.values())) for case in cases]
    assert positions == sorted(set(positions))
    assert cases == covering_array(axes, strength, stronger, lambda case: forbidden(case, exclusions), include)


@pytest.mark.parametrize(
    ("sizes", "strength", "least", "most"),
    [
        ((4, 4, 3, 3, 3, 2, 2), 2, 16, 18),
        ((4, 4, 3, 3, 3, 2, 2), 3, 48, 56),
        ((16, 5, 9, 3), 2, 144, 144),
        ((16, 5, 9, 3), 3, 720, 720),
        ((2, 2, 2), 3, 8, 8),
        ((5,), 1, 5, 5),
    ],
)
def test_size_of_the_array(sizes: tuple[int, ...], strength: int, least: int, most: int) -> None:
    assert least <= len(covering_array(axes_of(*sizes), strength)) <= most


def test_without_strength_the_whole_product() -> None:
    axes = axes_of(3, 2, 2)
    assert len(covering_array(axes, None)) == 12
    assert len(covering_array(axes, None, is_excluded=lambda case: case["a0"] == "v1")) == 8


def test_included_combinations_share_cases() -> None:
    include = [{"a0": {"v0", "v1"}, "a1": {"v4"}}, {"a0": {"v2"}}]
    assert len(covering_array(axes_of(16, 9, 2), 1, include=include)) == 16
    assert len(covering_array(axes_of(16, 9, 2), 1, include=[{"a0": {"v3"}, "a1": {f"v{n}" for n in range(9)}}])) == 24
