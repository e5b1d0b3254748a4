# SPDX-License-Identifier: GPL-2.0-only
"""What the commands share: the application, options, where to print."""

import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from ksftci import __version__
from ksftci import arch as arches
from ksftci.programs import find
from plainprint import options, usage
from plainprint.text import visible


class PlainConsole(Console):
    """A console on which texts are texts: no markup in them, no escapes, no pictures for ":100:"."""

    def __init__(self, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False, emoji=False)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The pieces of what is printed; those that are no control of the console itself are made visible."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)


out = PlainConsole()
err = PlainConsole(stderr=True)
app = usage.app(
    "Run kernel selftests natively or on a kernel in QEMU, and read their KTAP.\n\n"
    "First time: [bold]ksftci setup[/bold] says which packages are missing, "
    "[bold]ksftci run --help[/bold] has examples.",
)


@app.callback(invoke_without_command=True)
def _options(version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False) -> None:
    if version:
        out.print(f"ksftci {__version__}", highlight=False)
        raise typer.Exit


ArchOption = Annotated[str, typer.Option("--arch", envvar="KSFTCI_ARCH", help=f"One of {arches.NAMES}.")]
ConfigOption = Annotated[
    list[str] | None,
    typer.Option(
        "--config",
        metavar="FILE|debug|SYMBOL=VALUE",
        help="Add to the configuration; may be repeated: a fragment, a setting such as ARM64_16K_PAGES=y, or debug: "
        "the kernel's own checks of memory management.",
    ),
]
_PROGRAMS = f"{find.HELP} Without a PROGRAM: every mprotect_* test of the tree's selftests/mm."
ProgramsArgument = Annotated[list[str] | None, typer.Argument(metavar="[PROGRAM]...", help=_PROGRAMS)]
ScenariosArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PROGRAM]...",
        help=f"{_PROGRAMS} A path that ends in .yaml is a scenario: ksftgen makes a test of it, in a copy of the tree.",
    ),
]
ExpressionOption = Annotated[
    str | None,
    typer.Option(
        "-k", metavar="EXPR", help='Run only tests whose id matches this expression: "cow and not (swap or 16k)".'
    ),
]
MachinesOption = Annotated[
    int,
    typer.Option(
        "-j",
        "--jobs",
        parser=options.whole(1),
        metavar="N",
        help="Machines at once; with more than one, the tests of a kernel are spread over several boots.",
    ),
]
KnownOption = Annotated[
    Path | None,
    typer.Option("--known", metavar="YAML", help="File of known issues: failures that are expected until a date."),
]
HistoryOption = Annotated[
    Path | None,
    typer.Option(
        "--history",
        metavar="YAML",
        help="File of usual measurements; a result far from them is a warning. Default: the file of ksftci.",
    ),
]


def say(text: str) -> None:
    """Print a line about what is being done, on the standard error."""
    with suppress(OSError):  # no progress is worth the end of a run
        err.print(text, highlight=False, soft_wrap=True)


def say_path(path: Path) -> None:
    """Print the path that a command is asked for: as it is for a script, visible on a terminal."""
    print(visible(str(path)) if sys.stdout.isatty() else path)
