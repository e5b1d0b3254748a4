# SPDX-License-Identifier: GPL-2.0-only
"""A valid scenario: immutable, every name resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ksftgen.layout import Layout
from ksftgen.vocabulary import Parameter, Type, Verb

# The value of each axis.
Case = Mapping[str, str]


@dataclass(frozen=True)
class Axis:
    """A dimension of the matrix, with its values in the scenario's order."""

    name: str
    type: Type
    values: tuple[str, ...]


@dataclass(frozen=True)
class Argument:
    """What a step passes for a parameter: a fixed value, or the axis from which a case takes the value."""

    parameter: Parameter
    value: str
    is_axis: bool

    @property
    def c(self) -> str:
        """The C expression of the argument."""
        return f"variant->{self.value}" if self.is_axis else self.parameter.type.expression(self.value)


@dataclass(frozen=True)
class Step:
    """A verb with an argument for each of its parameters, in their order."""

    verb: Verb
    arguments: tuple[Argument, ...]


@dataclass(frozen=True)
class Scenario:
    """A valid scenario.

    `layouts` are those that it uses.  With `strength` t, the cases contain every combination of any t axes; None stands
    for all axes.  Each entry of `stronger` is a set of axes with a strength of its own.  Each entry of `include` maps
    axes to values; the cases contain every combination of these values.  Each entry of `exclude` maps axes to values,
    and forbids the cases in which each of these axes has one of its values.
    """

    name: str
    summary: str
    description: str
    guards: tuple[str, ...]
    requires: tuple[str, ...]
    layouts: tuple[Layout, ...]
    axes: tuple[Axis, ...]
    strength: int | None
    stronger: tuple[tuple[tuple[str, ...], int], ...]
    include: tuple[Mapping[str, frozenset[str]], ...]
    exclude: tuple[Mapping[str, frozenset[str]], ...]
    setup: tuple[Step, ...]
    tests: Mapping[str, tuple[Step, ...]]

    def with_strength(self, strength: int | None) -> Scenario:
        """The scenario with a single strength for all of its axes."""
        return replace(self, strength=strength, stronger=())

    def is_excluded(self, case: Case) -> bool:
        """Whether an entry of `exclude` forbids `case`."""
        return any(all(case[axis] in values for axis, values in entry.items()) for entry in self.exclude)
