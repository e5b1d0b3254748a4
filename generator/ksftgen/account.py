# SPDX-License-Identifier: GPL-2.0-only
"""The account of a case: each step as it is written, what it does, and the rows of each process after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ksftgen.cases import NamedCase
from ksftgen.memory import Memory
from ksftgen.rows import rows
from ksftgen.scenario import Scenario, Step
from ksftgen.story import Teller, Words
from ksftgen.window import PAGE_SIZES, Window

# The rows of each process that lives, by their names.
State = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Told:
    """A step: its words, how it is written for this case, what it does, and the rows after it."""

    words: Words
    title: str
    story: str
    state: State


@dataclass(frozen=True)
class Account:
    """The steps of setup, and of each test by its name; `untold` are verbs whose states are not modelled."""

    setup: Sequence[Told]
    tests: Mapping[str, Sequence[Told]]
    untold: Sequence[str]

    @property
    def told(self) -> list[Told]:
        """All steps."""
        return [*self.setup, *(told for test in self.tests.values() for told in test)]


def window(scenario: Scenario, case: NamedCase, page_size: str) -> Window:
    """The window of a case, on a machine with pages of a size of PAGE_SIZES; raises ValueError as Window.of() does."""
    first = scenario.setup[0]
    layouts = {layout.name: layout for layout in scenario.layouts}
    return Window.of(layouts[_words(first, case)["layout"]], PAGE_SIZES[page_size], first.verb.name == "map_full")


def give(scenario: Scenario, case: NamedCase, tests: Sequence[str], where: Window) -> Account:
    """The account of some tests of a case, in its window."""
    setup: list[Told] = []
    told: dict[str, list[Told]] = {}
    untold: dict[str, None] = {}
    for test in tests:
        teller = Teller(Memory(where), has_checked=bool(told))
        setup = [_tell(teller, step, case) for step in scenario.setup]
        told[test] = [_tell(teller, step, case) for step in scenario.tests[test]]
        untold |= teller.untold
    return Account(setup, told, list(untold))


def _tell(teller: Teller, step: Step, case: NamedCase) -> Told:
    words = _words(step, case)
    given = [each.parameter.name for each in step.arguments if each.node is not step.node]
    arguments = ", ".join(f"{name}: {words[name]}" for name in given)
    title = f"{step.verb.name}: {{{arguments}}}" if given else step.verb.name
    story = teller.tell(step.verb, words)
    return Told(words, title, story, {process: rows(pages) for process, pages in teller.memory.pages.items()})


def _words(step: Step, case: NamedCase) -> Words:
    return {each.parameter.name: case.values[each.value] if each.is_axis else each.value for each in step.arguments}
