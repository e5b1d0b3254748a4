# SPDX-License-Identifier: GPL-2.0-only
"""The cases of a scenario: the combinations of its matrix that its strength requires."""

from __future__ import annotations

from dataclasses import dataclass

from ksftgen import cover
from ksftgen.scenario import Case, Scenario


@dataclass(frozen=True)
class NamedCase:
    """A value for each axis; the name is the values joined by "_" in the order of the axes."""

    name: str
    values: Case


def cases(scenario: Scenario) -> list[NamedCase]:
    """The cases of `scenario`, in the order of the matrix."""
    axes = {axis.name: axis.values for axis in scenario.axes}
    is_excluded = scenario.is_excluded if scenario.exclude else None
    combinations = cover.covering_array(axes, scenario.strength, scenario.stronger, is_excluded, scenario.include)
    return [NamedCase("_".join(values.values()), values) for values in combinations]
