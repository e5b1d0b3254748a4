# SPDX-License-Identifier: GPL-2.0-only
"""Steps of a scenario: nodes to verbs with their arguments, and which type each axis has by its uses."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from ksftgen.errors import join, unknown
from ksftgen.scenario import Given, Step
from ksftgen.vocabulary import VERBS, Type, Verb
from plainyaml import node as yaml
from plainyaml.problem import Problem


@dataclass
class Use:
    """The type of an axis, by the first step that uses it, in this line."""

    type: Type
    line: int


@dataclass
class Steps:
    """Reads steps; gathers problems and the uses of axes on the way.

    `bad` are the lines and columns of steps whose shape is wrong: they are passed over.  `complete` says whether every
    step was understood, so that the uses are all there are.
    """

    axes: Sequence[str]
    layouts: Collection[str]
    bad: Collection[tuple[int, int]] = ()
    problems: list[Problem] = field(default_factory=list)
    uses: dict[str, Use] = field(default_factory=dict)
    has_child: bool = False
    complete: bool = True

    def setup(self, nodes: Iterable[yaml.Node]) -> tuple[Step, ...]:
        """The steps of ``setup``: the first one maps, no other does."""
        steps = []
        for index, item in enumerate(nodes):
            step = self._step(item)
            if step is None:
                continue
            if index == 0 and not step.verb.maps:
                maps = join(verb.name for verb in VERBS.values() if verb.maps)
                self.problems.append(
                    item.problem(f'setup starts with "{step.verb.name}"; its first step must be {maps}')
                )
            if index > 0 and step.verb.maps:
                self.problems.append(
                    item.problem(f'"{step.verb.name}" again; memory is mapped once, by the first step')
                )
            steps.append(step)
        return tuple(steps)

    def test(self, nodes: Iterable[yaml.Node]) -> tuple[Step, ...]:
        """The steps of one test; a child that it forks is gone after it."""
        before = self.has_child
        steps = []
        for item in nodes:
            step = self._step(item)
            if step is None:
                continue
            if step.verb.setup_only:
                self.problems.append(item.problem(f'"{step.verb.name}" in a test; it belongs to setup'))
            steps.append(step)
        self.has_child = before
        return tuple(steps)

    def _step(self, node: yaml.Node) -> Step | None:
        step = None if (node.line, node.column) in self.bad else self._read(node)
        if step is None:
            self.complete = False
            self.has_child = True  # it may have forked
        return step

    def _read(self, node: yaml.Node) -> Step | None:
        if isinstance(node, yaml.Scalar):
            name, place, arguments = str(node.value), node, None
        elif isinstance(node, yaml.Mapping):
            name, place = next(iter(node.keys.items()))
            inner = node.items[name]
            arguments = inner if isinstance(inner, yaml.Mapping) else None
        else:
            return None
        verb = VERBS.get(name)
        if verb is None:
            self.problems.append(place.problem(unknown("verb", name, VERBS)))
            return None
        given = self._arguments(verb, place, arguments)
        if verb.name == "exit" and not self.has_child:
            self.problems.append(place.problem("exit without a child; fork before it"))
        if verb.name in ("fork", "map_numa"):
            self.has_child = True
        return Step(verb, given) if given is not None else None

    def _arguments(self, verb: Verb, place: yaml.Node, node: yaml.Mapping | None) -> tuple[Given, ...] | None:
        good = True
        names = [argument.name for argument in verb.arguments]
        for name, key in node.keys.items() if node else ():
            if name not in names:
                self.problems.append(key.problem(unknown(f"argument of {verb.name}", name, names)))
                good = False
        there = node.items if node else {}
        lacks = [
            argument.name for argument in verb.arguments if argument.default is None and argument.name not in there
        ]
        if lacks:
            self.problems.append(place.problem(f"{verb.name} lacks {' and '.join(lacks)}; write {verb.usage}"))
            good = False
        given = []
        for argument in verb.arguments:
            value = there.get(argument.name)
            if value is None:
                given.append(Given(argument, argument.default or "", False))
                continue
            if not isinstance(value, yaml.Scalar):
                return None  # a problem of shape, reported there
            word = str(value.value)
            if word.startswith("$"):
                good &= self._axis(word[1:], argument.type, value)
                given.append(Given(argument, word[1:], True))
            else:
                good &= self._value(word, argument.type, value)
                given.append(Given(argument, word, False))
                if argument.name == "process" and word == "child" and not self.has_child:
                    self.problems.append(value.problem("no child; fork before this step"))
        return tuple(given) if good else None

    def _axis(self, axis: str, kind: Type, place: yaml.Node) -> bool:
        if axis not in self.axes:
            if self.axes:  # else the matrix is what is wrong
                self.problems.append(place.problem(unknown("axis", axis, self.axes)))
            return False
        use = self.uses.setdefault(axis, Use(kind, place.line))
        if use.type is not kind:
            text = f"axis {axis} used as {kind.name}; line {use.line} uses it as {use.type.name}, an axis has one type"
            self.problems.append(place.problem(text))
            return False
        return True

    def _value(self, word: str, kind: Type, place: yaml.Node) -> bool:
        allowed = self.layouts if kind.values is None else kind.values
        if word not in allowed:
            self.problems.append(place.problem(unknown(kind.name, word, allowed)))
            return False
        return True
