# SPDX-License-Identifier: GPL-2.0-only
"""A scenario as the rest of the program sees it: checked, resolved, never to be changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ksftgen.layout import Layout
from ksftgen.vocabulary import Argument, Type, Verb

Case = Mapping[str, str]


@dataclass(frozen=True)
class Axis:
    """A dimension of the matrix; `values` in the scenario's order."""

    name: str
    type: Type
    values: tuple[str, ...]


@dataclass(frozen=True)
class Given:
    """What a step passes for an argument: a value, or the axis that varies it."""

    argument: Argument
    value: str
    is_axis: bool

    @property
    def c(self) -> str:
        return f"variant->{self.value}" if self.is_axis else self.argument.type.expression(self.value)


@dataclass(frozen=True)
class Step:
    """A verb with each of its arguments, in the verb's order."""

    verb: Verb
    given: tuple[Given, ...]


@dataclass(frozen=True)
class Scenario:
    """A valid scenario.  `strength` is t, or None for the whole product; `layouts` are those it uses, by name.

    `exclude` holds one mapping from axis to forbidden values per exclusion: a case is out when all of one apply.
    Of an entry of `include` every combination is in some case, whatever the strength.
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

    def at(self, strength: int | None) -> Scenario:
        """The scenario with one strength for all of its axes."""
        return replace(self, strength=strength, stronger=())

    def excluded(self, case: Case) -> bool:
        """Whether an exclusion forbids `case`."""
        return any(all(case[axis] in values for axis, values in one.items()) for one in self.exclude)
