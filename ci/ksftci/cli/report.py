# SPDX-License-Identifier: GPL-2.0-only
"""What reads logs: `ksftci junit`, `ksftci report`."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from ksftci import html, junit, record, report
from ksftci.cli.base import KnownOption, app, out
from ksftci.files import write_whole
from ksftci.known import KnownIssues
from ksftci.merge import merge
from ksftci.results import Run, exit_status


@app.command("junit")
def junit_command(
    logs: Annotated[list[Path], typer.Argument(metavar="LOG...", help="KTAP from any runner, or JUnit XML.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="XML", help="The file to write.")],
    known: KnownOption = None,
) -> None:
    """Turn KTAP logs into JUnit XML; JUnit XML of ours or others is read, too.

    Example: ksftci junit console.log -o results.xml
    """
    if len(logs) == 1 and known is None:  # however large: one program's results are in memory at a time
        junit.write(record.stream(logs[0]), output)
    else:
        junit.write((suite for run in _read(logs, known) for suite in run.suites), output)


@app.command("report")
def report_command(
    logs: Annotated[list[Path], typer.Argument(metavar="LOG...", help="KTAP from any runner, or JUnit XML.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="HTML", help="Write a page too.")] = None,
    known: KnownOption = None,
) -> None:
    """Show KTAP logs as tables, and as a page. The exit status is that of run.

    Several logs of one kernel, such as those of its shards, are shown as one run.
    """
    runs = _read(logs, known)
    report.show(runs, out)
    if output is not None:
        write_whole(output, html.render(runs))
    raise typer.Exit(exit_status(runs))


def _read(logs: list[Path], known: Path | None) -> list[Run]:
    issues = KnownIssues.read(known) if known else None
    runs = merge(run for log in logs for run in _named(record.read(log), log, logs))
    if issues is not None:
        for run in runs:
            issues.judge(run)
        issues.check(runs, date.today())
    return runs


def _named(runs: list[Run], log: Path, logs: list[Path]) -> list[Run]:
    """Of several logs, those that name no kernel are told apart by their files' names."""
    same = [other for other in logs if other.stem == log.stem]
    for run in runs:
        if len(logs) > 1 and not run.kernel:
            run.kernel = log.stem if len(same) == 1 else str(log)
    return runs
