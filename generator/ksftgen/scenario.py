# SPDX-License-Identifier: GPL-2.0-only
"""A valid scenario: immutable, every name resolved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ksftgen.layout import Layout
from ksftgen.rooms import HOLE_ROOM, ROOM_HELPERS, ROOMS, ROOMS_AFTER, room_source
from ksftgen.verb import Parameter, Verb
from ksftgen.words import Type
from plainyaml.node import Node

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
    """What a step passes for a parameter: a fixed value, or the axis from which a case takes the value.

    `node` is the word in the file, or the verb if the value is the parameter's default.
    """

    parameter: Parameter
    value: str
    is_axis: bool
    node: Node = field(compare=False, repr=False)

    @property
    def c(self) -> str:
        """The C expression of the argument."""
        return f"variant->{self.value}" if self.is_axis else self.parameter.type.expression(self.value)


@dataclass(frozen=True)
class Step:
    """A verb with an argument for each of its parameters, in their order; `node` is the verb in the file."""

    verb: Verb
    arguments: tuple[Argument, ...]
    node: Node = field(compare=False, repr=False)


@dataclass(frozen=True)
class Scenario:
    """A valid scenario.

    `layouts` are those that it uses.  With `strength` t, the cases contain every combination of any t axes; None stands
    for all axes.  Each entry of `stronger` is a set of axes with a strength of its own.  Each entry of `include` maps
    axes to values; the cases contain every combination of these values.  Each entry of `exclude` maps axes to values,
    and forbids the cases in which each of these axes has one of its values.  Each entry of `submit` chooses the cases
    in which each of these axes has one of its values, for a patch series; without an entry it has all cases.
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
    submit: tuple[Mapping[str, frozenset[str]], ...]
    setup: tuple[Step, ...]
    tests: Mapping[str, tuple[Step, ...]]

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of setup and of every test."""
        return sum(self.tests.values(), self.setup)

    @property
    def rooms(self) -> tuple[str, ...]:
        """The states of memory that its steps, their values and its layouts need, in the order of ROOMS."""
        needed = {step.verb.room for step in self.steps}
        needed |= {kind.rooms.get(word) for kind, word in self.words}
        if any(layout.has_hole for layout in self.layouts):
            needed.add(HOLE_ROOM)
        for room in sorted(filter(None, needed)):
            needed.update(ROOMS_AFTER.get(room, ()))
        return tuple(room for room in ROOMS if room in needed)

    @property
    def objects(self) -> tuple[str, ...]:
        """The C objects of rooms, such as ``kind_zero``, that its steps name, sorted."""
        used = {kind.expression(word) for kind, word in self.words if word in kind.rooms}
        return tuple(sorted(expression.removeprefix("&") for expression in used))

    @property
    def uses_rw(self) -> bool:
        """Whether a step uses the protection ``PROT_RW``."""
        return any("PROT_RW" in kind.expression(word) for kind, word in self.words)

    @property
    def words(self) -> list[tuple[Type, str]]:
        """Every value of a step, those of its axes too, with its type."""
        values = {axis.name: axis.values for axis in self.axes}
        return [
            (argument.parameter.type, word)
            for step in self.steps
            for argument in step.arguments
            for word in (values[argument.value] if argument.is_axis else (argument.value,))
        ]

    @property
    def sources(self) -> tuple[str, ...]:
        """The C files that its program is built with beside those that every program has, sorted."""
        files = {room_source(room) for room in self.rooms}
        files |= {source for room in self.rooms for source in ROOM_HELPERS.get(room, ())}
        files |= {kind.sources[word] for kind, word in self.words if word in kind.sources}
        return tuple(sorted(files | {step.verb.source for step in self.steps if step.verb.source}))

    def with_strength(self, strength: int | None) -> Scenario:
        """The scenario with a single strength for all of its axes."""
        return replace(self, strength=strength, stronger=())

    def is_excluded(self, case: Case) -> bool:
        """Whether an entry of `exclude` forbids `case`."""
        return any(fits(case, entry) for entry in self.exclude)

    def layouts_of(self, chosen: Iterable[Case]) -> list[Layout]:
        """The layouts that a step or one of the cases names."""
        words = {argument.value for step in self.steps for argument in step.arguments}
        words.update(word for case in chosen for word in case.values())
        return [layout for layout in self.layouts if layout.name in words]

    def is_submitted(self, case: Case) -> bool:
        """Whether a patch series has `case`."""
        return not self.submit or any(fits(case, entry) for entry in self.submit)


def fits(case: Case, entry: Mapping[str, frozenset[str]]) -> bool:
    """Whether `case` has, for each axis of `entry`, one of its values."""
    return all(case[axis] in values for axis, values in entry.items())
