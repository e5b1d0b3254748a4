# SPDX-License-Identifier: GPL-2.0-only
"""What the commands share: the application, options, where to print."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ksftci import arch as arches
from ksftci.host.cache import Cache
from ksftci.host.debian import Debian
from ksftci.programs import find

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
ArchOption = Annotated[str, typer.Option("--arch", help=f"One of {arches.NAMES}.")]
ConfigOption = Annotated[
    list[str] | None,
    typer.Option(
        "--config",
        metavar="FILE|SYMBOL=VALUE",
        help="More of the configuration, may be repeated: a fragment, or a setting such as ARM64_16K_PAGES=y.",
    ),
]
ProgramsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PROGRAM]...",
        help=f"{find.HELP} Without any: every mprotect_* of the tree's selftests/mm.",
    ),
]
ExpressionOption = Annotated[
    str | None,
    typer.Option("-k", metavar="EXPR", help='Only tests whose id holds these words: "cow and not (swap or 16k)".'),
]
MachinesOption = Annotated[int, typer.Option("-j", "--jobs", min=1, help="Machines at once, also for one kernel.")]
TimeoutOption = Annotated[
    float, typer.Option("--timeout", min=1, help="Seconds for all on one kernel; natively for a program.")
]
SilenceOption = Annotated[
    float, typer.Option("--silence", min=1, help="Seconds without a line before a test counts as hung.")
]
MemoryOption = Annotated[int, typer.Option("--memory", min=256, help="Megabytes of the guest, in two NUMA nodes.")]
SwapOption = Annotated[
    int,
    typer.Option("--swap", min=0, help="Megabytes of swap, on zram, which must be built into the guest's kernel."),
]
CpusOption = Annotated[int, typer.Option("--cpus", min=2, help="Processors of the guest.")]
AppendOption = Annotated[str, typer.Option("--append", help="More of the kernel's command line.")]
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
