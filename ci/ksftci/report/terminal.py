# SPDX-License-Identifier: GPL-2.0-only
"""Results as tables in a terminal."""

from collections.abc import Iterable, Sequence

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from ksftci.report import findings, tally, unbroken
from ksftci.report.chart import Chart, charts
from ksftci.report.findings import Finding, first_names
from ksftci.report.pagemap import wrong_pages
from ksftci.results.model import Measurement, Run
from plainprint.text import visible

_FAILURES_SHOWN = 50
_LINES_SHOWN = 20  # of every other list
_LOG_LINES_SHOWN = 12
_KERNELS_MEASURED = 8  # columns


def show(runs: Sequence[Run], console: Console) -> None:
    """Print all findings, failures with the end of their logs, then the table of programs and the headline."""
    parts: list[RenderableType] = [*failures(runs), *_not_run(runs), *_known_issues(runs), *_expected(runs)]
    parts += [
        *_skips(runs),
        *_anomalies(runs),
        *_unsteady(runs),
        *_measurements(runs, console.width),
        *_unusual(runs),
        *tally.table(runs, console.width),
        _line(""),
        _line(findings.headline(runs), style="bold"),
    ]
    say(parts, console)


def say(parts: Iterable[RenderableType], console: Console) -> None:
    """Print the parts of a report. Lines are not wrapped, so that they can be searched and copied."""
    for part in parts:
        unbroken.show(part, console)


def _line(text: str, style: str = "") -> Text:
    """The text in one line, without control characters and without markup."""
    return Text(visible(text.replace("\n", " ")), style=style)


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
        parts += _log(findings.excerpt(result, _LOG_LINES_SHOWN))
    if len(failed) > most:
        parts.append(_line(f"... and {len(failed) - most} more failures", "bold red"))
    return [*parts, Text()] if parts else []


def _log(lines: Sequence[str]) -> list[Text]:
    """The lines of a log, dim but for page maps, in which the wrong pages are red in all rows."""
    wrong = wrong_pages(lines)
    shown = []
    for number, line in enumerate(lines):
        text = _line(line, "" if number in wrong else "dim")
        for start, end in wrong.get(number, ()):
            text.stylize("bold red", start, end)
        shown.append(Text.assemble(("    | ", "dim"), text))
    return shown


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


def _measurements(runs: Sequence[Run], width: int) -> list[RenderableType]:
    """A table for each chart: tests down, kernels across. "!" marks an unusual measurement."""
    parts: list[RenderableType] = []
    all_charts = charts(runs)
    for chart in all_charts[:_LINES_SHOWN]:
        parts += _chart(chart, width)
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


def _chart(chart: Chart, width: int) -> list[Table]:
    """The tables of a chart, one below the other, each with as many kernels as fit into the width, but one at least."""
    tables: list[Table] = []
    first = 0
    shown = min(len(chart.kernels), _KERNELS_MEASURED)
    while first < shown:
        last = first + 1
        while last < shown and unbroken.width(_columns(chart, first, last + 1)) <= width:
            last += 1
        tables.append(_columns(chart, first, last))
        first = last
    return tables


def _columns(chart: Chart, first: int, last: int) -> Table:
    """The measurements of some of the kernels."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    table.add_column(Text(visible(chart.title)))
    for kernel in chart.kernels[first:last]:
        table.add_column(Text(visible(kernel)), justify="right")
    for test, row in list(chart.rows.items())[:_LINES_SHOWN]:
        table.add_row(_line(test), *map(_number, row[first:last]))
    return table


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
