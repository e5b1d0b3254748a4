# SPDX-License-Identifier: GPL-2.0-only
"""Covering arrays, checked by brute force: every case, every combination, and what stays when an axis changes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ksftgen import paths, spec
from ksftgen.cases import cases
from ksftgen.cover import covering_array
from ksftgen.scenario import Scenario

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


@settings(max_examples=150, database=None)
@given(models())
@example((axes_of(1, 3, 3, 2, 3), 3, [], [], [{"a0": {"v0"}, "a1": {"v0", "v1"}, "a2": {"v0", "v1"}}]))
def test_every_feasible_combination_and_no_forbidden_case(
    model: tuple[Axes, int, list[tuple[list[str], int]], list[Exclusion], list[Exclusion]],
) -> None:
    axes, strength, stronger, exclusions, include = model
    array = covering_array(axes, strength, stronger, lambda case: forbidden(case, exclusions), include)
    assert not any(forbidden(case, exclusions) for case in array)
    for group, t in [(list(axes), strength), *stronger]:
        for names in itertools.combinations(group, t):
            assert {tuple(case[name] for name in names) for case in array} == feasible(axes, names, exclusions)
    for entry in include:
        requested = set(itertools.product(*entry.values()))
        covered = {tuple(case[name] for name in entry) for case in array}
        assert requested & covered == requested & feasible(axes, list(entry), exclusions)
    order = list(itertools.product(*axes.values()))
    positions = [order.index(tuple(case.values())) for case in array]
    assert positions == sorted(set(positions))
    assert array == covering_array(axes, strength, stronger, lambda case: forbidden(case, exclusions), include)


@pytest.mark.parametrize(
    ("sizes", "strength", "least", "most"),
    [
        ((16, 7, 4, 2), 1, 16, 24),
        ((16, 7, 4, 2), 2, 112, 150),
        ((16, 5, 9, 3), 2, 144, 200),
        ((16, 5, 9, 3), 3, 720, 900),
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
    def with_v3_or_v4(include: list[Exclusion]) -> int:
        array = covering_array(axes_of(16, 9, 2), 1, include=include)
        return sum(case["a0"] == "v3" or case["a1"] == "v4" for case in array)

    assert with_v3_or_v4([{"a0": {"v0", "v1"}, "a1": {"v4"}}, {"a0": {"v3"}}]) == 3
    assert with_v3_or_v4([{"a0": {"v3"}, "a1": {f"v{n}" for n in range(9)}}]) == 9


@settings(max_examples=150, database=None)
@given(
    st.integers(6, 9),
    st.lists(st.lists(st.text("abcdefgh", min_size=1, max_size=3), min_size=2, max_size=4, unique=True), min_size=1),
    st.data(),
)
def test_a_last_value_takes_few_cases(largest: int, others: list[list[str]], data: st.DataObject) -> None:
    """At strength 1 a new value is hosted by one case; a default that was only there may take one more."""
    others = others[:4]
    axes = {**axes_of(largest), **{f"b{index}": values for index, values in enumerate(others)}}
    name = data.draw(st.sampled_from([name for name in axes if name != "a0"]))
    new = data.draw(st.sampled_from(["new", "x1", "y2", "z3"]))
    before = names_of(covering_array(axes, 1))
    after = names_of(covering_array({**axes, name: [*axes[name], new]}, 1))
    assert len(before - after) <= 2


def names_of(cases: Sequence[Mapping[str, str]]) -> set[tuple[str, ...]]:
    return {tuple(case.values()) for case in cases}


def changes_of(scenario: Scenario) -> Iterator[tuple[int, str, Scenario]]:
    """The scenario without each value, and with another one at the end of each axis: axis, value, scenario."""
    for index, axis in enumerate(scenario.axes):
        for value in (*axis.values, "new", "other"):
            values = tuple(other for other in axis.values if other != value)
            if value not in axis.values:
                values = (*axis.values, value)
            include = [
                {**entry, axis.name: entry[axis.name] - {value}} if axis.name in entry else entry
                for entry in scenario.include
            ]
            axes = (*scenario.axes[:index], replace(axis, values=values), *scenario.axes[index + 1 :])
            complete = tuple(entry for entry in include if all(entry.values()))
            yield index, value, replace(scenario, axes=axes, include=complete)


def losses(scenario: Scenario) -> dict[str, tuple[int, int]]:
    """For each change, how many of the cases without the value go, and of how many."""
    before = {tuple(case.values.values()) for case in cases(scenario)}
    lost = {}
    for index, value, changed in changes_of(scenario):
        after = {tuple(case.values.values()) for case in cases(changed)}
        old = {case for case in before if case[index] != value}
        lost[f"{scenario.axes[index].name} {value}"] = len(old - after), len(old)
    return lost


@pytest.mark.parametrize("path", paths.scenarios(), ids=lambda path: path.stem)
def test_names_last_at_the_strength_of_the_scenario(path: Path) -> None:
    """Of a small array, a tenth is less than two cases."""
    for change, (lost, number) in losses(spec.load(path)).items():
        assert lost <= max(2, number / 10), change


@pytest.mark.parametrize("path", paths.scenarios(), ids=lambda path: path.stem)
@pytest.mark.parametrize("strength", [2, 3])
def test_names_last_at_higher_strengths(path: Path, strength: int) -> None:
    """Few changes cost more than a tenth and two cases: mostly where another axis becomes the largest."""
    scenario = spec.load(path)
    lost = losses(scenario.with_strength(min(strength, len(scenario.axes))))
    shares = [max(0, lost - 2) / number for lost, number in lost.values()]
    assert sum(shares) / len(shares) <= 0.2


@pytest.mark.parametrize("path", paths.scenarios(), ids=lambda path: path.stem)
def test_size_of_pairs(path: Path) -> None:
    """At least every pair of the two largest axes needs a case."""
    scenario = spec.load(path)
    second, largest = sorted(len(axis.values) for axis in scenario.axes)[-2:]
    assert len(cases(scenario.with_strength(2))) <= 1.6 * second * largest
