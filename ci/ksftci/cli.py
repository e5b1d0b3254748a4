# SPDX-License-Identifier: GPL-2.0-only
"""The command line: it reads options, calls, prints; nothing else."""

import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from ksftci import arch as arches
from ksftci import html, initramfs, junit, packages, programs, record, report
from ksftci.build import Builder
from ksftci.cache import Cache
from ksftci.choice import parse as parse_choice
from ksftci.debian import Debian
from ksftci.errors import CiError, Interrupted
from ksftci.files import write_whole
from ksftci.kernel import HELP as KERNEL_HELP
from ksftci.kernel import KernelRef, Kernels, labels
from ksftci.machine import Limits, Machine
from ksftci.native import Native
from ksftci.progress import ProgressDisplay
from ksftci.qemu import Qemu
from ksftci.results import Run, exit_status
from ksftci.session import Session
from ksftci.tree import HELP as TREE_HELP
from ksftci.tree import Trees

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
tree_app = typer.Typer(no_args_is_help=True, help="Kernel source trees.")
kernel_app = typer.Typer(no_args_is_help=True, help="Kernel images.")
app.add_typer(tree_app, name="tree")
app.add_typer(kernel_app, name="kernel")

CacheOption = Annotated[
    Path | None,
    typer.Option("--cache", metavar="DIR", help="Where fetched and built things are kept; also KSFTCI_CACHE."),
]
MirrorOption = Annotated[
    str | None,
    typer.Option("--mirror", metavar="URL", help="A Debian mirror, ending in /debian; also KSFTCI_MIRROR."),
]
ArchOption = Annotated[str, typer.Option("--arch", help="arm64 or x86_64.")]


def _debian(cache: Cache, arch: str, mirror: str | None) -> Debian:
    return Debian(cache, arches.find(arch), mirror, _say)


def _say(text: str) -> None:
    err.print(text, markup=False, highlight=False, soft_wrap=True)


@tree_app.command("get")
def tree_get(
    source: Annotated[str, typer.Argument(help=f"{TREE_HELP}.")] = "debian:7.3",
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="DIR",
            help="Make a copy there that you may change; a second time it is used again.",
        ),
    ] = None,
    mirror: MirrorOption = None,
    cache: CacheOption = None,
) -> None:
    """Fetch a kernel tree and print its path."""
    store = Cache.find(cache)
    tree = Trees(store, _debian(store, "arm64", mirror)).get(source, to)
    _say(f"Linux {tree.version}")
    print(tree.path)


@kernel_app.command("get")
def kernel_get(
    reference: Annotated[str, typer.Argument(metavar="KERNEL", help=f"{KERNEL_HELP}.")],
    arch: ArchOption = "arm64",
    mirror: MirrorOption = None,
    cache: CacheOption = None,
) -> None:
    """Fetch a kernel image and print its path."""
    store = Cache.find(cache)
    print(Kernels(store, _debian(store, arch, mirror)).get(KernelRef.parse(reference)))


@kernel_app.command("list")
def kernel_list(arch: ArchOption = "arm64", mirror: MirrorOption = None, cache: CacheOption = None) -> None:
    """What Debian has for an architecture, newest first."""
    store = Cache.find(cache)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("kernel", "version", "page size", "suite", "cached"):
        table.add_column(title)
    for package, suite, cached in Kernels(store, _debian(store, arch, mirror)).available():
        here = "yes" if cached else ""
        table.add_row(package.reference, package.version, package.page_size, suite, here)
    out.print(table)


@app.command()
def run(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PROGRAM]...",
            help="A built program, a folder of them, or a name to build from --tree: cow, mm:cow. "
            "Without any: every mprotect_* of the tree's selftests/mm.",
        ),
    ] = None,
    tree: Annotated[str | None, typer.Option("--tree", help=f"Build from this kernel tree: {TREE_HELP}.")] = None,
    kernel: Annotated[
        list[str] | None,
        typer.Option(
            "--kernel",
            help=f"Run on this kernel, may be repeated: {KERNEL_HELP}. [default: debian:7.3]",
        ),
    ] = None,
    arch: Annotated[
        str | None,
        typer.Option("--arch", help="arm64 or x86_64 [default: arm64, --native: this machine's]"),
    ] = None,
    expression: Annotated[
        str | None,
        typer.Option(
            "-k",
            metavar="EXPR",
            help='Only tests whose id holds these words: "cow and not (swap or 16k)".',
        ),
    ] = None,
    native: Annotated[bool, typer.Option("--native", help="Run on this machine's own kernel, as root.")] = False,
    junit_file: Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write JUnit XML.")] = None,
    html_file: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page to look at.")] = None,
    ktap_file: Annotated[
        Path | None,
        typer.Option("--ktap", metavar="FILE", help="Write everything that was printed, as KTAP."),
    ] = None,
    repeat: Annotated[
        int,
        typer.Option(
            "--repeat",
            min=1,
            help="Run all this often; a test that is not always the same fails the run.",
        ),
    ] = 1,
    jobs: Annotated[int, typer.Option("-j", "--jobs", min=1, help="Machines at once.")] = 1,
    timeout: Annotated[
        float,
        typer.Option("--timeout", min=1, help="Seconds for a whole boot; natively for a program."),
    ] = 1800,
    silence: Annotated[
        float,
        typer.Option("--silence", min=1, help="Seconds without a line before a test counts as hung."),
    ] = 120,
    memory: Annotated[int, typer.Option("--memory", min=256, help="Megabytes of the guest, in two NUMA nodes.")] = 2048,
    cpus: Annotated[int, typer.Option("--cpus", min=2, help="Processors of the guest.")] = 2,
    append: Annotated[str, typer.Option("--append", help="More of the kernel's command line.")] = "",
    load: Annotated[
        bool, typer.Option("--load", help="Keep every processor busy meanwhile, to provoke flakes.")
    ] = False,
    mirror: MirrorOption = None,
    cache: CacheOption = None,
) -> None:
    """Run selftests on kernels.

    Exit status: 0 passed, 1 failed, 2 could not run, 3 nothing ran or all was skipped, 130 interrupted.

    Examples:

      ksftci run --tree debian:7.3 merge mkdirty              build two tests, run them on arm64 7.3

      ksftci run --tree ~/linux --kernel ~/linux/arch/arm64/boot/Image -k "cow and not swap"

      ksftci run ./my_test --kernel debian:6.12 --kernel debian:7.3-16k --junit out.xml

      ksftci run --tree ~/linux --repeat 5 --load             is anything flaky?

      sudo ksftci run --native ./my_test                      on this machine's kernel
    """
    choice = parse_choice(expression) if expression else None
    if native and kernel:
        raise CiError("--native runs on this machine's kernel, --kernel cannot be given with it")
    for file in (junit_file, html_file, ktap_file):
        if file is not None and not file.absolute().parent.is_dir():
            raise CiError(f"{file}: the folder {file.parent} is not there")
    guest = arches.find(arch) if arch else (arches.host() if native else arches.ARM64)
    limits = Limits(timeout, silence)
    store = Cache.find(cache)
    debian = Debian(store, guest, mirror, _say)
    references = [KernelRef.parse(text) for text in dict.fromkeys(kernel or ["debian:7.3"])]
    if native:
        Native.check(guest)
    source = Trees(store, debian).get(tree) if tree else None
    builder = Builder(store, guest, say=_say)
    found = programs.find(names or [], source, guest, builder.build)
    machines: list[Machine]
    if native:
        machines = [Native(limits, load)]
    else:
        kernels, busybox = Kernels(store, debian), initramfs.busybox(store, debian)
        machines = [
            Qemu(label, kernels.get(ref), guest, busybox, limits, memory, cpus, append, load)
            for label, ref in zip(labels(references), references, strict=True)
        ]
    with ProgressDisplay(err) as display:
        runs = Session(machines, found, guest.name, display, repeat, jobs, choice).run()
    report.show(runs, out)
    if ktap_file:
        write_whole(ktap_file, record.write(runs))
    if junit_file:
        write_whole(junit_file, junit.render(runs))
    if html_file:
        write_whole(html_file, html.render(runs))
    raise typer.Exit(exit_status(runs))


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
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="HTML", help="Write a page too.")] = None,
) -> None:
    """Show KTAP logs as tables, and as a page. The exit status is that of run."""
    runs = _read(logs)
    report.show(runs, out)
    if output is not None:
        write_whole(output, html.render(runs))
    raise typer.Exit(exit_status(runs))


@app.command()
def setup(
    arch: ArchOption = "arm64",
    install: Annotated[
        bool, typer.Option("--install", help="Install what is missing, as root or through sudo.")
    ] = False,
) -> None:
    """Which of the system's packages are missing. Exit status 0: none, 2: some."""
    there = packages.needed(arches.find(arch))
    missing = [package for package, here in there.items() if not here]
    for package, here in there.items():
        out.print(f"{'there  ' if here else 'missing'} {package}", highlight=False)
    if not missing:
        return
    if not install:
        raise CiError(f"to install what is missing, run\n    sudo {' '.join(packages.command(missing))}")
    packages.install(missing)


def _read(logs: list[Path]) -> list[Run]:
    return [run for log in logs for run in record.read(log)]


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise Interrupted


def main() -> NoReturn:
    """Run the command line; never returns."""
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        app()
    except CiError as error:
        err.print(f"ksftci: {error}", markup=False, highlight=False, soft_wrap=True)
        sys.exit(2)
    except Interrupted:
        sys.exit(130)
    sys.exit(0)
