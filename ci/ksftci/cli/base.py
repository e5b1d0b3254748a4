# SPDX-License-Identifier: GPL-2.0-only
"""What the commands share: the application, options, where to print."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ksftci import arch as arches
from ksftci.cache import Cache
from ksftci.debian import Debian

out = Console()
err = Console(stderr=True)
app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Run kernel selftests natively or on a kernel in QEMU, and read their KTAP.\n\n"
    "First time: [bold]ksftci setup[/bold] says which packages are missing, "
    "[bold]ksftci run --help[/bold] has examples.",
)

CacheOption = Annotated[
    Path | None,
    typer.Option("--cache", metavar="DIR", help="Where fetched and built things are kept; also KSFTCI_CACHE."),
]
MirrorOption = Annotated[
    str | None,
    typer.Option("--mirror", metavar="URL", help="A Debian mirror, ending in /debian; also KSFTCI_MIRROR."),
]
ArchOption = Annotated[str, typer.Option("--arch", help="arm64 or x86_64.")]
KnownOption = Annotated[
    Path | None,
    typer.Option("--known", metavar="YAML", help="Known issues: failures that are expected, until a date."),
]
HistoryOption = Annotated[
    Path | None,
    typer.Option(
        "--history", metavar="YAML", help="What measurements usually are; far from it is a warning. [default: ours]"
    ),
]


def debian(cache: Cache, arch: str, mirror: str | None) -> Debian:
    return Debian(cache, arches.find(arch), mirror, say)


def say(text: str) -> None:
    err.print(text, markup=False, highlight=False, soft_wrap=True)
