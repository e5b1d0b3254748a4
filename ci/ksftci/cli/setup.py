# SPDX-License-Identifier: GPL-2.0-only
"""`ksftci setup`."""

from typing import Annotated

import typer

from ksftci import arch as arches
from ksftci.cli.base import ArchOption, app, out
from ksftci.errors import CiError
from ksftci.host import packages


@app.command()
def setup(
    arch: ArchOption = arches.DEFAULT.name,
    install: Annotated[
        bool, typer.Option("--install", help="Install the missing packages, as root or through sudo.")
    ] = False,
) -> None:
    """List the packages of the system that ksftci needs, and which are missing. Exit status 0: none, 2: some."""
    there = packages.needed(arches.find(arch))
    missing = [package for package, here in there.items() if not here]
    for package, here in there.items():
        out.print(f"{'there  ' if here else 'missing'} {package}", highlight=False)
    if not missing:
        return
    if not install:
        raise CiError(f"to install what is missing, run\n    sudo {' '.join(packages.command(missing))}")
    packages.install(missing)
