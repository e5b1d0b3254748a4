# SPDX-License-Identifier: GPL-2.0-only
"""`ksftci junit` and `ksftci report`, which read logs; and the reports to GitHub that `ksftci run` gives as well."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from ksftci.cli.base import HistoryOption, KnownOption, app, out, say
from ksftci.cli.groups import need_folders
from ksftci.formats import junit, record
from ksftci.host.files import write_whole
from ksftci.report import annotations, html, markdown, terminal
from ksftci.results.judge import Judge
from ksftci.results.merge import merge
from ksftci.results.model import UNREAD, ProgramRun, Run, exit_status, program_runs
from plainprint import github

SummaryOption = Annotated[
    Path | None,
    typer.Option(
        "--summary",
        metavar="FILE",
        help="Append a summary in Markdown to this file, such as $GITHUB_STEP_SUMMARY; it stays within GitHub's 1 MiB.",
    ),
]
AnnotationsOption = Annotated[
    bool,
    typer.Option("--annotations", help="Print GitHub's workflow commands for failures, as many as GitHub shows."),
]


@app.command("junit")
def junit_command(
    logs: Annotated[list[Path], typer.Argument(metavar="LOG...", help="KTAP from any runner, or JUnit XML.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="XML", help="The file to write.")],
    known: KnownOption = None,
) -> None:
    """Turn KTAP logs into JUnit XML. It also reads JUnit XML, of ksftci or of another program.

    The exit status is 0 even if tests failed, 1 if lines that look like results could not be read, and 3 if one of the
    logs has no result.

    Example: ksftci junit console.log -o results.xml
    """
    runs: list[Run] = []
    empty: list[Path] = []
    if known is None and len(logs) == 1 and record.streams(logs[0]) < 2:
        suites = _Counted(record.stream(logs[0]))
        junit.write(suites, output)
        runs = suites.runs
        empty = [] if suites.results else logs
    else:
        runs = _read(logs, Judge.read(known), empty)
        junit.write(program_runs(runs), output)
    for anomaly in (anomaly for run in runs for anomaly in run.anomalies if UNREAD in anomaly):
        say(f"ksftci: {anomaly}")
    for log in empty:
        say(f"ksftci: {log}: no result of a test is in it")
    if empty or any(run.unread for run in runs):
        raise typer.Exit(3 if empty else 1)


@app.command("report")
def report_command(
    logs: Annotated[list[Path], typer.Argument(metavar="LOG...", help="KTAP from any runner, or JUnit XML.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", "--html", metavar="HTML", help="Also write an HTML page.")
    ] = None,
    summary: SummaryOption = None,
    annotate: AnnotationsOption = False,
    known: KnownOption = None,
    history: HistoryOption = None,
) -> None:
    """Show the results in KTAP logs: as tables, as an HTML page, or on GitHub. The exit status is as for `ksftci run`.

    Several logs of one kernel, such as the logs of its shards, are shown as one run.

    Example: ksftci report shard-*.log --html report.html --summary $GITHUB_STEP_SUMMARY --annotations
    """
    need_folders(output, summary)
    runs = _read(logs, Judge.read(known, history))
    terminal.show(runs, out)
    if output is not None:
        write_whole(output, html.render(runs))
    tell_github(runs, summary, annotate)
    raise typer.Exit(exit_status(runs))


def tell_github(runs: Sequence[Run], summary: Path | None, annotate: bool) -> None:
    """Write the summary and print the annotations, if the options say so."""
    if summary:
        markdown.append(summary, runs)
    if annotate:
        for command in annotations.render(runs, Path.cwd()):
            github.command(command)


class _Counted:
    """Suites that pass, and what they have in all."""

    def __init__(self, suites: Iterable[ProgramRun]) -> None:
        self._suites = suites
        self.results = 0
        self.runs: list[Run] = []

    def __iter__(self) -> Iterator[ProgramRun]:
        for suite in self._suites:
            self.results += len(suite.results)
            if not self.runs or self.runs[-1] is not suite.run:
                self.runs.append(suite.run)
            yield suite


def _read(logs: list[Path], judge: Judge, empty: list[Path] | None = None) -> list[Run]:
    """The runs in all logs; those logs that have no result are added to `empty`."""
    parts: list[Run] = []
    for log in logs:
        found = _named(record.read(log), log, logs)
        if empty is not None and not any(run.results for run in found):
            empty.append(log)
        parts += found
    runs = merge(parts)
    for run in runs:
        judge.attempt(run)
    judge.finish(runs, date.today())
    return runs


def _named(runs: list[Run], log: Path, logs: list[Path]) -> list[Run]:
    """Runs of several logs that name no kernel get the names of their files as labels."""
    same = [other for other in logs if other.stem == log.stem]
    for run in runs:
        if len(logs) > 1 and not run.kernel:
            run.kernel = log.stem if len(same) == 1 else str(log)
    return runs
