# SPDX-License-Identifier: GPL-2.0-only
"""A comparison as tables in a terminal."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from itertools import groupby

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from ksftci.coverage.compare import Comparison, SourceLine
from ksftci.coverage.measure import MeasuredSuite

UNEXPLAINED = "nobody has said what it needs"


def show(found: Comparison, console: Console) -> None:
    """Print functions and programs with their lines and branches, and what is not executed, with the reason."""
    lines = list(found.lines())
    parts: list[RenderableType] = [_functions(found)]
    for suite in found.suites:
        parts += [Text(""), _programs(found, suite)]
        parts += [Text(f"{program}: not or not wholly counted: {why}") for program, why in suite.lost.items()]
    names = [suite.name for suite in found.suites]
    parts += _list("lines that no suite runs", lines, lambda line: line.missed)
    if len(names) > 1:
        for place, name in enumerate(names):
            parts += _list(f"lines that only {name} runs", lines, lambda line, p=place: _only(line, p))  # type: ignore[misc]
    parts += _list(
        "lines with branches that no suite takes", lines, lambda line: not line.missed and line.untaken() > 0
    )
    parts += [Text(text) for text in found.notes.stale]
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, Text))


def _only(line: SourceLine, place: int) -> bool:
    return bool(line.counts[place]) and sum(map(bool, line.counts)) == 1


def _table(*titles: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for place, title in enumerate(titles):
        table.add_column(title, justify="right" if place else "left", no_wrap=True)
    return table


def _functions(found: Comparison) -> Table:
    names = [suite.name for suite in found.suites]
    table = _table("function", "lines", *names, "branches", *names)
    totals = [suite.total for suite in found.suites]
    sums = [0] * (2 + 2 * len(names))
    for file, parts in groupby(found.parts, key=lambda part: part.file):
        table.add_row(Text(file, "dim"))
        for part in parts:
            ran = [len(part.ran(total)) for total in totals]
            taken = [len(part.taken(total)) for total in totals]
            row = [len(part.lines), *ran, len(part.branches), *taken]
            sums = [a + b for a, b in zip(sums, row, strict=True)]
            table.add_row(Text(f"  {part.function.name}"), *_cells(row, len(names)))
    table.add_row(Text("all", "bold"), *_cells(sums, len(names)))
    return table


def _cells(row: Sequence[int], suites: int) -> list[Text]:
    """How many there are, and of how many of them each suite's; what is complete is green, none red."""
    cells = []
    for start in (0, suites + 1):
        there = row[start]
        cells.append(Text(str(there), "dim"))
        for number in row[start + 1 : start + 1 + suites]:
            cells.append(Text(str(number), "green" if number == there else "bold red" if not number else ""))
    return cells


def _programs(found: Comparison, suite: MeasuredSuite) -> Table:
    """Each program of a suite: its results, and what it executes, also of what no other one of the suite does."""
    table = _table(suite.name, "pass", "bad", "other", "lines", "only it", "branches", "only it")
    results = {one.program: one.counts for one in suite.run.programs}
    ran = {name: {(p.file, n) for p in found.parts for n in p.ran(profile)} for name, profile in suite.profiles.items()}
    taken = {
        name: {(p.file, b) for p in found.parts for b in p.taken(profile)} for name, profile in suite.profiles.items()
    }
    for name in suite.profiles | results:
        counts = results.get(name, Counter())
        good = sum(number for verdict, number in counts.items() if verdict.value == "pass")
        bad = sum(number for verdict, number in counts.items() if verdict.bad)
        row = [good, bad, sum(counts.values()) - good - bad, *_own(name, ran), *_own(name, taken)]
        table.add_row(Text(name), *map(str, row))
    return table


def _own(name: str, sets: Mapping[str, Set[object]]) -> tuple[int, int]:
    mine = sets.get(name, set())
    others = frozenset[object]().union(*(found for other, found in sets.items() if other != name))
    return len(mine), len(mine - others)


def reason(line: SourceLine) -> str:
    """The state that a line, or a branch of it, needs."""
    if line.note is None:
        return UNEXPLAINED
    return f"{line.note.needs}: {line.note.why}" if line.note.why else line.note.needs


def _list(title: str, lines: Iterable[SourceLine], wanted: Callable[[SourceLine], bool]) -> list[Text]:
    """The wanted lines; neighbours in one function with one reason are one entry."""
    entries: list[list[SourceLine]] = []
    last: SourceLine | None = None
    for line in lines:
        if wanted(line):
            joins = last is not None and (last.file, last.function, last.note) == (line.file, line.function, line.note)
            if not (joins and entries and entries[-1][-1] is last):
                entries.append([])
            entries[-1].append(line)
        last = line
    count = sum(map(len, entries))
    shown = [Text(""), Text(f"{count} {title}" if count else f"no {title}", "bold")]
    for group in entries:
        first, end = group[0], group[-1]
        span = f"{first.number}-{end.number}" if end is not first else str(first.number)
        shown.append(Text(f"{first.file}:{span} {first.function}()  {reason(first)}"))
    return shown
