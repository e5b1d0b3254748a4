# SPDX-License-Identifier: GPL-2.0-only
"""C that a kernel tree owns: rendered once for a patch series, and from then on changed by hand.

Scenarios of the verbs and words below are rendered to a small engine, ``mprotect_window.c``, that is made to be read in
a review.  Others need the engine that `render` writes, with the rooms of their states.  In both, the cases are a table,
and no comment says where a file was generated.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ksftgen import helpers, template
from ksftgen.cases import NamedCase, cases
from ksftgen.layout import Layout
from ksftgen.render import PROGRAM, paragraphs, program, wrap
from ksftgen.scenario import Axis, Scenario, Step
from ksftgen.tree import TreeProfile

_FOLDER = "series"
_ENGINE = ("mprotect_window.c", "mprotect_window.h")
# What the small engine has; of each type of which it has all words, nothing is said.
_VERBS = ("map", "fork", "exit", "split_vma", "mprotect", "write", "check")
_WORDS: Mapping[str, Collection[str]] = {
    "pages": ("all", "first_half", "alternate", "one"),
    "process": ("parent", "child", "second_child"),
    "child": ("child", "second_child"),
}
_CHARACTERS = {"pmd_thp": "P", "pte_thp": "p", "hole": "."}
_MOST_ORDER = 15


@dataclass(frozen=True)
class Sources:
    """The C files of a series by name: the engine's, and a program for each scenario.

    `own` has the names of the C files that each program is built with beside those that all have.
    """

    engine: Mapping[str, str]
    programs: Mapping[str, str]
    own: Mapping[str, Sequence[str]]
    is_small: bool


def render(scenarios: Sequence[Scenario], specs: Sequence[str], tree: TreeProfile) -> Sources:
    """The sources of a series; `specs` are the texts that the scenarios were read from, whose comments on tests stay.

    Raises RenderError as `ksftgen.render.render` does.
    """
    if all(is_small(scenario) for scenario in scenarios):
        engine = {name: template.expand(f"{_FOLDER}/{name}", tree=tree) for name in _ENGINE}
        pairs = zip(scenarios, specs, strict=True)
        programs = {f"{scenario.name}.c": _small_program(scenario, spec, tree) for scenario, spec in pairs}
        return Sources(engine, programs, {scenario.name: _ENGINE[:1] for scenario in scenarios}, is_small=True)
    needed = {name for scenario in scenarios for name in scenario.sources}
    engine = {name: _without_mark(text) for name, text in helpers.render(needed, tree).items()}
    programs = {f"{scenario.name}.c": program(scenario, tree, is_owned=True) for scenario in scenarios}
    return Sources(engine, programs, {scenario.name: scenario.sources for scenario in scenarios}, is_small=False)


def is_small(scenario: Scenario) -> bool:
    """Whether the small engine has all that `scenario` needs."""
    return (
        all(step.verb.name in _VERBS for step in scenario.steps)
        and all(word in _WORDS.get(kind.name, (word,)) for kind, word in scenario.words)
        and all(part.order <= _MOST_ORDER for layout in scenario.layouts for part in (*layout.below, *layout.above))
    )


def drawing(layout: Layout) -> str:
    """The layout as the small engine reads it: a character for each folio, "|" for the PMD boundary."""
    below, above = (
        "".join(_CHARACTERS.get(part.kind, f"{part.order:x}") * part.count for part in side)
        for side in (layout.below, layout.above)
    )
    return f"{below}|{above}"


def _small_program(scenario: Scenario, spec: str, tree: TreeProfile) -> str:
    chosen = [case for case in cases(scenario) if scenario.is_submitted(case.values)]
    return template.expand(
        f"{_FOLDER}/{PROGRAM}",
        scenario=scenario,
        cases=chosen,
        tree=tree,
        layouts=scenario.layouts_of(case.values for case in chosen),
        title=paragraphs(f"{scenario.name}: {scenario.summary}"),
        description=paragraphs(scenario.description),
        drawing=drawing,
        wrap=wrap,
        call=_call,
        comment=lambda test: [f"/* {line} */" for line in _comment(spec, scenario.tests[test][0])],
        declaration=_declaration,
        values=lambda case: _values(scenario, case),
    )


def _comment(spec: str, step: Step) -> list[str]:
    """The comment above the test that begins with `step`."""
    lines = spec.splitlines()[: step.node.line - 2]  # the line before the step has the test's name
    found = itertools.takewhile(lambda line: line.lstrip().startswith("#"), reversed(lines))
    return [line.strip(" #") for line in found][::-1]


def _declaration(axis: Axis) -> str:
    if axis.type.values is None:
        return "const char *"
    return axis.type.declaration.replace("enum area_", "enum window_")


def _values(scenario: Scenario, case: NamedCase) -> list[str]:
    return [_word(axis, case.values[axis.name]) for axis in scenario.axes]


def _word(axis: Axis, word: str) -> str:
    return word.upper() if axis.type.values is None else axis.type.expression(word)


def _call(step: Step) -> str:
    """The C statement of a step: ``ASSERT_TRUE(window_VERB(window, ...));``."""
    arguments = step.arguments
    if step.verb.name == "fork":  # the parent forks
        arguments = arguments[1:]
    words = [
        argument.value.upper() if argument.parameter.type.values is None and not argument.is_axis else argument.c
        for argument in arguments
    ]
    return wrap(f"\tASSERT_TRUE(window_{step.verb.name}(", ["window", *words], "));")


def _without_mark(text: str) -> str:
    return re.sub(rf"^/\* {re.escape(template.MARK)}.*\*/\n", "", text, count=1, flags=re.MULTILINE)
