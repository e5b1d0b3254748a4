# SPDX-License-Identifier: GPL-2.0-only
"""Scenarios whose steps come in a random order, from hypothesis or from a seed."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from hypothesis import strategies as st

from ksftgen.library import library
from ksftgen.orders import State
from ksftgen.verb import Parameter, Verb
from ksftgen.vocabulary import VERBS
from ksftgen.words import TYPES

NAME = "mprotect_orders"
# Axes on which the order depends, by their types; a step that names one must be right with each of its values.
_ORDER_AXES = {"process": "who", "child": "kid", "kind": "kind", "state": "state"}
# Words on which the order depends, and that are given as they are.
_ORDER_WORDS = ("uffd", "rwp")
_OTHER_AXES = {"layout": "layout", "range": "range", "prot": "prot", "pages": "pages"}


@st.composite
def scenarios(
    draw: st.DrawFn,
    *,
    is_valid: bool,
    layouts: Sequence[str] = tuple(library()),
    verbs: Collection[str] = tuple(VERBS),
    steps: int = 8,
) -> str:
    """The text of a scenario called NAME, whose steps come in a random order.

    With `is_valid`, it is one that `ksftgen check` accepts; otherwise it may be one.  Its layouts are from `layouts`,
    its verbs from `verbs`; setup and each test have at most `steps` steps more than they must have.
    """
    chance = draw(st.randoms(use_true_random=False))
    tests = draw(st.integers(1, 3))
    return write(
        chance, tests, is_valid=is_valid, layouts=layouts, verbs=verbs, setup=(0, steps), steps=(0, steps)
    ).text


def write(
    chance: Random,
    tests: int,
    *,
    name: str = NAME,
    is_valid: bool = True,
    layouts: Sequence[str] = tuple(library()),
    verbs: Iterable[str] = tuple(VERBS),
    setup: tuple[int, int],
    steps: tuple[int, int],
    values: int = 3,
) -> Order:
    """A scenario as `scenarios` draws them, with so many `tests`.

    `setup` and `steps` are the least and the most steps, beside those that setup and a test must have; an axis has
    at most so many `values`.  A verb comes as often as `verbs` has it.
    """
    writer = _Writer(chance, is_valid, layouts, [VERBS[verb] for verb in verbs], values)
    first = writer.setup(*setup)
    written = {f"test{number}": writer.test(*steps) for number in range(tests)}
    return Order(name, writer.axes, first, written)


@dataclass(frozen=True)
class Order:
    """A scenario as it is written: steps are lines of YAML.  It may have axes that no step uses."""

    name: str
    axes: dict[str, list[str]]
    setup: list[str]
    tests: dict[str, list[str]]

    @property
    def text(self) -> str:
        both = [*self.setup, *itertools.chain.from_iterable(self.tests.values())]
        requires = ["root", "thp"] + ["ksm"] * any("merge" in step for step in both)
        requires += ["numa_nodes", "numa_balancing"] * any("map_numa" in step for step in both)
        used = set(re.findall(r"\$(\w+)", " ".join(both)))
        matrix = {axis: values for axis, values in self.axes.items() if axis in used} or {"unused": ["base"]}
        lines = [
            f"scenario: {self.name}",
            "summary: steps in a random order",
            f"requires: [{', '.join(requires)}]",
            "matrix:",
        ]
        lines += [f"  {axis}: [{', '.join(values)}]" for axis, values in matrix.items()]
        lines += ["strength: 1", "setup:", *(f"  - {step}" for step in self.setup), "tests:"]
        for test, steps in self.tests.items():
            lines += [f"  {test}:", *(f"    - {step}" for step in steps)]
        return "\n".join(lines) + "\n"


@dataclass
class _Writer:
    """Draws steps: the next one is right, if `is_valid`, in the `states` of every combination of the axes' values."""

    chance: Random
    is_valid: bool
    layouts: Sequence[str]
    verbs: Sequence[Verb]
    values: int
    axes: dict[str, list[str]] = field(default_factory=dict)
    states: list[tuple[dict[str, str], State]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for kind, axis in {**_ORDER_AXES, **_OTHER_AXES}.items():
            words = list(TYPES[kind].values or self.layouts)
            most = min(self.values, len(words))
            self.axes[axis] = self.chance.sample(words, self.chance.randint(1, most))
        names = list(_ORDER_AXES.values())
        values = itertools.product(*(self.axes[name] for name in names))
        self.states = [(dict(zip(names, case, strict=True)), State()) for case in values]

    def setup(self, least: int, most: int) -> list[str]:
        first = [verb for verb in self.verbs if verb.maps or not self.is_valid]
        others = [verb for verb in self.verbs if not verb.maps or not self.is_valid]
        return [*self._step(first), *self._steps(others, least, most)]

    def test(self, least: int, most: int) -> list[str]:
        before = [(case, _copy(state)) for case, state in self.states]
        verbs = [verb for verb in self.verbs if not verb.setup_only or not self.is_valid]
        steps = self._steps(verbs, least, most)
        if self.is_valid or not steps:
            steps.append("check")
        self.states = before
        return steps

    def _steps(self, verbs: Sequence[Verb], least: int, most: int) -> list[str]:
        number = self.chance.randint(least, most)
        return list(itertools.chain.from_iterable(self._step(verbs) for _ in range(number)))

    def _step(self, verbs: Sequence[Verb]) -> list[str]:
        """The next step, none if none is right."""
        candidates = {
            verb.name: [words for words in _candidates(verb) if self._is_right(verb, words)] for verb in verbs
        }
        names = [verb.name for verb in verbs if candidates[verb.name]]
        if not names:
            return []
        verb = VERBS[self.chance.choice(names)]
        words = self.chance.choice(candidates[verb.name])
        for case, state in self.states:
            state.apply(verb, _resolve(words, case))
        arguments = {p.name: words.get(p.name) or self._word(p) for p in verb.parameters}
        shown = {p.name: arguments[p.name] for p in verb.parameters if arguments[p.name] != p.default or self._tosses()}
        return [
            f"{verb.name}: {{{', '.join(f'{name}: {word}' for name, word in shown.items())}}}" if shown else verb.name
        ]

    def _is_right(self, verb: Verb, words: dict[str, str]) -> bool:
        return not self.is_valid or not any(state.refusal(verb, _resolve(words, case)) for case, state in self.states)

    def _word(self, parameter: Parameter) -> str:
        axis = _OTHER_AXES.get(parameter.name)
        if axis == "layout" or (axis and self._tosses()):  # a matrix has at least one axis
            return f"${axis}"
        return self.chance.choice(list(parameter.type.values or self.layouts))

    def _tosses(self) -> bool:
        return self.chance.random() < 0.5


def _candidates(verb: Verb) -> Iterator[dict[str, str]]:
    """Every choice of the words of `verb` on which the order depends: words of its types, and axes."""
    names = [p.name for p in verb.parameters if p.name in _ORDER_AXES or p.name in _ORDER_WORDS]
    axes = {name: [f"${axis}"] for name, axis in _ORDER_AXES.items()}
    choices = ([*(TYPES[name].values or ()), *axes.get(name, ())] for name in names)
    for words in itertools.product(*choices):
        yield dict(zip(names, words, strict=True))


def _resolve(words: dict[str, str], case: dict[str, str]) -> dict[str, str]:
    return {name: case[word[1:]] if word.startswith("$") else word for name, word in words.items()}


def _copy(state: State) -> State:
    return replace(state, living=dict(state.living), done=set(state.done))
