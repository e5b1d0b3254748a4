# SPDX-License-Identifier: GPL-2.0-only
"""The command ``ksftgen explain``: what a case does, in a terminal or as an SVG."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from ksftgen import explain, output, paint, svg, target
from ksftgen.columns import TIMES
from ksftgen.errors import GenError, join_or
from ksftgen.window import PAGE_SIZES
from plainprint.text import visible
from plainyaml.problem import clip


def _page_size(text: str) -> str:
    if text.lower() not in PAGE_SIZES:
        raise typer.BadParameter(f'"{clip(text)}" is not valid; allowed: {join_or(PAGE_SIZES)}')
    return text.lower()


def command(
    name: Annotated[
        str,
        typer.Argument(
            metavar="SCENARIO[.CASE[.TEST]]",
            help="A scenario file, or the name of a scenario; a case of it, and a test, as in KTAP.",
            show_default=False,
        ),
    ],
    page_size: Annotated[
        str,
        typer.Option(
            "--page-size", metavar="|".join(PAGE_SIZES), callback=_page_size, help="The size of a page of the machine."
        ),
    ] = "4k",
    picture: Annotated[
        Path | None, typer.Option("--svg", metavar="FILE", help="Write the same as an SVG.", show_default=False)
    ] = None,
) -> None:
    """Draw a case, and tell what each step does and what must hold of each page after it.

    Without CASE it is the first one, without TEST all tests.

    \b
    ksftgen explain mprotect_cow_shared | less
    ksftgen explain mprotect_cow_shared.mixed_alternate_straddle_none.rw_upgrade
    ksftgen explain my_test.yaml --page-size 64k --svg my_test.svg
    """
    found = target.find(name)
    lines = explain.explain(found.scenario, found.case, found.tests, page_size)
    if found.is_first:
        lines += explain.others(found.scenario, found.case)
    if picture is None:
        typer.echo(_encodable(paint.terminal(lines, _has_colour())), color=True)
        return
    if picture.suffix != ".svg":
        raise GenError(f"{picture}: an SVG is called something.svg; choose such a name")
    output.write({picture: svg.svg(lines, f"{found.scenario.name}.{found.case.name}")})
    typer.echo(visible(f"{picture}: written"))


def _has_colour() -> bool:
    """Whether a terminal shows what is printed, and its user wants colours (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _encodable(text: str) -> str:
    """The text for an output that may be of ASCII."""
    try:
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        return text.replace(TIMES, "x")
    return text
