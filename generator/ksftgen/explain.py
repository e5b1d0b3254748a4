# SPDX-License-Identifier: GPL-2.0-only
"""Explains a case: draws its memory, and tells of each step what it does, and what must hold of each page after it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ksftgen import account
from ksftgen.account import Account, State, Told
from ksftgen.cases import NamedCase, cases
from ksftgen.columns import TIMES, WIDTH, Columns, Line, Span, folio_row, text
from ksftgen.phrases import count, meaning, part, who
from ksftgen.render import paragraphs
from ksftgen.rows import legend
from ksftgen.scenario import Scenario
from ksftgen.window import PAGE_SIZES, Window

# The margin of what is below a heading, and of what is below the number of a step; the width of names in the legend.
_MARGIN, _BELOW_NUMBER, _NAME = 2, 4, 9
_TRIVIAL = ("whole", "all", "none")  # no row is needed to see which pages these are
_FOLIOS = {"[": "[--] a folio", ".": ". a single page", "_": "_ a page that was never touched"}


def explain(scenario: Scenario, case: NamedCase, tests: Sequence[str], page_size: str) -> list[Line]:
    """The lines about some tests of a case, on a machine with pages of a size of PAGE_SIZES."""
    lines = _head(scenario, case)
    try:
        window = account.window(scenario, case, page_size)
    except ValueError as reason:
        return [*lines, *_skipped(scenario, case, page_size, str(reason))]
    told = account.give(scenario, case, tests, window)
    marks = _marks(window, told)
    rows = {row for step in told.told for own in step.state.values() for row in own.values()}
    spans = [window.span(word) for kind, word in marks if kind == "range"]
    columns = Columns(window, rows | set(marks.values()), [page for first, end in spans for page in (first, end - 1)])
    lines += [*_memory(columns, marks, page_size), *_legend(columns, told)]
    first = told.setup[0]
    # What map makes of pages is told in words, if it is the same of all.
    is_same = "hole" not in window.kinds and "kind" not in first.words
    lines += _steps("setup", told.setup, columns, first.state if is_same else {}, 1)
    for test, steps in told.tests.items():
        lines += _steps(f"test {test}", steps, columns, told.setup[-1].state, len(told.setup) + 1)
    return [*lines, *_not_told(told.untold)]


def others(scenario: Scenario, case: NamedCase) -> list[Line]:
    """The lines that name the other cases."""
    names = [other.name for other in cases(scenario) if other.name != case.name]
    if not names:
        return []
    return [text(), *_paragraph(f"The other cases of {scenario.name}: {', '.join(names)}.")]


def _head(scenario: Scenario, case: NamedCase) -> list[Line]:
    names = [each.name for each in cases(scenario)]
    place = f" ({names.index(case.name) + 1} of {len(names)})" if case.name in names else ""
    values = ", ".join(f"{axis} {word}" for axis, word in case.values.items())
    lines = [*_paragraph(f"{scenario.name}: {scenario.summary}", style="title"), text()]
    if scenario.description:
        lines += [*map(text, paragraphs(scenario.description, WIDTH - 2)), text()]
    return [*lines, *_paragraph(f"case {case.name}{place}{': ' if values else ''}{values}", style="title")]


def _skipped(scenario: Scenario, case: NamedCase, page_size: str, reason: str) -> Iterator[Line]:
    """The lines about a case that a machine cannot have."""
    sizes = []
    for size in PAGE_SIZES:
        try:
            account.window(scenario, case, size)
            sizes.append(size)
        except ValueError:
            continue
    yield text()
    yield from _paragraph(f"With {page_size.upper()} pages its tests are skipped: {reason}.")
    if sizes:
        yield from _paragraph(f"With others they are not: --page-size {' or '.join(sizes)}.")


def _marks(window: Window, told: Account) -> dict[tuple[str, str], str]:
    """A row for each range and selection of the steps, by its kind and its word."""
    nr = len(window.folios)
    marks = {}
    for kind, word in (pair for step in told.told for pair in step.words.items() if pair[1] not in _TRIVIAL):
        if kind == "range":
            first, end = window.span(word)
            marks[kind, word] = f"{'^' * (end - first):>{end}}{'':{nr - end}}"
        if kind == "pages":
            marks[kind, word] = "".join(" x"[window.has(page, word)] for page in range(nr))
    return marks


def _memory(columns: Columns, marks: Mapping[tuple[str, str], str], page_size: str) -> Iterator[Line]:
    window = columns.window
    nr = len(window.folios)
    yield from _heading("memory")
    yield from _paragraph(
        f"{nr} pages of {page_size.upper()}, {window.boundary} of them below a PMD boundary.", _MARGIN
    )
    for kind, by in ("pmd_thp", "a PMD"), ("pte_thp", "PTEs"):
        if kind in window.kinds:
            yield from _paragraph(f"A folio of {window.pmd} pages is as large as a PMD, and mapped by {by}.", _MARGIN)
    for (kind, word), row in marks.items():
        pages = part(window, word) if kind == "range" else count(row.count("x"))
        yield from _paragraph(f"{kind} {word}: {pages}, {meaning(kind, word)}.", _MARGIN)
    for block in range(len(columns.blocks)):
        yield text()
        yield from columns.head(block)
        yield from columns.contpte(block)
        for (_, word), row in marks.items():
            if columns.differs(block, row, " " * nr):
                yield from columns.row(block, word, row, "mark")


def _legend(columns: Columns, told: Account) -> Iterator[Line]:
    yield from _heading("rows")
    signs = [sign for char, sign in _FOLIOS.items() if char in folio_row(columns.window)]
    if columns.is_folded:
        signs.append(f"{TIMES}N: what stands before it comes N times")
    used: dict[str, set[str]] = {}
    for name, row in (pair for step in told.told for own in step.state.values() for pair in own.items()):
        used.setdefault(name, set()).update(row)
    names = {
        "folio": "; ".join([*signs, "# the PMD boundary"]),
        "contpte": f"| where a block of {columns.window.contpte} pages begins",
        **legend(used),
    }
    for name, about in names.items():
        first, *more = textwrap.wrap(about, WIDTH - 1 - _MARGIN - _NAME, break_on_hyphens=False)
        for label, words in [(name, first), *(("", words) for words in more)]:
            yield (Span(f"{' ' * _MARGIN}{label:{_NAME}}", "label"), Span(words))


def _steps(title: str, told: Iterable[Told], columns: Columns, before: State, number: int) -> Iterator[Line]:
    yield from _heading(title)
    for step in told:
        yield text()
        first, *more = textwrap.wrap(step.title, WIDTH - 1 - _BELOW_NUMBER, break_on_hyphens=False)
        yield text(f"{number:2}. {first}", "step")
        for line in more:
            yield text(" " * _BELOW_NUMBER + line, "step")
        yield from _paragraph(step.story, _BELOW_NUMBER)
        yield from _changes(columns, before, step.state)
        before, number = step.state, number + 1


def _changes(columns: Columns, before: State, after: State) -> Iterator[Line]:
    """The rows that differ, in the blocks where they do."""
    for block in range(len(columns.blocks)):
        lines: list[Line] = []
        for process, own in after.items():
            was = before.get(process)
            changed = [name for name, row in own.items() if not was or columns.differs(block, row, was[name])]
            if changed and len(after) > 1:
                lines.append(text(f"{' ' * _MARGIN}{who(process)}", "label"))
            for name in changed:
                lines += columns.row(block, name, own[name], name)
        if lines:
            yield text()
            yield from columns.head(block)
            yield from lines


def _not_told(verbs: Iterable[str]) -> Iterator[Line]:
    if names := " and ".join(verbs):
        yield text()
        yield from _paragraph(
            f"Not told page by page: the states of {names}. Their pages have a ? in the rows. The steps say what the "
            "verbs are about, and docs/states.md what must hold of each state."
        )


def _heading(words: str) -> Iterator[Line]:
    yield text()
    yield text(words, "title")


def _paragraph(words: str, margin: int = 0, style: str = "") -> Iterator[Line]:
    blanks = " " * margin
    for line in textwrap.wrap(words, WIDTH - 1 - margin, break_on_hyphens=False):
        yield text(blanks + line, style)
