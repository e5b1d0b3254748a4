# SPDX-License-Identifier: GPL-2.0-only
"""`ksftci coverage`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from ksftci import arch as arches
from ksftci.assembly import assemble
from ksftci.cli.base import ArchOption, ConfigOption, MachinesOption, app, err, out, say
from ksftci.cli.groups import GuestGroup, SilenceOption, StoreGroup, grouped, need_folders
from ksftci.coverage import compare, data, gcov, measure, page, table
from ksftci.coverage.compare import Comparison
from ksftci.coverage.source import Target
from ksftci.errors import CiError
from ksftci.host.files import write_all, write_whole
from ksftci.kernel import build
from ksftci.kernel.tree import HELP as TREE_HELP
from ksftci.programs import listed
from ksftci.session.progress import ProgressDisplay
from ksftci.session.session import Session

_DEFAULT_TREE = "debian:7.3"
# mprotect() of page tables, Linux 7.3.
_SOURCES = (
    "mm/mprotect.c",
    "mm/huge_memory.c:change_huge_pmd,change_non_present_huge_pmd,can_change_pmd_writable",
    "mm/mempolicy.c:folio_can_map_prot_numa",
    "mm/internal.h:folio_pte_batch_flags,__pte_batch_clear_ignored,vma_is_single_threaded_private",
)


@dataclass(frozen=True)
class CountingGuest(GuestGroup):
    """A guest that counts is slower, and runs all of a suite."""

    timeout: Annotated[float, typer.Option("--timeout", min=1, help="Seconds for all of one suite.")] = 7200
    silence: SilenceOption = 300


@app.command()
@grouped
def coverage(
    suite: Annotated[
        list[str] | None,
        typer.Option(
            "--suite",
            metavar="NAME=PROGRAM,...",
            help="Programs as `ksftci run` takes them, may be repeated; NAME= alone is every mprotect_* of the tree, "
            "NAME=@FILE.yaml a list such as ci/mutants/7.3/upstream.yaml. Default: mprotect=.",
        ),
    ] = None,
    tree: Annotated[
        str | None, typer.Option("--tree", help=f"Build the programs from this kernel tree: {TREE_HELP}.")
    ] = None,
    kernel_tree: Annotated[
        str | None,
        typer.Option("--kernel-tree", help="Build the kernel from this one, a whole one. Default: that of --tree."),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            "--source",
            metavar="FILE[:FUNCTION,...]",
            help="What is looked at, may be repeated: a .c file of the kernel's, or a header that such a one includes. "
            " Default: mprotect() and page tables.",
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
    arch: ArchOption = arches.DEFAULT.name,
    jobs: MachinesOption = 1,
    guest: CountingGuest = CountingGuest(),
    store: StoreGroup = StoreGroup(),
) -> None:
    """Which lines and branches of the kernel suites of selftests execute.

    Builds a kernel that counts them in the chosen files, with gcov and without a change to the tree, runs each
    program on it and prints what came out; what is executed does not say that anything was checked.

    Examples:

      ksftci coverage --tree ~/linux --html coverage.html

      ksftci coverage --tree ~/linux --suite ours= --suite "upstream=cow,merge,ksm_tests -M -p 10" --lines lines.json

      ksftci coverage --tree debian:7.3 --suite madvise=madv_populate,guard-regions --source mm/madvise.c
    """
    need_folders(html_file, json_file, lines_file)
    suites = dict(map(_suite, suite or ["mprotect="]))
    options = store.options(arch, limits=guest.limits, guest=guest.guest(gcov=True))
    targets = [Target.parse(text) for text in source or (*_SOURCES, *options.arch.kbuild.sources)]
    tools = assemble(options, say)
    of_programs = tools.trees.get(tree or kernel_tree or _DEFAULT_TREE)
    of_kernel = tools.trees.get(kernel_tree or tree or _DEFAULT_TREE, full=True)
    jobs_of = {name: tools.jobs(names, str(of_programs.path), {}) for name, names in suites.items()}
    image = tools.kernel_builder.build(of_kernel, [measure.SYMBOL, *(config or [])], measure.variables(targets))
    folder, tool = build.folder_of(image), gcov.tool(options.arch)
    measured = []
    for name, programs in jobs_of.items():
        recorder = measure.Recorder(display := ProgressDisplay(err))
        machine = tools.guests.machine(name, image, programs)
        with display:
            session = Session([machine], programs, options.arch.name, recorder, at_once=jobs, lister=tools.lister)
            (run,) = session.run()
        measured.append(measure.suite(name, run, recorder, targets, folder, of_kernel.path, tool))
    kernel = f"Linux {of_kernel.version}, {options.arch.name}"
    result = compare.compare(kernel, measured, targets, of_kernel.path, notes)
    table.show(result, out)
    outputs = ((html_file, page.render), (json_file, data.render), (lines_file, data.lines))
    write_all((file, partial(_write, render, result)) for file, render in outputs if file)
    if any(suite.run.interrupted for suite in measured):
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
