# SPDX-License-Identifier: GPL-2.0-only
"""Results as tables in a terminal."""

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from ksftci.report import findings
from ksftci.report.chart import charts
from ksftci.report.findings import COLUMNS, Finding, first_names
from ksftci.results.model import Measurement, Run, Verdict
from plainprint.text import visible

_COLOURS = {
    Verdict.PASS: "green",
    Verdict.XFAIL: "green",
    Verdict.SKIP: "yellow",
    Verdict.XPASS: "yellow",
}
_FAILURES_SHOWN = 50
_LINES_SHOWN = 20  # of every other list
_LOG_LINES_SHOWN = 12
_SUITES_SHOWN = 40  # rows for a kernel and a program; when there are more, each kernel has one row
_KERNELS_SHOWN = 40  # rows for a kernel
_KERNELS_MEASURED = 8  # columns


def show(runs: Sequence[Run], console: Console) -> None:
    """Print all findings, failures with the end of their logs, then the table of programs and the headline."""
    parts: list[RenderableType] = [*failures(runs), *_not_run(runs), *_known_issues(runs), *_expected(runs)]
    parts += [
        *_skips(runs),
        *_anomalies(runs),
        *_unsteady(runs),
        *_measurements(runs),
        *_unusual(runs),
        *_table(runs, console.width),
        _line(""),
        _line(findings.headline(runs), style="bold"),
    ]
    say(parts, console)


def say(parts: Iterable[RenderableType], console: Console) -> None:
    """Print the parts of a report. Lines are not wrapped, so that they can be searched and copied."""
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, Text))


def _line(text: str, style: str = "") -> Text:
    """The text in one line, without control characters and without markup."""
    return Text(visible(text.replace("\n", " ")), style=style)


def _table(runs: Sequence[Run], width: int) -> list[RenderableType]:
    """A row for each kernel and program; when there are too many, a row for each kernel, with failures first."""
    rows = [(suite.run.label, suite.program, suite.counts, suite.seconds) for run in runs for suite in run.programs]
    by_kernel = len(rows) > _SUITES_SHOWN
    if by_kernel:
        rows = [(run.label, "", run.counts, findings.duration(run)) for run in runs]
        rows.sort(key=lambda row: not _has_failures(row[2]))
    total = sum((counts for _, _, counts, _ in rows), Counter[Verdict]())
    columns = [(title, group) for title, group in COLUMNS if title in ("pass", "fail", "skip") or _sum(total, group)]
    gap = 2 if width > 80 else 1
    table = Table(box=None, padding=(0, gap, 0, 0), pad_edge=False, header_style="bold")
    for title in ("kernel",) if by_kernel else ("kernel", "program"):
        table.add_column(title, overflow="fold")
    for title, _ in columns:
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("seconds", justify="right", no_wrap=True)
    for kernel, program, counts, seconds in rows[: _KERNELS_SHOWN if by_kernel else None]:
        cells = [_cell(_sum(counts, group), group[0]) for _, group in columns]
        names = [_line(kernel)] if by_kernel else [_line(kernel), _line(program)]
        table.add_row(*names, *cells, f"{seconds:.1f}")
    rest = rows[_KERNELS_SHOWN:] if by_kernel else []
    if not rest:
        return [table]
    failed = sum(1 for _, _, counts, _ in rest if _has_failures(counts))
    return [table, _line(f"... and {len(rest)} more kernels, {failed or 'none'} of them with failures", "dim")]


def _sum(counts: Counter[Verdict], verdicts: Iterable[Verdict]) -> int:
    return sum(counts[verdict] for verdict in verdicts)


def _has_failures(counts: Counter[Verdict]) -> bool:
    return any(verdict.bad and number for verdict, number in counts.items())


def _cell(count: int, verdict: Verdict) -> Text:
    if not count:
        return Text("-", style="dim")
    return Text(str(count), style=_COLOURS.get(verdict, "bold red"))


def failures(runs: Sequence[Run], most: int = _FAILURES_SHOWN) -> list[RenderableType]:
    """Lines for each of the first `most` failures, with the end of its log, and an empty line after the last."""
    failed = findings.failures(runs)
    parts: list[RenderableType] = []
    for finding in failed[:most]:
        result = finding.first
        place = f" at {result.file}:{result.line}" if result.file else ""
        head = Text(f"{result.verdict.value.upper()} ", style="bold red")
        head.append_text(_line(result.id, "bold"))
        head.append_text(_line(f" on {first_names(finding.kernels)}{place}", "not bold default"))
        parts.append(head)
        if result.reason:
            parts.append(_line(f"    {result.reason}"))
        if result.flaky:
            parts.append(_line(f"    earlier attempts: {', '.join(v.value for v in result.earlier)}", "yellow"))
        parts += [_line(f"    | {line}", "dim") for line in findings.excerpt(result, _LOG_LINES_SHOWN)]
    if len(failed) > most:
        parts.append(_line(f"... and {len(failed) - most} more failures", "bold red"))
    return [*parts, Text()] if parts else []


def _not_run(runs: Sequence[Run]) -> list[RenderableType]:
    lines = [
        _line(f"  {len(finding.results):5}  {_programs(finding)} on {first_names(finding.kernels)}: {finding.title}")
        for finding in findings.not_run(runs)
    ]
    return _list("not run:", lines, "bold red")


def _programs(finding: Finding) -> str:
    return first_names(list(dict.fromkeys(result.program for _, result in finding.results)))


def _known_issues(runs: Sequence[Run]) -> list[RenderableType]:
    issues = [
        _line(f"  {len(finding.results):5}  {finding.title} on {first_names(finding.kernels)}")
        for finding in findings.known_issues(runs)
    ]
    passed = []
    for finding in findings.unexpected_passes(runs):
        issue = finding.first.known and f": {finding.first.known}"
        passed.append(_line(f"  {finding.title} on {first_names(finding.kernels)}{issue}"))
    return [
        *_list("known issues:", issues, "yellow"),
        *_list("passed although a failure was expected:", passed, "yellow"),
    ]


def _expected(runs: Sequence[Run]) -> list[RenderableType]:
    lines = [
        _line(f"  {len(finding.results):5}  {finding.title} on {first_names(finding.kernels)}")
        for finding in findings.expected_complaints(runs)
    ]
    return _list("complaints of the kernel that tests provoked, as expected:", lines, "green")


def _skips(runs: Sequence[Run]) -> list[RenderableType]:
    """A line for each missing capability. It names the kernels unless all of them miss the capability."""
    lines = []
    for finding in findings.missing_capabilities(runs):
        reasons = finding.reasons
        text = reasons[0][0] if len(reasons) == 1 else f"{finding.title}, {len(reasons)} reasons"
        where = "" if len(finding.kernels) == len(runs) else f" on {first_names(finding.kernels)}"
        lines.append(_line(f"  {len(finding.results):5}  {text or finding.title}{where}"))
    return _list("skipped:", lines, "yellow")


def _anomalies(runs: Sequence[Run]) -> list[RenderableType]:
    lines = [_line(f"  {run.label}: {anomaly}") for run in runs for anomaly in run.anomalies]
    return _list("anomalies:", lines, "yellow")


def _unsteady(runs: Sequence[Run]) -> list[RenderableType]:
    flaky, differing = [], []
    for unsteady in findings.unsteady_tests(runs):
        text = f"{unsteady.test} on {unsteady.kernel}: {unsteady.text}"
        if unsteady.retried:
            flaky.append(_line(f"flaky: {text}", "bold red"))
        else:
            differing.append(_line(f"  {text}"))
    return [
        *_list("", flaky, ""),
        *_list("differing between repeats:", differing, "bold red"),
    ]


def _measurements(runs: Sequence[Run]) -> list[RenderableType]:
    """A table for each chart: tests down, kernels across. "!" marks an unusual measurement."""
    parts: list[RenderableType] = []
    all_charts = charts(runs)
    for chart in all_charts[:_LINES_SHOWN]:
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
        table.add_column(Text(visible(chart.title)), overflow="fold")
        for kernel in chart.kernels[:_KERNELS_MEASURED]:
            table.add_column(Text(visible(kernel)), justify="right", overflow="fold")
        for test, row in list(chart.rows.items())[:_LINES_SHOWN]:
            table.add_row(_line(test), *map(_number, row[:_KERNELS_MEASURED]))
        parts.append(table)
        for count, shown, noun in (
            (len(chart.rows), _LINES_SHOWN, "tests"),
            (len(chart.kernels), _KERNELS_MEASURED, "kernels"),
        ):
            if count > shown:
                parts.append(_line(f"... and {count - shown} more {noun}", "dim"))
        parts.append(Text())
    if len(all_charts) > _LINES_SHOWN:
        parts.append(_line(f"... and {len(all_charts) - _LINES_SHOWN} more measurements", "dim"))
    return parts


def _number(measurement: Measurement | None) -> Text:
    if measurement is None:
        return Text("-", style="dim")
    return Text(f"{measurement.digits}!", style="yellow") if measurement.unusual else Text(measurement.digits)


def _unusual(runs: Sequence[Run]) -> list[RenderableType]:
    lines = [
        _line(f"  {finding.title} on {first_names(finding.kernels)}") for finding in findings.unusual_measurements(runs)
    ]
    return _list("unusual measurements:", lines, "yellow")


def _list(title: str, lines: Sequence[Text], style: str) -> list[RenderableType]:
    """The title, if there is one, the first lines, the number of the others, and an empty line; without lines []."""
    if not lines:
        return []
    rest = len(lines) - _LINES_SHOWN
    more = [_line(f"  ... and {rest} more", "dim")] if rest > 0 else []
    head = [Text(title, style=style)] if title else []
    return [*head, *lines[:_LINES_SHOWN], *more, Text()]
