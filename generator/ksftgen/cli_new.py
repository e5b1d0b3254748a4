# SPDX-License-Identifier: GPL-2.0-only
"""The command ``ksftgen new``: a scenario to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ksftgen import new
from plainprint.text import visible


def command(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="What the scenario is about: my_bug.", show_default=False)
    ],
    file: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="The file to write, or its folder.", show_default="NAME.yaml, here"
        ),
    ] = None,
) -> None:
    """Write a scenario to start from, with a comment on each of its parts.

    It can be checked, rendered and run as it is. No file is overwritten. The name begins with mprotect_, which is put
    in front if it is missing.

    Example: ksftgen new my_bug
    """
    scenario = new.name(name)
    path = new.create(scenario, file)
    if scenario != name:
        typer.echo(f"{scenario}: the name begins with {new.PREFIX}, by which ksftci finds programs")
    typer.echo(visible(f"{path}: written; next: ksftgen explain {path}"))
