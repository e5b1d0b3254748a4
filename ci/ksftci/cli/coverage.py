# SPDX-License-Identifier: GPL-2.0-only
"""`ksftci coverage`."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from ksftci import arch as arches
from ksftci.cli.base import (
    ArchOption,
    CacheOption,
    ConfigOption,
    MachinesOption,
    MemoryOption,
    MirrorOption,
    SilenceOption,
    SwapOption,
    app,
    debian,
    err,
    out,
    say,
)
from ksftci.coverage import compare, data, gcov, measure, page, table
from ksftci.coverage.compare import Comparison
from ksftci.coverage.source import Target
from ksftci.errors import CiError
from ksftci.host.cache import Cache
from ksftci.host.files import write_all, write_whole
from ksftci.kernel import build
from ksftci.kernel.build import KernelBuilder
from ksftci.kernel.tree import HELP as TREE_HELP
from ksftci.kernel.tree import Trees
from ksftci.machine.guests import Guests
from ksftci.machine.machine import Limits
from ksftci.programs import find, listed
from ksftci.programs.build import Builder
from ksftci.programs.libraries import Libraries
from ksftci.session.progress import ProgressDisplay
from ksftci.session.session import Session
from ksftci.session.unit import Lister

# mprotect() of page tables, Linux 7.3.
_SOURCES = (
    "mm/mprotect.c",
    "mm/huge_memory.c:change_huge_pmd,change_non_present_huge_pmd,can_change_pmd_writable",
    "mm/mempolicy.c:folio_can_map_prot_numa",
    "mm/internal.h:folio_pte_batch_flags,__pte_batch_clear_ignored,vma_is_single_threaded_private",
)


@app.command()
def coverage(
    suite: Annotated[
        list[str] | None,
        typer.Option(
            "--suite",
            metavar="NAME=PROGRAM,...",
            help="Programs as `ksftci run` takes them, may be repeated; NAME= alone is every mprotect_* of the tree, "
            "NAME=@FILE.yaml a list such as ci/mutants/7.3/upstream.yaml. [default: mprotect=]",
        ),
    ] = None,
    tree: Annotated[
        str | None, typer.Option("--tree", help=f"Build the programs from this kernel tree: {TREE_HELP}.")
    ] = None,
    kernel_tree: Annotated[
        str | None,
        typer.Option("--kernel-tree", help="Build the kernel from this one, a whole one. [default: that of --tree]"),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            "--source",
            metavar="FILE[:FUNCTION,...]",
            help="What is looked at, may be repeated: a .c file of the kernel's, or a header that such a one includes. "
            "[default: mprotect() and page tables]",
        ),
    ] = None,
    notes: Annotated[
        Path | None,
        typer.Option("--notes", metavar="YAML", help="What is known of lines that no program executes."),
    ] = None,
    config: ConfigOption = None,
    html_file: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page to look at.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write all of it as JSON.")] = None,
    lines_file: Annotated[
        Path | None, typer.Option("--lines", metavar="FILE", help="Write which programs execute each line, as JSON.")
    ] = None,
    arch: ArchOption = "arm64",
    jobs: MachinesOption = 1,
    timeout: Annotated[float, typer.Option("--timeout", min=1, help="Seconds for all of one suite.")] = 7200,
    silence: SilenceOption = 300,
    memory: MemoryOption = 2048,
    swap: SwapOption = 0,
    mirror: MirrorOption = None,
    cache: CacheOption = None,
) -> None:
    """Which lines and branches of the kernel suites of selftests execute.

    Builds a kernel that counts them in the chosen files, with gcov and without a change to the tree, runs each
    program on it and prints what came out; what is executed does not say that anything was checked.

    Examples:

      ksftci coverage --tree ~/linux --html coverage.html

      ksftci coverage --tree ~/linux --suite ours= --suite "upstream=cow,merge,ksm_tests -M -p 10" --lines lines.json

      ksftci coverage --tree debian:7.3 --suite madvise=madv_populate,guard-regions --source mm/madvise.c
    """
    for file in (html_file, json_file, lines_file):
        if file is not None and not file.absolute().parent.is_dir():
            raise CiError(f"{file}: the folder {file.parent} is not there")
    guest = arches.find(arch)
    asked = dict(map(_suite, suite or ["mprotect="]))
    targets = [Target.parse(text) for text in source or (*_SOURCES, *guest.kbuild.sources)]
    store = Cache.find(cache)
    packages = debian(store, guest.name, mirror)
    trees = Trees(store, packages)
    of_programs = trees.get(tree or kernel_tree or "debian:7.3")
    of_kernel = trees.get(kernel_tree or tree or "debian:7.3", full=True)
    builder = Builder(store, guest, say=say, libraries=Libraries(store, packages))
    found = {name: find.find(names, of_programs, guest, builder) for name, names in asked.items()}
    image = KernelBuilder(store, guest, say=say).build(
        of_kernel, [measure.SYMBOL, *(config or [])], measure.variables(targets)
    )
    guests = Guests(store, packages, Limits(timeout, silence), memory_mb=memory, swap_mb=swap, gcov=True)
    suites = []
    for name, of_suite in found.items():
        display = ProgressDisplay(err)
        recorder = measure.Recorder(display)
        machine = guests.machine(name, image, of_suite)
        with display:
            runs = Session([machine], of_suite, guest.name, recorder, at_once=jobs, lister=Lister(store)).run()
        folder, tool = build.folder_of(image), gcov.tool(guest)
        suites.append(measure.suite(name, runs[0], recorder, targets, folder, of_kernel.path, tool))
    kernel = f"Linux {of_kernel.version}, {guest.name}"
    result = compare.compare(kernel, suites, targets, of_kernel.path, notes)
    table.show(result, out)
    outputs = ((html_file, page.render), (json_file, data.render), (lines_file, data.lines))
    write_all((file, partial(_write, render, result)) for file, render in outputs if file)
    if any(run.run.interrupted for run in suites):
        raise typer.Exit(130)


def _suite(text: str) -> tuple[str, list[str]]:
    """(name, programs)."""
    name, equals, rest = text.partition("=")
    if not name or not equals:
        raise CiError(
            f"--suite {text}: NAME=PROGRAM,PROGRAM or NAME=@FILE.yaml is needed, for example upstream=cow,merge"
        )
    if rest.startswith("@"):
        return name, listed.read(Path(rest[1:]))
    return name, [program.strip() for program in rest.split(",") if program.strip()]


def _write(render: Callable[[Comparison], str], result: Comparison, file: Path) -> None:
    write_whole(file, render(result))
