# SPDX-License-Identifier: GPL-2.0-only
"""The command `ksftci coverage`: its options, and where a comparison is printed and written."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from ksftci import arch as arches
from ksftci.assembly import assemble
from ksftci.cli.base import ArchOption, ConfigOption, MachinesOption, app, err, out, say
from ksftci.cli.groups import GuestGroup, SilenceOption, StoreGroup, check_files, grouped
from ksftci.coverage import compare, data, page, table
from ksftci.coverage import notes as note_file
from ksftci.coverage.compare import Comparison
from ksftci.coverage.measure import CoveragePlan
from ksftci.coverage.source import MPROTECT, Target
from ksftci.errors import CiError
from ksftci.host.files import write_all, write_whole
from ksftci.kernel.tree import DEFAULT as DEFAULT_TREE
from ksftci.kernel.tree import HELP as TREE_HELP
from ksftci.programs import listed
from plainprint.options import seconds


@dataclass(frozen=True)
class CountingGuest(GuestGroup):
    """The guest, with more time: a kernel that counts is slower, and one guest runs a whole suite."""

    timeout: Annotated[
        float,
        typer.Option("--timeout", parser=seconds, metavar="SECONDS", help="Time for all of one suite."),
    ] = 7200
    silence: SilenceOption = 300


@app.command()
@grouped
def coverage(
    suite: Annotated[
        list[str] | None,
        typer.Option(
            "--suite",
            metavar="NAME=PROGRAM,...",
            help="A suite: a name and its programs, as `ksftci run` takes them; may be repeated. NAME= stands for "
            "every mprotect_* of the tree, NAME=@FILE.yaml for a list such as ci/mutants/7.3/upstream.yaml. "
            "Default: mprotect=.",
        ),
    ] = None,
    tree: Annotated[
        str | None, typer.Option("--tree", help=f"Build the programs from this kernel tree: {TREE_HELP}.")
    ] = None,
    kernel_tree: Annotated[
        str | None,
        typer.Option("--kernel-tree", help="Build the kernel from this complete tree. Default: that of --tree."),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            "--source",
            metavar="FILE[:FUNCTION,...]",
            help="Measure this .c file of the kernel, or this header that a measured .c file includes; may be "
            "repeated. Default: what mprotect() does to page tables.",
        ),
    ] = None,
    notes: Annotated[
        Path | None,
        typer.Option("--notes", metavar="YAML", help="Show these notes on lines that no program executes."),
    ] = None,
    config: ConfigOption = None,
    html_file: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page to look at.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write everything as JSON.")] = None,
    lines_file: Annotated[
        Path | None, typer.Option("--lines", metavar="FILE", help="Write which programs execute each line, as JSON.")
    ] = None,
    arch: ArchOption = arches.DEFAULT.name,
    jobs: MachinesOption = 1,
    guest: CountingGuest = CountingGuest(),
    store: StoreGroup = StoreGroup(),
) -> None:
    """Measure which lines and branches of the kernel suites of selftests execute.

    Builds a kernel that counts the lines and branches of the chosen files with gcov, runs each program on it and
    prints the counts. The tree is not changed. A line that is executed is not necessarily checked by any test.

    Examples:

      ksftci coverage --tree ~/linux --html coverage.html

      ksftci coverage --tree ~/linux --suite ours= --suite "upstream=cow,merge,ksm_tests -M -p 10" --lines lines.json

      ksftci coverage --tree debian:7.3 --suite madvise=madv_populate,guard-regions --source mm/madvise.c
    """
    check_files([html_file, json_file, lines_file], [notes])
    if notes is not None:
        note_file.check(notes)
    programs = dict(map(_suite, suite or ["mprotect="]))
    options = replace(store.options(arch), limits=guest.limits, guest=replace(guest.guest, gcov=True))
    targets = [Target.parse(text) for text in source or (*MPROTECT, *options.arch.kbuild.sources)]
    plan = CoveragePlan(
        programs,
        targets,
        tree or kernel_tree or DEFAULT_TREE,
        kernel_tree or tree or DEFAULT_TREE,
        config or [],
        jobs,
    )
    tools = assemble(options, say)
    tools.guests.check()
    kernel, suites = plan.run(tools, err)
    label = f"Linux {kernel.tree.version}, {options.arch.name}"
    comparison = compare.compare(label, suites, targets, kernel.tree.path, notes)
    table.show(comparison, out)
    outputs = ((html_file, page.render), (json_file, data.render), (lines_file, data.lines))
    write_all((file, partial(_write, render, comparison)) for file, render in outputs if file)
    if any(suite.run.interrupted for suite in suites):
        raise typer.Exit(130)


def _suite(text: str) -> tuple[str, list[str]]:
    """The name of a suite and its programs. Raises CiError when --suite has another form."""
    name, equals, programs = text.partition("=")
    if not name or not equals:
        raise CiError(
            f"--suite {text}: has no name and programs; allowed: NAME=PROGRAM,PROGRAM or NAME=@FILE.yaml, for example "
            "upstream=cow,merge"
        )
    if programs.startswith("@"):
        return name, listed.read(Path(programs[1:]))
    return name, [program.strip() for program in programs.split(",") if program.strip()]


def _write(render: Callable[[Comparison], str], comparison: Comparison, file: Path) -> None:
    write_whole(file, render(comparison))
