# SPDX-License-Identifier: GPL-2.0-only
"""Renders scenarios to C sources, as file names and text; nothing is written to disk.

The text depends on the scenarios, the templates and the tree's profile only: it contains no time, host or path.
helpers.py has the C files that programs share.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from ksftgen import helpers, template
from ksftgen.cases import NamedCase, cases
from ksftgen.errors import RenderError
from ksftgen.scenario import Scenario, Step
from ksftgen.tree import LINUX_7_3, TreeProfile
from ksftgen.vocabulary import capability

_COLUMNS = 80
_TAB = 8
PROGRAM = "program.c.j2"


def render(scenarios: Iterable[Scenario], tree: TreeProfile = LINUX_7_3, sources: Iterable[str] = ()) -> dict[str, str]:
    """A program for each scenario, and the helpers that they share: text by file name, in the order of names.

    `sources` are helpers that other programs need.  Raises RenderError for a template that cannot be rendered or is
    missing, or a scenario that is named like a helper.
    """
    chosen = list(scenarios)
    files = helpers.render({*sources, *(name for scenario in chosen for name in scenario.sources)}, tree)
    for scenario in chosen:
        name = f"{scenario.name}.c"
        if helpers.is_helper(name):
            raise RenderError(f'scenario "{scenario.name}" is named like a helper; rename the scenario')
        files[name] = program(scenario, tree)
    return dict(sorted(files.items()))


def program(scenario: Scenario, tree: TreeProfile, is_owned: bool = False) -> str:
    """The C source of a program.  One that the tree owns has the cases that are submitted, in a table."""
    chosen = [case for case in cases(scenario) if not is_owned or scenario.is_submitted(case.values)]
    return template.expand(
        PROGRAM,
        scenario=scenario,
        cases=chosen,
        layouts=scenario.layouts_of(case.values for case in chosen),
        is_owned=is_owned,
        tree=tree,
        title=paragraphs(f"{scenario.name}: {scenario.summary}"),
        description=paragraphs(scenario.description),
        needs=or_operands([capability(name) for name in scenario.requires] or ["0"]),
        states=[*(f"&state_{room}" for room in scenario.rooms), "NULL"],
        wrap=wrap,
        call=call,
        values=lambda case: values(scenario, case),
    )


def paragraphs(text: str, width: int = 76) -> list[str]:
    """`text`, wrapped to lines of at most `width` columns.

    A line that starts with a blank is part of a drawing and stays as it is; "- " starts a new line.
    """
    lines: list[str] = []
    words: list[str] = []

    def flush() -> None:
        lines.extend(textwrap.wrap(" ".join(words), width, break_long_words=False, break_on_hyphens=False))
        words.clear()

    for line in text.splitlines():
        if line.startswith("- "):
            flush()
        if line.strip() and not line.startswith(" "):
            words.append(line.strip())
            continue
        flush()
        lines.append(line.rstrip())
    flush()
    return lines


def or_operands(flags: Sequence[str]) -> list[str]:
    """The C expression ``A | B``, cut into pieces between which `wrap` may break the line: ``A |``, ``B``."""
    return [*(f"{flag} |" for flag in flags[:-1]), *flags[-1:]]


def wrap(head: str, arguments: Sequence[str], tail: str) -> str:
    """`head`, arguments and `tail`; lines after the first start below the parenthesis that `head` ends with."""
    indent = _width(head)
    margin = "\t" * (indent // _TAB) + " " * (indent % _TAB)
    ends = [("" if argument.endswith("|") else ",") for argument in arguments[:-1]] + [tail]
    pieces = [argument + end for argument, end in zip(arguments, ends, strict=True)]
    lines = [head + pieces[0]]
    for piece in pieces[1:]:
        if _width(f"{lines[-1]} {piece}") <= _COLUMNS:
            lines[-1] += f" {piece}"
        else:
            lines.append(margin + piece)
    return "\n".join(lines)


def call(step: Step) -> str:
    """The C statement of a step: ``STEP(area_VERB(area, ...));``."""
    arguments = ["area", *(argument.c for argument in step.arguments)]
    return wrap(f"\tSTEP(area_{step.verb.name}(", arguments, "));")


def values(scenario: Scenario, case: NamedCase) -> list[str]:
    """The C expressions of a fixture variant, in the order of its members."""
    return [axis.type.expression(case.values[axis.name]) for axis in scenario.axes]


def _width(text: str) -> int:
    """The columns that `text` takes, with tabs of 8."""
    return len(text.expandtabs(_TAB))
