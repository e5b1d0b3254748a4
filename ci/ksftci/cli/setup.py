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
    chosen = arches.find(arch)
    needed = packages.needed(chosen)
    for package, installed in needed.items():
        out.print(f"{'there  ' if installed else 'missing'} {package}", highlight=False)
    missing = [package for package, installed in needed.items() if not installed]
    if missing and not install:
        command = " ".join(packages.command(missing))
        raise CiError(f"missing: {', '.join(missing)}; install with --install, or run\n    sudo {command}")
    for _ in range(2):  # with apt's new lists another package may be the right one
        if missing:
            packages.install(missing)
            missing = [package for package, installed in packages.needed(chosen).items() if not installed]
    if missing:
        raise CiError(f"installed, and still missing: {', '.join(missing)}; `apt-get install` says why")
