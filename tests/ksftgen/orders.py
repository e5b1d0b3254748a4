# SPDX-License-Identifier: GPL-2.0-only
"""Scenarios whose steps come in a random order, for hypothesis."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from hypothesis import strategies as st

from ksftgen.library import library
from ksftgen.orders import State
from ksftgen.vocabulary import TYPES, VERBS, Parameter, Verb

NAME = "mprotect_orders"
# Axes on which the order depends, by their types; a step that names one must be right with each of its values.
_ORDER_AXES = {"process": "who", "child": "kid", "kind": "kind"}
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
    writer = _Writer(draw, is_valid, layouts, [VERBS[name] for name in verbs])
    setup = writer.setup(steps)
    tests = {f"test{number}": writer.test(steps) for number in range(draw(st.integers(1, 3)))}
    return writer.text(setup, tests)


@dataclass
class _Writer:
    """Draws steps: the next one is right, if `is_valid`, in the `states` of every combination of the axes' values."""

    draw: st.DrawFn
    is_valid: bool
    layouts: Sequence[str]
    verbs: Sequence[Verb]
    axes: dict[str, list[str]] = field(default_factory=dict)
    used: dict[str, None] = field(default_factory=dict)
    states: list[tuple[dict[str, str], State]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for kind, axis in {**_ORDER_AXES, **_OTHER_AXES}.items():
            words = list(TYPES[kind].values or self.layouts)
            self.axes[axis] = self.draw(st.lists(st.sampled_from(words), min_size=1, max_size=3, unique=True))
        names = list(_ORDER_AXES.values())
        values = itertools.product(*(self.axes[name] for name in names))
        self.states = [(dict(zip(names, case, strict=True)), State()) for case in values]

    def setup(self, most: int) -> list[str]:
        first = [verb for verb in self.verbs if verb.maps or not self.is_valid]
        others = [verb for verb in self.verbs if not verb.maps or not self.is_valid]
        return [*self._step(first), *self._steps(others, most)]

    def test(self, most: int) -> list[str]:
        before = [(case, _copy(state)) for case, state in self.states]
        verbs = [verb for verb in self.verbs if not verb.setup_only or not self.is_valid]
        steps = self._steps(verbs, most)
        if self.is_valid or not steps:
            steps.append("check")
        self.states = before
        return steps

    def text(self, setup: Sequence[str], tests: dict[str, list[str]]) -> str:
        both = [*setup, *itertools.chain.from_iterable(tests.values())]
        requires = ["root", "thp"] + ["ksm"] * any("merge" in step for step in both)
        requires += ["numa_nodes", "numa_balancing"] * any("map_numa" in step for step in both)
        matrix = {name: self.axes[name] for name in self.used} or {"unused": ["base"]}
        lines = [
            f"scenario: {NAME}",
            "summary: steps in a random order",
            f"requires: [{', '.join(requires)}]",
            "matrix:",
        ]
        lines += [f"  {name}: [{', '.join(values)}]" for name, values in matrix.items()]
        lines += ["strength: 1", "setup:", *(f"  - {step}" for step in setup), "tests:"]
        for name, steps in tests.items():
            lines += [f"  {name}:", *(f"    - {step}" for step in steps)]
        return "\n".join(lines) + "\n"

    def _steps(self, verbs: Sequence[Verb], most: int) -> list[str]:
        number = self.draw(st.integers(0, most))
        return list(itertools.chain.from_iterable(self._step(verbs) for _ in range(number)))

    def _step(self, verbs: Sequence[Verb]) -> list[str]:
        """The next step, none if none is right."""
        candidates = {
            verb.name: [words for words in _candidates(verb) if self._is_right(verb, words)] for verb in verbs
        }
        names = [name for name, words in candidates.items() if words]
        if not names:
            return []
        verb = VERBS[self.draw(st.sampled_from(names))]
        words = self.draw(st.sampled_from(candidates[verb.name]))
        for case, state in self.states:
            state.apply(verb, _resolve(words, case))
        arguments = {p.name: words.get(p.name) or self._word(p) for p in verb.parameters}
        self.used |= dict.fromkeys(word[1:] for word in arguments.values() if word.startswith("$"))
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
        return self.draw(st.sampled_from(list(parameter.type.values or self.layouts)))

    def _tosses(self) -> bool:
        return self.draw(st.booleans())


def _candidates(verb: Verb) -> Iterator[dict[str, str]]:
    """Every choice of the words of `verb` on which the order depends: words of its types, and axes."""
    names = [parameter.name for parameter in verb.parameters if parameter.name in _ORDER_AXES]
    choices = ([*(TYPES[name].values or ()), f"${_ORDER_AXES[name]}"] for name in names)
    for words in itertools.product(*choices):
        yield dict(zip(names, words, strict=True))


def _resolve(words: dict[str, str], case: dict[str, str]) -> dict[str, str]:
    return {name: case[word[1:]] if word.startswith("$") else word for name, word in words.items()}


def _copy(state: State) -> State:
    return replace(state, living=dict(state.living))
