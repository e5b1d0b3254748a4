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
from ksftci.report import unbroken

UNEXPLAINED = "no note says what the line needs"


def show(comparison: Comparison, console: Console) -> None:
    """Print the functions, the programs of each suite, and the lines and branches that are not executed."""
    lines = list(comparison.lines())
    output: list[RenderableType] = [_functions(comparison)]
    for suite in comparison.suites:
        output += [Text(""), _programs(comparison, suite)]
        output += [Text(f"{program}: counters incomplete: {reason}") for program, reason in suite.lost.items()]
    names = [suite.name for suite in comparison.suites]
    output += _list("lines that no suite executes", lines, lambda line: line.unexecuted)
    if len(names) > 1:
        for index, name in enumerate(names):
            output += _list(f"lines that only {name} executes", lines, lambda line, i=index: _only(line, i))  # type: ignore[misc]
    output += _list(
        "lines with branches that no suite takes", lines, lambda line: not line.unexecuted and line.untaken() > 0
    )
    output += [Text(message) for message in comparison.notes.stale]
    for item in output:
        unbroken.show(item, console)


def _only(line: SourceLine, suite: int) -> bool:
    """Whether the suite of this index is the only one that executes the line."""
    return bool(line.counts[suite]) and sum(map(bool, line.counts)) == 1


def _table(*titles: str) -> Table:
    """An empty table whose first column is text and whose other columns are numbers."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for index, title in enumerate(titles):
        table.add_column(title, justify="right" if index else "left", no_wrap=True)
    return table


def _functions(comparison: Comparison) -> Table:
    names = [suite.name for suite in comparison.suites]
    table = _table("function", "lines", *names, "branches", *names)
    totals = [suite.total for suite in comparison.suites]
    sums = [0] * (2 + 2 * len(names))
    for file, functions in groupby(comparison.functions, key=lambda function: function.file):
        table.add_row(Text(file, "dim"))
        for function in functions:
            executed = [len(function.executed(total)) for total in totals]
            taken = [len(function.taken(total)) for total in totals]
            row = [len(function.lines), *executed, len(function.branches), *taken]
            sums = [a + b for a, b in zip(sums, row, strict=True)]
            table.add_row(Text(f"  {function.name}"), *_cells(row, len(names)))
    table.add_row(Text("all", "bold"), *_cells(sums, len(names)))
    return table


def _cells(row: Sequence[int], suites: int) -> list[Text]:
    """The numbers of a row, first for lines, then for branches: the total, and each suite's share of it.

    A complete share is green, an empty one red.
    """
    cells = []
    for start in (0, suites + 1):
        total = row[start]
        cells.append(Text(str(total), "dim"))
        for number in row[start + 1 : start + 1 + suites]:
            cells.append(Text(str(number), "green" if number == total else "bold red" if not number else ""))
    return cells


def _programs(comparison: Comparison, suite: MeasuredSuite) -> Table:
    """Each program of a suite: its results, the lines and branches it executes, and those that only it executes."""
    table = _table(suite.name, "pass", "bad", "other", "lines", "only it", "branches", "only it")
    results = {program.program: program.counts for program in suite.run.programs}
    functions = comparison.functions
    lines = {
        name: {(function.file, line) for function in functions for line in function.executed(profile)}
        for name, profile in suite.profiles.items()
    }
    branches = {
        name: {(function.file, branch) for function in functions for branch in function.taken(profile)}
        for name, profile in suite.profiles.items()
    }
    for name in suite.profiles | results:
        counts = results.get(name, Counter())
        passed = sum(number for verdict, number in counts.items() if verdict.value == "pass")
        bad = sum(number for verdict, number in counts.items() if verdict.bad)
        row = [passed, bad, sum(counts.values()) - passed - bad, *_sizes(name, lines), *_sizes(name, branches)]
        table.add_row(Text(name), *map(str, row))
    return table


def _sizes(name: str, executed: Mapping[str, Set[object]]) -> tuple[int, int]:
    """How many lines or branches the program of this name executes, and how many no other program does."""
    own = executed.get(name, set())
    others = frozenset[object]().union(*(items for other, items in executed.items() if other != name))
    return len(own), len(own - others)


def reason(line: SourceLine) -> str:
    """The state of memory that a line, or a branch of the line, needs."""
    if line.note is None:
        return UNEXPLAINED
    return f"{line.note.needs}: {line.note.why}" if line.note.why else line.note.needs


def _list(title: str, lines: Iterable[SourceLine], wanted: Callable[[SourceLine], bool]) -> list[Text]:
    """The wanted lines under a title; neighbours in one function with the same note are one entry."""
    entries: list[list[SourceLine]] = []
    previous: SourceLine | None = None
    for line in lines:
        if wanted(line):
            joins = previous is not None and _place(previous) == _place(line)
            if not (joins and entries and entries[-1][-1] is previous):
                entries.append([])
            entries[-1].append(line)
        previous = line
    count = sum(map(len, entries))
    output = [Text(""), Text(f"{count} {title}" if count else f"no {title}", "bold")]
    for entry in entries:
        first, last = entry[0], entry[-1]
        span = f"{first.number}-{last.number}" if last is not first else str(first.number)
        output.append(Text(f"{first.file}:{span} {first.function}()  {reason(first)}"))
    return output


def _place(line: SourceLine) -> tuple[object, ...]:
    return line.file, line.function, line.note
