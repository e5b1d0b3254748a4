# SPDX-License-Identifier: GPL-2.0-only
"""The cases of a scenario: the combinations of its matrix that its strength requires."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ksftgen import cover
from ksftgen.scenario import Case, Scenario

# The case of a scenario without a matrix.
ONLY = "only"


@dataclass(frozen=True)
class NamedCase:
    """A value for each axis, and the name."""

    name: str
    values: Case


def cases(scenario: Scenario) -> list[NamedCase]:
    """The cases of `scenario`, in the order of the matrix; without a matrix there is one."""
    if not scenario.axes:
        return [NamedCase(ONLY, {})]
    axes = {axis.name: axis.values for axis in scenario.axes}
    is_excluded = scenario.is_excluded if scenario.exclude else None
    combinations = cover.covering_array(axes, scenario.strength, scenario.stronger, is_excluded, scenario.include)
    return [NamedCase(name(values.values()), values) for values in combinations]


def name(values: Iterable[str]) -> str:
    """The name of a case: its values, in the order of the axes."""
    return "_".join(values) or ONLY
