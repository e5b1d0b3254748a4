# SPDX-License-Identifier: GPL-2.0-only
"""`ksftci run`."""

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from ksftci import arch as arches
from ksftci.cli.base import (
    AppendOption,
    CacheOption,
    CpusOption,
    ExpressionOption,
    HistoryOption,
    KnownOption,
    MachinesOption,
    MemoryOption,
    MirrorOption,
    ProgramsArgument,
    SilenceOption,
    SwapOption,
    TimeoutOption,
    app,
    debian,
    err,
    out,
    say,
)
from ksftci.cli.report import AnnotationsOption, SummaryOption, tell_github
from ksftci.errors import CiError
from ksftci.formats import junit, record
from ksftci.host.cache import Cache
from ksftci.host.files import write_all, write_whole
from ksftci.kernel.image import HELP as KERNEL_HELP
from ksftci.kernel.image import KernelRef, Kernels, labels, source_of
from ksftci.kernel.tree import HELP as TREE_HELP
from ksftci.kernel.tree import Trees
from ksftci.machine.guests import Guests
from ksftci.machine.machine import Limits, Machine
from ksftci.machine.native import Native
from ksftci.programs import find
from ksftci.programs.build import Builder
from ksftci.programs.libraries import Libraries
from ksftci.report import annotations, html, terminal
from ksftci.results.history import History
from ksftci.results.known import KnownIssues
from ksftci.results.model import exit_status, suites_of
from ksftci.results.shard import Shard
from ksftci.session.choice import parse as parse_choice
from ksftci.session.durations import Durations
from ksftci.session.progress import ProgressDisplay
from ksftci.session.session import Session
from ksftci.session.unit import Lister


@app.command()
def run(
    names: ProgramsArgument = None,
    tree: Annotated[
        str | None,
        typer.Option(
            "--tree", help=f"Build from this kernel tree: {TREE_HELP}. [default: that of --kernel debian:VERSION]"
        ),
    ] = None,
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
    expression: ExpressionOption = None,
    native: Annotated[bool, typer.Option("--native", help="Run on this machine's own kernel, as root.")] = False,
    junit_file: Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write JUnit XML.")] = None,
    html_file: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page to look at.")] = None,
    ktap_file: Annotated[
        Path | None,
        typer.Option("--ktap", metavar="FILE", help="Write everything that was printed, as KTAP."),
    ] = None,
    summary: SummaryOption = None,
    annotate: AnnotationsOption = False,
    repeat: Annotated[
        int,
        typer.Option(
            "--repeat",
            min=1,
            help="Run all this often; a test that is not always the same fails the run.",
        ),
    ] = 1,
    jobs: MachinesOption = 1,
    retries: Annotated[
        int,
        typer.Option(
            "--retries",
            min=0,
            help="Run failing tests again, up to so often, in a fresh boot; one that passes then is told as flaky.",
        ),
    ] = 0,
    shard_text: Annotated[
        str | None, typer.Option("--shard", metavar="I/N", help="Run the I-th of N parts of about the same length.")
    ] = None,
    durations_file: Annotated[
        Path | None,
        typer.Option("--durations", metavar="XML", help="JUnit of an earlier run: how long each test takes."),
    ] = None,
    known: KnownOption = None,
    history: HistoryOption = None,
    timeout: TimeoutOption = 1800,
    silence: SilenceOption = 120,
    memory: MemoryOption = 2048,
    swap: SwapOption = 0,
    cpus: CpusOption = 2,
    append: AppendOption = "",
    icount: Annotated[
        bool,
        typer.Option(
            "--icount",
            help="A nanosecond of the guest is an instruction, so that what tests measure is the same on any host.",
        ),
    ] = False,
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

      ksftci run --kernel debian:7.3 mm:cow "mm:run_vmtests.sh -t ksm" futex:    the kernel's own tests

      ksftci run --tree ~/linux --kernel ~/linux/arch/arm64/boot/Image -k "cow and not swap"

      ksftci run ./my_test --kernel debian:6.12 --kernel debian:7.3-16k --junit out.xml

      ksftci run --tree ~/linux --repeat 5 --load             is anything flaky?

      ksftci run --tree ~/linux --shard 1/3 --durations last.xml --junit shard-1.xml

      sudo ksftci run --native ./my_test                      on this machine's kernel
    """
    choice = parse_choice(expression) if expression else None
    if native and kernel:
        raise CiError("--native runs on this machine's kernel, --kernel cannot be given with it")
    if native and icount:
        raise CiError("--native has this machine's own clock: --icount cannot be given with it")
    for file in (junit_file, html_file, ktap_file, summary):
        if file is not None and not file.absolute().parent.is_dir():
            raise CiError(f"{file}: the folder {file.parent} is not there")
    if native and jobs > 1:
        raise CiError("--native runs on this machine's kernel, which is only one: -j cannot be given with it")
    shard = Shard.parse(shard_text) if shard_text else None
    durations = Durations.read(durations_file) if durations_file else Durations()
    issues = KnownIssues.read(known) if known else None
    usual = History.read(history)
    guest = arches.find(arch) if arch else (arches.host() if native else arches.ARM64)
    limits = Limits(timeout, silence)
    store = Cache.find(cache)
    packages = debian(store, guest.name, mirror)
    references = [KernelRef.parse(text) for text in dict.fromkeys(kernel or ["debian:7.3"])]
    if native:
        Native.check(guest)
    if tree is None and names and find.need_tree(names):
        tree = source_of([] if native else references)
    source = Trees(store, packages).get(tree) if tree else None
    builder = Builder(store, guest, say=say, libraries=Libraries(store, packages))
    found = find.find(names or [], source, guest, builder)
    machines: list[Machine]
    if native:
        machines = [Native(limits, load)]
    else:
        kernels = Kernels(store, packages)
        guests = Guests(
            store,
            packages,
            limits,
            memory_mb=memory,
            cpus=cpus,
            append=append,
            load=load,
            swap_mb=swap,
            icount=icount,
        )
        machines = [
            guests.machine(label, kernels.get(ref), found)
            for label, ref in zip(labels(references), references, strict=True)
        ]
    display = ProgressDisplay(err)
    session = Session(
        machines,
        found,
        guest.name,
        display,
        repeat=repeat,
        at_once=jobs,
        choice=choice,
        shard=shard,
        durations=durations,
        retries=retries,
        judge=issues.judge if issues else None,
        lister=Lister(store),
        facts={"chosen": expression} if expression else {},
    )
    with annotations.stopped(sys.stdout):
        with display:
            runs = session.run()
        if issues is not None:
            issues.check(runs, date.today())
        for one in runs:
            usual.judge(one)
        terminal.show(runs, out)
    outputs: list[tuple[Path | None, Callable[[Path], None]]] = [
        (ktap_file, lambda file: write_whole(file, record.write(runs))),
        (junit_file, lambda file: junit.write(suites_of(runs), file)),
        (html_file, lambda file: write_whole(file, html.render(runs))),
    ]
    write_all((file, write) for file, write in outputs if file)
    tell_github(runs, summary, annotate)
    raise typer.Exit(exit_status(runs))
