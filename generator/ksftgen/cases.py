# SPDX-License-Identifier: GPL-2.0-only
"""The cases of a scenario: its matrix, thinned to what its strength asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ksftgen import cover
from ksftgen.scenario import Scenario


@dataclass(frozen=True)
class NamedCase:
    """A value for each axis; the name is the values joined by "_" in the matrix's order."""

    name: str
    values: Mapping[str, str]


def cases(scenario: Scenario) -> list[NamedCase]:
    """The cases in the order of the matrix."""
    axes = {axis.name: axis.values for axis in scenario.axes}
    excluded = scenario.excluded if scenario.exclude else None
    found = cover.cover(axes, scenario.strength, scenario.stronger, excluded, scenario.include)
    return [NamedCase("_".join(case.values()), case) for case in found]
