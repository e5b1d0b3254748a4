# SPDX-License-Identifier: GPL-2.0-only
"""Steps: from nodes to verbs with arguments; the steps that use an axis give it its type.

orders.py checks their order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from ksftgen.errors import join_or, unknown_term, unknown_word
from ksftgen.scenario import Argument, Step
from ksftgen.verb import Parameter, Verb
from ksftgen.vocabulary import VERBS
from ksftgen.words import TYPES, Type
from plainyaml import node as yaml
from plainyaml.problem import Problem, clip

_A_STEP = "a step is a verb, or VERB: {argument: value}; for example - mprotect: {range: whole, prot: read}"


@dataclass
class Use:
    """The first use of an axis: the type of the parameter, and the line of the step."""

    type: Type
    line: int


@dataclass
class StepReader:
    """Reads steps, and collects problems and the first use of each axis.

    `axes` and `layouts` are names that steps may use; `axes` is None without a matrix.  `faulty` are the places (line,
    column) that have a problem already, where a step is skipped.  `is_complete` is false once a step could not be read:
    an axis without a use may then have one in that step.
    """

    axes: Sequence[str] | None
    layouts: Collection[str]
    faulty: Collection[tuple[int, int]] = ()
    problems: list[Problem] = field(default_factory=list)
    uses: dict[str, Use] = field(default_factory=dict)
    is_complete: bool = True

    def read_setup(self, nodes: Iterable[yaml.Node]) -> tuple[Step, ...]:
        """The steps of ``setup``; the first one maps memory, the others do not."""
        steps = []
        for index, node in enumerate(nodes):
            step = self._read_step(node)
            if step is None:
                continue
            name = step.verb.name
            if index == 0 and not step.verb.maps:
                maps = join_or(verb.name for verb in VERBS.values() if verb.maps)
                self.problems.append(node.problem(f'setup starts with "{name}"; its first step must be {maps}'))
            if index > 0 and step.verb.maps:
                text = f'"{name}" maps memory a second time; only the first step of setup may map it'
                self.problems.append(node.problem(text))
            steps.append(step)
        return tuple(steps)

    def read_test(self, nodes: Iterable[yaml.Node]) -> tuple[Step, ...]:
        """The steps of one test."""
        steps = []
        for node in nodes:
            step = self._read_step(node)
            if step is None:
                continue
            if step.verb.setup_only:
                self.problems.append(node.problem(f'"{step.verb.name}" is used in a test; only setup may use it'))
            steps.append(step)
        return tuple(steps)

    def _read_step(self, node: yaml.Node) -> Step | None:
        step = None if (node.line, node.column) in self.faulty else self._parse_step(node)
        if step is None:
            self.is_complete = False
        return step

    def _parse_step(self, node: yaml.Node) -> Step | None:
        if problem := _wrong_step(node):
            self.problems.append(problem)
            return None
        body: yaml.Node | None = None
        place = node
        if isinstance(node, yaml.Mapping):
            ((name, body),) = node.items.items()
            place = node.keys[name]
        assert isinstance(place, yaml.Scalar)
        verb = VERBS.get(place.text)
        if verb is None:
            self.problems.append(place.problem(unknown_term("verb", place.text, VERBS)))
            return None
        if body and (reason := _wrong_arguments(verb, body)):
            self.problems.append(body.problem(reason))
            return None
        arguments = self._parse_arguments(verb, place, body if isinstance(body, yaml.Mapping) else None)
        return Step(verb, arguments, place) if arguments is not None else None

    def _parse_arguments(
        self, verb: Verb, place: yaml.Node, values: yaml.Mapping | None
    ) -> tuple[Argument, ...] | None:
        """An argument for each parameter of `verb`; None if one is missing, unknown or wrong."""
        names = [parameter.name for parameter in verb.parameters]
        given = values.items if values else {}
        unknown = [(name, key) for name, key in values.keys.items() if name not in names] if values else []
        for name, key in unknown:
            self.problems.append(key.problem(unknown_word(f"argument of {verb.name}", name, names)))
        missing = [
            parameter.name for parameter in verb.parameters if parameter.default is None and parameter.name not in given
        ]
        if missing:
            self.problems.append(place.problem(f"{verb.name} lacks {' and '.join(missing)}; write {verb.usage}"))
        is_valid = not unknown and not missing
        arguments = []
        for parameter in verb.parameters:
            value = given.get(parameter.name)
            if value is None:
                arguments.append(Argument(parameter, parameter.default or "", False, place))
                continue
            argument = self._parse_argument(parameter, value)
            is_valid &= argument is not None
            if argument is not None:
                arguments.append(argument)
        return tuple(arguments) if is_valid else None

    def _parse_argument(self, parameter: Parameter, node: yaml.Node) -> Argument | None:
        allowed = self.layouts if parameter.type.values is None else parameter.type.values
        word = node.value if isinstance(node, yaml.Scalar) else None
        if not isinstance(word, str):
            text = f'"{parameter.name}" {_wrong_value(node)}; allowed: {join_or(allowed)}'
            self.problems.append(node.problem(text))
            return None
        if word.startswith("$"):
            axis = word[1:]
            return Argument(parameter, axis, True, node) if self._use_axis(axis, parameter.type, node) else None
        if word not in allowed:
            text = unknown_term(parameter.type.name, word, allowed)
            if word in (self.axes or ()):
                text = f'unknown {parameter.type.name} "{word}"; write ${word} for the values of the axis'
            self.problems.append(node.problem(text))
            return None
        return Argument(parameter, word, False, node)

    def _use_axis(self, axis: str, kind: Type, node: yaml.Node) -> bool:
        """Note the use of `axis` for a value of type `kind`; false, with a problem, if that cannot be."""
        if self.axes is None:
            text = f'axis "{clip(axis)}" without matrix; write a value here, or add matrix: with {clip(axis)}: [VALUE]'
            self.problems.append(node.problem(text))
            return False
        if axis not in self.axes:
            if self.axes:  # a matrix without axes has a problem already
                self.problems.append(node.problem(unknown_word("axis", axis, self.axes)))
            return False
        use = self.uses.setdefault(axis, Use(kind, node.line))
        if use.type is not kind:
            text = (
                f"axis {axis} is used as {kind.name}, and in line {use.line} as {use.type.name}; an axis has one type"
            )
            self.problems.append(node.problem(text))
            return False
        return True


def _wrong_step(node: yaml.Node) -> Problem | None:
    """What is wrong with a step that is neither one word nor one key, None if it is."""
    if isinstance(node, yaml.Sequence):
        return node.problem(f"a list inside of a list of steps; {_A_STEP}")
    if not isinstance(node, yaml.Mapping):
        return node.problem(f"an empty step; {_A_STEP}") if isinstance(node, yaml.Scalar) and not node.text else None
    if not node.items:
        return node.problem(f"an empty step; {_A_STEP}")
    first, *others = node.keys
    verb = VERBS.get(first)
    if verb is None and first in TYPES:
        return node.problem(f'"{first}" is an argument, and the verb before it is missing; {_A_STEP}')
    if verb is None or not others:
        return None if verb else node.problem(unknown_term("verb", first, VERBS))
    second = node.keys[others[0]]
    if second.text in VERBS and second.text not in [parameter.name for parameter in verb.parameters]:
        return second.problem(f'two verbs in one step, {first} and {second.text}; start a step of its own with "-"')
    text = f'"{clip(second.text)}" is beside {first}, not below it; indent it more, or write {verb.usage}'
    return second.problem(text)


def _wrong_arguments(verb: Verb, body: yaml.Node) -> str:
    """What is wrong with what stands behind a verb, "" if it is a mapping of arguments or nothing."""
    if isinstance(body, yaml.Mapping) or (isinstance(body, yaml.Scalar) and body.value is None):
        return ""
    shown = f'"{clip(body.text)}"' if isinstance(body, yaml.Scalar) else "a list"
    if not verb.parameters:
        return f"{shown} behind {verb.name}, which takes no arguments; write {verb.name}"
    return f"{shown} behind {verb.name}, where each argument has its name; write {verb.usage}"


def _wrong_value(node: yaml.Node) -> str:
    """What is wrong with the value of an argument that is no word."""
    if isinstance(node, yaml.Sequence):
        return "is a list; give one word, or $AXIS and the list in matrix"
    if isinstance(node, yaml.Mapping):
        return "is a mapping; give one word"
    value = node.value if isinstance(node, yaml.Scalar) else None
    return "has no value" if value is None else f"is {value}, a number; give a word"
