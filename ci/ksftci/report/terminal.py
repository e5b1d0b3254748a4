# SPDX-License-Identifier: GPL-2.0-only
"""Results as tables in a terminal."""

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from ksftci.formats.junittext import legal
from ksftci.report import findings
from ksftci.report.chart import charts
from ksftci.report.findings import COLUMNS, Finding, some
from ksftci.results.model import Measurement, Run, Verdict

_COLOURS = {
    Verdict.PASS: "green",
    Verdict.XFAIL: "green",
    Verdict.SKIP: "yellow",
    Verdict.XPASS: "yellow",
}
_FAILURES_SHOWN = 50
_LINES_SHOWN = 20  # of every other list
_LOG_LINES_SHOWN = 12
_SUITES_SHOWN = 40  # rows of kernels and programs; with more, a row for each kernel
_KERNELS_SHOWN = 40
_KERNELS_MEASURED = 8  # columns


def show(runs: Sequence[Run], console: Console) -> None:
    """Print failures with the end of their logs, what was skipped, known or odd, and the table."""
    parts: list[RenderableType] = [*failures(runs), *_not_run(runs), *_known(runs), *_skips(runs), *_oddities(runs)]
    parts += [
        *_unsteady(runs),
        *_measured(runs),
        *_unusual(runs),
        *_table(runs, console.width),
        _line(""),
        _line(findings.headline(runs), style="bold"),
    ]
    say(parts, console)


def say(parts: Iterable[RenderableType], console: Console) -> None:
    """Print such parts; a line is not wrapped."""
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, Text))


def _line(text: str, style: str = "") -> Text:
    """One line whatever the text holds: no control characters, no markup."""
    return Text(legal(text.replace("\n", " ")), style=style)


def _table(runs: Sequence[Run], width: int) -> list[RenderableType]:
    """A row for each kernel and program; for each kernel when those are too many."""
    rows = [(suite.run.label, suite.program, suite.counts, suite.seconds) for run in runs for suite in run.programs]
    folded = len(rows) > _SUITES_SHOWN
    if folded:
        rows = [(run.label, "", run.counts, findings.seconds(run)) for run in runs]
        rows.sort(key=lambda row: not _bad(row[2]))
    total = sum((counts for _, _, counts, _ in rows), Counter[Verdict]())
    columns = [(title, group) for title, group in COLUMNS if title in ("pass", "fail", "skip") or _sum(total, group)]
    gap = 2 if width > 80 else 1
    table = Table(box=None, padding=(0, gap, 0, 0), pad_edge=False, header_style="bold")
    for title in ("kernel",) if folded else ("kernel", "program"):
        table.add_column(title, overflow="fold")
    for title, _ in columns:
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("seconds", justify="right", no_wrap=True)
    for kernel, program, counts, seconds in rows[: _KERNELS_SHOWN if folded else None]:
        cells = [_cell(_sum(counts, group), group[0]) for _, group in columns]
        names = [_line(kernel)] if folded else [_line(kernel), _line(program)]
        table.add_row(*names, *cells, f"{seconds:.1f}")
    rest = rows[_KERNELS_SHOWN:] if folded else []
    if not rest:
        return [table]
    failed = sum(1 for _, _, counts, _ in rest if _bad(counts))
    return [table, _line(f"... and {len(rest)} kernels more, {failed or 'none'} of them with failures", "dim")]


def _sum(counts: Counter[Verdict], verdicts: Iterable[Verdict]) -> int:
    return sum(counts[verdict] for verdict in verdicts)


def _bad(counts: Counter[Verdict]) -> bool:
    return any(verdict.bad and number for verdict, number in counts.items())


def _cell(count: int, verdict: Verdict) -> Text:
    if not count:
        return Text("-", style="dim")
    return Text(str(count), style=_COLOURS.get(verdict, "bold red"))


def failures(runs: Sequence[Run], most: int = _FAILURES_SHOWN) -> list[RenderableType]:
    """Lines for each failure, with the end of its log; an empty one last if there are any."""
    bad = findings.failures(runs)
    parts: list[RenderableType] = []
    for finding in bad[:most]:
        result = finding.first
        place = f" at {result.file}:{result.line}" if result.file else ""
        head = Text(f"{result.verdict.value.upper()} ", style="bold red")
        head.append_text(_line(result.id, "bold"))
        head.append_text(_line(f" on {some(finding.kernels)}{place}", "not bold default"))
        parts.append(head)
        if result.reason:
            parts.append(_line(f"    {result.reason}"))
        if result.flaky:
            parts.append(_line(f"    before: {', '.join(v.value for v in result.earlier)}", "yellow"))
        parts += [_line(f"    | {line}", "dim") for line in findings.excerpt(result, _LOG_LINES_SHOWN)]
    if len(bad) > most:
        parts.append(_line(f"... and {len(bad) - most} failures more", "bold red"))
    return [*parts, Text()] if parts else []


def _not_run(runs: Sequence[Run]) -> list[RenderableType]:
    lines = [
        _line(f"  {len(finding.found):5}  {_what(finding)} on {some(finding.kernels)}: {finding.title}")
        for finding in findings.not_run(runs)
    ]
    return _list("not run:", lines, "bold red")


def _what(finding: Finding) -> str:
    return some(list(dict.fromkeys(result.program for _, result in finding.found)))


def _known(runs: Sequence[Run]) -> list[RenderableType]:
    issues = [
        _line(f"  {len(finding.found):5}  {finding.title} on {some(finding.kernels)}")
        for finding in findings.known(runs)
    ]
    passed = [
        _line(f"  {finding.title} on {some(finding.kernels)}{finding.first.known and ': '}{finding.first.known}")
        for finding in findings.unexpected(runs)
    ]
    return [
        *_list("known issues:", issues, "yellow"),
        *_list("passed although a failure was expected:", passed, "yellow"),
    ]


def _skips(runs: Sequence[Run]) -> list[RenderableType]:
    """A line for each capability that is missing, and which kernels miss it unless all do."""
    lines = []
    for finding in findings.missing(runs):
        reasons = finding.reasons
        text = reasons[0][0] if len(reasons) == 1 else f"{finding.title}, {len(reasons)} reasons"
        where = "" if len(finding.kernels) == len(runs) else f" on {some(finding.kernels)}"
        lines.append(_line(f"  {len(finding.found):5}  {text or finding.title}{where}"))
    return _list("skipped:", lines, "yellow")


def _oddities(runs: Sequence[Run]) -> list[RenderableType]:
    lines = [_line(f"  {run.label}: {note}") for run in runs for note in run.anomalies]
    return _list("odd in the KTAP:", lines, "yellow")


def _unsteady(runs: Sequence[Run]) -> list[RenderableType]:
    found = findings.unsteady(runs)
    flaky = [_line(f"flaky: {one.test} on {one.kernel}: {one.words}", "bold red") for one in found if one.retried]
    differ = [_line(f"  {one.test} on {one.kernel}: {one.words}") for one in found if not one.retried]
    return [
        *_list("", flaky, ""),
        *_list("not the same in every run:", differ, "bold red"),
    ]


def _measured(runs: Sequence[Run]) -> list[RenderableType]:
    """A table for each measurement: tests down, kernels across; "!" stands behind what is unusual."""
    parts: list[RenderableType] = []
    for chart in charts(runs):
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
        table.add_column(Text(legal(chart.title)), overflow="fold")
        for kernel in chart.kernels[:_KERNELS_MEASURED]:
            table.add_column(Text(legal(kernel)), justify="right", overflow="fold")
        for test, row in list(chart.rows.items())[:_LINES_SHOWN]:
            table.add_row(_line(test), *map(_number, row[:_KERNELS_MEASURED]))
        parts.append(table)
        for shown, all_of_them, what in (
            (_LINES_SHOWN, chart.rows, "tests"),
            (_KERNELS_MEASURED, chart.kernels, "kernels"),
        ):
            if len(all_of_them) > shown:
                parts.append(_line(f"... and {len(all_of_them) - shown} {what} more", "dim"))
        parts.append(Text())
    return parts


def _number(one: Measurement | None) -> Text:
    if one is None:
        return Text("-", style="dim")
    return Text(f"{one.digits}!", style="yellow") if one.unusual else Text(one.digits)


def _unusual(runs: Sequence[Run]) -> list[RenderableType]:
    lines = [_line(f"  {finding.title} on {some(finding.kernels)}") for finding in findings.unusual(runs)]
    return _list("measured far from what is usual:", lines, "yellow")


def _list(title: str, lines: Sequence[Text], style: str) -> list[RenderableType]:
    """A title if there is one, as many lines as are shown, how many are not, and an empty line."""
    if not lines:
        return []
    rest = len(lines) - _LINES_SHOWN
    more = [_line(f"  ... and {rest} more", "dim")] if rest > 0 else []
    head = [Text(title, style=style)] if title else []
    return [*head, *lines[:_LINES_SHOWN], *more, Text()]
