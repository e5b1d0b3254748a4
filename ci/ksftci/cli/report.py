# SPDX-License-Identifier: GPL-2.0-only
"""What reads logs: `ksftci junit`, `ksftci report`."""

from pathlib import Path
from typing import Annotated

import typer

from ksftci import html, junit, record, report
from ksftci.cli.base import app, out
from ksftci.files import write_whole
from ksftci.results import Run, exit_status


@app.command("junit")
def junit_command(
    logs: Annotated[list[Path], typer.Argument(metavar="LOG...", help="KTAP from any runner, or JUnit XML.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="XML", help="The file to write.")],
) -> None:
    """Turn KTAP logs into JUnit XML; JUnit XML of ours or others is read, too.

    Example: ksftci junit console.log -o results.xml
    """
    junit.write((suite for log in logs for suite in record.stream(log)), output)


@app.command("report")
def report_command(
    logs: Annotated[list[Path], typer.Argument(metavar="LOG...", help="KTAP from any runner, or JUnit XML.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="HTML", help="Write a page too.")] = None,
) -> None:
    """Show KTAP logs as tables, and as a page. The exit status is that of run."""
    runs = _read(logs)
    report.show(runs, out)
    if output is not None:
        write_whole(output, html.render(runs))
    raise typer.Exit(exit_status(runs))


def _read(logs: list[Path]) -> list[Run]:
    return [run for log in logs for run in record.read(log)]
