# SPDX-License-Identifier: GPL-2.0-only
"""Results as tables in a terminal."""

from collections import Counter
from collections.abc import Sequence

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from ksftci.results import Run, Verdict, differing

_COLOURS = {
    Verdict.PASS: "green",
    Verdict.XFAIL: "green",
    Verdict.SKIP: "yellow",
    Verdict.XPASS: "yellow",
}
_COLUMNS = (
    ("pass", (Verdict.PASS, Verdict.XPASS)),
    ("fail", (Verdict.FAIL,)),
    ("skip", (Verdict.SKIP,)),
    ("xfail", (Verdict.XFAIL,)),
    ("broken", (Verdict.TIMEOUT, Verdict.CRASH, Verdict.ERROR)),
    ("not run", (Verdict.NOT_RUN,)),
)
_FAILURES_SHOWN = 50
_REASONS_SHOWN = 20
_LOG_LINES_SHOWN = 12


def show(runs: Sequence[Run], console: Console) -> None:
    """Print failures with the end of their logs, skip reasons, what is odd, and the table."""
    parts: list[RenderableType] = [*_failures(runs), *_skips(runs), *_oddities(runs)]
    parts += [*_known(runs), *_flaky(runs), *_flakes(runs), _table(runs)]
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, Text))


def skip_reasons(runs: Sequence[Run]) -> list[tuple[str, int]]:
    """(reason, how many tests), most frequent first."""
    reasons = Counter(r.reason or "no reason given" for run in runs for r in run.results if r.verdict is Verdict.SKIP)
    return reasons.most_common()


def _table(runs: Sequence[Run]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("kernel", overflow="fold")
    table.add_column("program", overflow="fold")
    for title, _ in _COLUMNS:
        table.add_column(title, justify="right")
    table.add_column("seconds", justify="right")
    for suite in (suite for run in runs for suite in run.suites):
        counts = suite.counts
        cells = [_cell(sum(counts[v] for v in verdicts), verdicts[0]) for _, verdicts in _COLUMNS]
        table.add_row(escape(suite.run.label), escape(suite.program), *cells, f"{suite.seconds:.1f}")
    return table


def _cell(count: int, verdict: Verdict) -> Text:
    if not count:
        return Text("-", style="dim")
    return Text(str(count), style=_COLOURS.get(verdict, "bold red"))


def _failures(runs: Sequence[Run]) -> list[RenderableType]:
    bad = [(run, result) for run in runs for result in run.results if result.verdict.bad]
    parts: list[RenderableType] = []
    not_run: dict[tuple[str, str, str], int] = {}
    shown = 0
    for run, result in bad:
        if result.verdict is Verdict.NOT_RUN:
            key = (run.label, result.program, result.reason)
            not_run[key] = not_run.get(key, 0) + 1
            continue
        shown += 1
        if shown > _FAILURES_SHOWN:
            continue
        place = f" at {result.file}:{result.line}" if result.file else ""
        head = Text(f"{result.verdict.value.upper()} ", style="bold red")
        head.append(f"{result.id}", style="bold")
        head.append(f" on {run.label}{place}", style="default")
        parts.append(head)
        if result.reason:
            parts.append(Text(f"    {result.reason}"))
        parts += [Text(f"    | {line}", style="dim") for line in result.log[-_LOG_LINES_SHOWN:]]
    if shown > _FAILURES_SHOWN:
        parts.append(Text(f"... and {shown - _FAILURES_SHOWN} failures more", style="bold red"))
    for (label, program, reason), count in not_run.items():
        parts.append(Text(f"NOT RUN {program} on {label}: {_tests(count)}, {reason}", style="red"))
    return [*parts, Text()] if parts else []


def _skips(runs: Sequence[Run]) -> list[RenderableType]:
    reasons = skip_reasons(runs)
    lines = [Text(f"  {count:5}  {reason}") for reason, count in reasons[:_REASONS_SHOWN]]
    if rest := sum(count for _, count in reasons[_REASONS_SHOWN:]):
        lines.append(Text(f"  {rest:5}  for other reasons"))
    return [Text("skipped:", style="yellow"), *lines, Text()] if lines else []


def _oddities(runs: Sequence[Run]) -> list[RenderableType]:
    lines = [Text(f"  {run.label}: {note}") for run in runs for note in run.anomalies]
    return [Text("odd in the KTAP:", style="yellow"), *lines, Text()] if lines else []


def _known(runs: Sequence[Run]) -> list[RenderableType]:
    counts = Counter((r.verdict, r.known) for run in runs for r in run.results if r.known)
    words = {Verdict.XFAIL: "failed, as is known", Verdict.XPASS: "passed, which is not expected"}
    lines = [
        Text(f"  {count:5}  {words[verdict]}: {known}")
        for (verdict, known), count in counts.items()
        if verdict in words
    ]
    return [Text("known issues:", style="yellow"), *lines, Text()] if lines else []


def _flaky(runs: Sequence[Run]) -> list[RenderableType]:
    lines = [
        Text(
            f"flaky: {r.id} on {run.label}: {', then '.join(v.value for v in [*r.earlier, r.verdict])}",
            style="bold red",
        )
        for run in runs
        for r in run.results
        if r.flaky
    ]
    return [*lines, Text()] if lines else []


def _flakes(runs: Sequence[Run]) -> list[RenderableType]:
    lines = []
    for (kernel, test), verdicts in differing(runs).items():
        words = ", ".join(v.value if v else "absent" for v in verdicts)
        lines.append(Text(f"  {test} on {kernel}: {words}"))
    head = Text("not the same in every run:", style="bold red")
    return [head, *lines, Text()] if lines else []


def _tests(count: int) -> str:
    return f"{count} test{'' if count == 1 else 's'}"
