# SPDX-License-Identifier: GPL-2.0-only
"""What reads logs: `ksftci junit`, `ksftci report`; and the reports that `run` gives, too."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from ksftci import annotations, html, junit, markdown, record, report
from ksftci.cli.base import app, out
from ksftci.files import write_whole
from ksftci.results import Run, exit_status

SummaryOption = Annotated[
    Path | None,
    typer.Option(
        "--summary",
        metavar="FILE",
        help="Append a summary in Markdown, as to $GITHUB_STEP_SUMMARY; the file stays within GitHub's 1 MiB.",
    ),
]
AnnotationsOption = Annotated[
    bool,
    typer.Option("--annotations", help="Print GitHub's workflow commands for failures, as many as GitHub shows."),
]


@app.command("junit")
def junit_command(
    logs: Annotated[list[Path], typer.Argument(metavar="LOG...", help="KTAP from any runner.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="XML", help="The file to write.")],
) -> None:
    """Turn KTAP logs into JUnit XML.

    Example: ksftci junit console.log -o results.xml
    """
    write_whole(output, junit.render(_read(logs)))


@app.command("report")
def report_command(
    logs: Annotated[list[Path], typer.Argument(metavar="LOG...", help="KTAP from any runner.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", "--html", metavar="HTML", help="Write a page to look at, too.")
    ] = None,
    summary: SummaryOption = None,
    annotate: AnnotationsOption = False,
) -> None:
    """Show KTAP logs as tables, as a page, or to GitHub. The exit status is that of run.

    Example: ksftci report shard-*.log --html report.html --summary $GITHUB_STEP_SUMMARY --annotations
    """
    runs = _read(logs)
    with annotations.stopped(sys.stdout):
        report.show(runs, out)
    deliver(runs, output, summary, annotate)
    raise typer.Exit(exit_status(runs))


def deliver(runs: Sequence[Run], html_file: Path | None, summary: Path | None, annotate: bool) -> None:
    """Give every report that was asked for, besides the one in the terminal."""
    if html_file:
        write_whole(html_file, html.render(runs))
    if summary:
        markdown.append(summary, runs)
    if annotate:
        for command in annotations.render(runs, Path.cwd()):
            print(command)


def _read(logs: list[Path]) -> list[Run]:
    return [run for log in logs for run in record.read(log)]
