# SPDX-License-Identifier: GPL-2.0-only
"""How many results each kernel and program has, as a table in a terminal."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ksftci.report import findings, unbroken
from ksftci.report.findings import COLUMNS
from ksftci.results.model import Run, Verdict
from plainprint.text import visible

_COLOURS = {
    Verdict.PASS: "green",
    Verdict.XFAIL: "green",
    Verdict.SKIP: "yellow",
    Verdict.XPASS: "yellow",
}
_SUITES_SHOWN = 40  # rows for a kernel and a program; when there are more, each kernel has one row
_KERNELS_SHOWN = 40  # rows for a kernel


@dataclass(frozen=True)
class _Row:
    kernel: str
    program: str
    counts: Counter[Verdict]
    seconds: float

    @property
    def failed(self) -> bool:
        return any(verdict.bad and number for verdict, number in self.counts.items())

    def cells(self, columns: Sequence[str]) -> list[Text]:
        """The cells of columns by their titles."""
        numbers = {title: _number(sum(self.counts[verdict] for verdict in group), group[0]) for title, group in COLUMNS}
        texts = {"kernel": _name(self.kernel), "program": _name(self.program), "seconds": Text(f"{self.seconds:.1f}")}
        return [{**texts, **numbers}[title] for title in columns]


def table(runs: Sequence[Run], width: int) -> list[RenderableType]:
    """A row for each kernel and program; when there are too many, a row for each kernel, with failures first.

    Where that is wider than `width`, the names of kernels stand above their rows.
    """
    rows = [_Row(suite.run.label, suite.program, suite.counts, suite.seconds) for run in runs for suite in run.programs]
    if len(rows) > _SUITES_SHOWN:
        return _by_kernel(runs, width)
    numbers = _numbers(rows)
    whole = _table(rows, ["kernel", "program", *numbers], width)
    if unbroken.width(whole) <= width:
        return [whole]
    columns = ["program", *numbers]
    cells = zip(*([Text(title) for title in columns], *(row.cells(columns) for row in rows)), strict=True)
    widths = [max(cell.cell_len for cell in column) for column in cells]
    parts: list[RenderableType] = [_table([], columns, width, widths)]
    for kernel, of_kernel in groupby(rows, key=lambda row: row.kernel):
        body = _table(list(of_kernel), columns, width, widths)
        body.show_header = False
        parts += [_name(f"{kernel}:"), body]
    return parts


def _by_kernel(runs: Sequence[Run], width: int) -> list[RenderableType]:
    rows = sorted(
        (_Row(run.label, "", run.counts, findings.duration(run)) for run in runs), key=lambda row: not row.failed
    )
    shown, rest = rows[:_KERNELS_SHOWN], rows[_KERNELS_SHOWN:]
    whole = _table(shown, ["kernel", *_numbers(rows)], width)
    failed = sum(row.failed for row in rest) or "none"
    more = f"... and {len(rest)} more kernels, {failed} of them with failures"
    return [whole, Text(more, "dim")] if rest else [whole]


def _numbers(rows: Iterable[_Row]) -> list[str]:
    """The titles of the columns of numbers; of most, only if there is a number in it."""
    return [*(title for title, _ in findings.columns(row.counts for row in rows)), "seconds"]


def _table(rows: Sequence[_Row], columns: Sequence[str], width: int, widths: Sequence[int] = ()) -> Table:
    """A table for a terminal of this width; `widths` are those that its columns have at least."""
    grid = Table(box=None, padding=(0, 2 if width > 80 else 1, 0, 0), pad_edge=False, header_style="bold")
    for index, title in enumerate(columns):
        least = widths[index] if widths else None
        if title in ("kernel", "program"):
            grid.add_column(title, no_wrap=True, min_width=least)
        else:
            grid.add_column(title, justify="right", no_wrap=True, min_width=least)
    for row in rows:
        grid.add_row(*row.cells(columns))
    return grid


def _number(count: int, verdict: Verdict) -> Text:
    return Text(str(count), style=_COLOURS.get(verdict, "bold red")) if count else Text("-", style="dim")


def _name(text: str) -> Text:
    return Text(visible(text.replace("\n", " ")))
