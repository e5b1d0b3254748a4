# SPDX-License-Identifier: GPL-2.0-only
"""`ksftci junit` and `ksftci report`, which read logs; and the reports to GitHub that `ksftci run` gives as well."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from ksftci.cli.base import HistoryOption, KnownOption, app, err, out, say
from ksftci.cli.groups import check_files
from ksftci.formats import junit, record
from ksftci.formats.log import opened
from ksftci.formats.logs import no_result
from ksftci.formats.logs import read as read_logs
from ksftci.host.files import STANDARD, write_all, write_whole
from ksftci.report import annotations, html, markdown, terminal
from ksftci.results.judge import Judge
from ksftci.results.merge import merge
from ksftci.results.model import UNREAD, ProgramRun, Run, exit_status, program_runs
from plainprint import github

LogsArgument = Annotated[
    list[Path],
    typer.Argument(metavar="LOG...", help="KTAP from any runner, or JUnit XML; - is the standard input."),
]
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
    logs: LogsArgument,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="XML", help="The file to write; - is the standard output.")
    ] = STANDARD,
    known: KnownOption = None,
) -> None:
    """Turn KTAP logs into JUnit XML. It also reads JUnit XML, of ksftci or of another program.

    The exit status is 0 even if tests failed, 1 if lines that look like results, or one of several logs, could not be
    read, and 3 if one of the logs has no result.

    Examples:

      ksftci junit console.log -o results.xml

      ssh board run_vmtests.sh | ksftci junit - > results.xml
    """
    check_files([output], [*logs, known])
    judge = Judge.read(known)
    problems: list[str] = []
    if known is None and len(logs) == 1:
        with opened(logs[0]) as log:
            if record.streams(log) < 2:
                suites = _Counted(record.suites(log))
                junit.write(suites, output)
                runs, empty = suites.runs, [] if suites.results else logs
            else:
                runs, empty = _judged(record.runs(log), judge), []
                junit.write(program_runs(runs), output)
    else:
        read_runs, problems, empty = read_logs(logs)
        runs = _judged(read_runs, judge)
        junit.write(program_runs(runs), output)
    unread = [anomaly for run in runs for anomaly in run.anomalies if UNREAD in anomaly]
    nothing = list(map(no_result, empty))
    for sentence in dict.fromkeys([*unread, *problems, *nothing]):
        say(f"ksftci: {sentence}")
    if unread or problems or nothing:
        raise typer.Exit(3 if nothing else 1)


@app.command("report")
def report_command(
    logs: LogsArgument,
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
    check_files([output, summary], [*logs, known, history])
    judge = Judge.read(known, history)
    read_runs, problems, empty = read_logs(logs)
    runs = _judged(read_runs, judge)
    for log in [] if any(run.results for run in runs) else empty:
        say(f"ksftci: {no_result(log)}")
    try:
        terminal.show(runs, err if STANDARD in (output, summary) else out)
    finally:  # a terminal that cannot be written to costs no file
        write_reports([(output, lambda file: write_whole(file, html.render(runs)))], runs, summary, annotate)
    raise typer.Exit(exit_status(runs) or int(bool(problems)))


def write_reports(
    files: Iterable[tuple[Path | None, Callable[[Path], None]]],
    runs: Sequence[Run],
    summary: Path | None,
    annotate: bool,
) -> None:
    """Write the files of the options that are given, and the summary, and print the annotations.

    Raises one CiError for all that cannot be written, after everything else.
    """
    outputs = [*files, (summary, lambda file: markdown.append(file, runs))]
    try:
        write_all((file, write) for file, write in outputs if file is not None)
    finally:
        if annotate:
            for command in annotations.render(runs, Path(os.curdir)):
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


def _judged(runs: Iterable[Run], judge: Judge) -> list[Run]:
    merged = merge(runs)
    for run in merged:
        judge.attempt(run)
    judge.finish(merged, date.today())
    for sentence in judge.unused(merged):
        say(sentence)
    return merged
