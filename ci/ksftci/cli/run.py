# SPDX-License-Identifier: GPL-2.0-only
"""`ksftci run`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ksftci import arch as arches
from ksftci.assembly import assemble
from ksftci.cli.base import (
    ExpressionOption,
    HistoryOption,
    KnownOption,
    MachinesOption,
    ScenariosArgument,
    app,
    err,
    out,
    say,
)
from ksftci.cli.groups import GuestGroup, StoreGroup, check_files, grouped
from ksftci.cli.report import AnnotationsOption, SummaryOption, write_reports
from ksftci.errors import CiError
from ksftci.formats import junit, record
from ksftci.host.files import STANDARD, write_whole
from ksftci.kernel.image import DEFAULT as DEFAULT_KERNEL
from ksftci.kernel.image import HELP as KERNEL_HELP
from ksftci.kernel.image import parse_all
from ksftci.kernel.tree import HELP as TREE_HELP
from ksftci.report import html, terminal
from ksftci.results.judge import Judge
from ksftci.results.model import NOTHING, Run, exit_status, program_runs
from ksftci.results.shard import Shard
from ksftci.session.choice import Choice
from ksftci.session.durations import Durations
from ksftci.session.progress import ProgressDisplay
from ksftci.session.session import Session
from plainprint.options import whole


@dataclass(frozen=True)
class OutputGroup:
    """The files that are written when everything has run."""

    junit_file: Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write JUnit XML.")] = None
    html_file: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write an HTML page.")] = None
    ktap_file: Annotated[
        Path | None,
        typer.Option(
            "--ktap",
            metavar="FILE",
            help="Write everything that the kernels and the tests printed, as KTAP; each result gets its time.",
        ),
    ] = None
    summary: SummaryOption = None
    annotate: AnnotationsOption = False

    def check(self) -> None:
        """Raises CiError as `check_files` does."""
        check_files([self.junit_file, self.html_file, self.ktap_file, self.summary])

    def write(self, runs: Sequence[Run]) -> None:
        """Write the files. Raises CiError that names each that cannot be written, after writing the others."""
        files: list[tuple[Path | None, Callable[[Path], None]]] = [
            (self.ktap_file, lambda file: write_whole(file, record.write(runs))),
            (self.junit_file, lambda file: junit.write(program_runs(runs), file)),
            (self.html_file, lambda file: write_whole(file, html.render(runs))),
        ]
        write_reports(files, runs, self.summary, self.annotate)

    @property
    def console(self) -> Console:
        """Where the tables go: to the standard output, unless one of the files is written there."""
        return err if STANDARD in (self.junit_file, self.html_file, self.ktap_file, self.summary) else out


@dataclass(frozen=True)
class RepeatGroup:
    """How many times, how many at once, and which part of the tests."""

    repeat: Annotated[
        int,
        typer.Option(
            "--repeat",
            parser=whole(1),
            metavar="N",
            help="Run everything so many times; a test whose verdict differs fails the run.",
        ),
    ] = 1
    jobs: MachinesOption = 1
    retries: Annotated[
        int,
        typer.Option(
            "--retries",
            parser=whole(0),
            metavar="N",
            help="Run failing tests again in a new boot, at most so many times; a test that then passes is flaky.",
        ),
    ] = 0
    shard: Annotated[
        str | None,
        typer.Option("--shard", metavar="I/N", help="Run the I-th of N parts that take about the same time."),
    ] = None
    durations: Annotated[
        Path | None,
        typer.Option(
            "--durations", metavar="XML", help="JUnit XML of an earlier run, for the time that each test takes."
        ),
    ] = None


@app.command()
@grouped
def run(
    context: typer.Context,
    names: ScenariosArgument = None,
    tree: Annotated[
        str | None,
        typer.Option(
            "--tree", help=f"Build from this kernel tree: {TREE_HELP}. Default: that of --kernel debian:VERSION."
        ),
    ] = None,
    kernel: Annotated[
        list[str] | None,
        typer.Option(
            "--kernel",
            help=f"Run on this kernel; may be repeated: {KERNEL_HELP}. Default: {DEFAULT_KERNEL}.",
        ),
    ] = None,
    arch: Annotated[
        str | None,
        typer.Option(
            "--arch",
            envvar="KSFTCI_ARCH",
            help=f"One of {arches.NAMES}. Default: {arches.DEFAULT.name}, --native: this machine's.",
        ),
    ] = None,
    expression: ExpressionOption = None,
    native: Annotated[bool, typer.Option("--native", help="Run on this machine's own kernel, as root.")] = False,
    output: OutputGroup = OutputGroup(),
    repetition: RepeatGroup = RepeatGroup(),
    known: KnownOption = None,
    history: HistoryOption = None,
    guest: GuestGroup = GuestGroup(),
    icount: Annotated[
        bool,
        typer.Option(
            "--icount",
            help="Let the guest's clock count instructions, 1 ns each: measurements are the same on any host.",
        ),
    ] = False,
    load: Annotated[
        bool, typer.Option("--load", help="Keep every processor busy while the tests run, to provoke flakes.")
    ] = False,
    store: StoreGroup = StoreGroup(),
) -> None:
    """Run selftests on kernels.

    Exit status: 0 passed, 1 failed, 2 could not run, 3 nothing ran or everything was skipped, 130 interrupted.

    Examples:

      ksftci run --tree debian:7.3 merge mkdirty              build two tests, run them on arm64 7.3

      ksftci run --kernel debian:7.3 mm:cow "mm:run_vmtests.sh -t ksm" futex:    the kernel's own tests

      ksftci run --tree ~/linux --kernel ~/linux/arch/arm64/boot/Image -k "cow and not swap"

      ksftci run ./my_test --kernel debian:6.12 --kernel debian:7.3-16k --junit out.xml

      ksftci run --kernel debian:7.3 my_test.yaml             a scenario of your own, as ksftgen takes it

      ksftci run --tree ~/linux --arch x86_64                 x86-64 instead of arm64

      ksftci run --tree ~/linux --repeat 5 --load             is anything flaky?

      ksftci run --tree ~/linux --shard 1/3 --durations last.xml --junit shard-1.xml

      sudo ksftci run --native ./my_test                      on this machine's kernel
    """
    if native:
        _check_native(context, repetition.jobs)
    output.check()
    choice = Choice(expression) if expression else None
    shard = Shard.parse(repetition.shard) if repetition.shard else None
    durations = Durations.read(repetition.durations) if repetition.durations else Durations()
    judge = Judge.read(known, history)
    kernels = {} if native else parse_all(kernel or [DEFAULT_KERNEL])
    chosen = arch or (arches.host() if native else arches.DEFAULT).name
    size = replace(guest.guest, icount=icount, load=load)
    options = replace(store.options(chosen), limits=guest.limits, guest=size)

    tools = assemble(options, say)
    tools.check(names or [], tree, kernels)
    with tools.prepared(names or [], tree, kernels) as (programs, place):
        jobs = tools.jobs(programs, place, kernels, native)
        display = ProgressDisplay(err)
        session = Session(
            tools.machines(kernels, jobs),
            jobs,
            options.arch.name,
            display,
            repeat=repetition.repeat,
            at_once=repetition.jobs,
            choice=choice,
            shard=shard,
            durations=durations,
            retries=repetition.retries,
            judge=judge.attempt,
            lister=tools.lister,
            facts={"chosen": expression} if expression else {},
        )
        with display:
            runs = session.run()
    judge.finish(runs, date.today())
    for sentence in judge.unused(runs):
        say(sentence)
    status = exit_status(runs)
    if choice and status == NOTHING and (complaint := choice.complaint()):
        say(complaint)
    try:
        terminal.show(runs, output.console)
    finally:  # a terminal that cannot be written to costs no file
        output.write(runs)
    raise typer.Exit(status)


# Options that --native excludes, and why.
_GUESTS = {
    "kernel": "runs on this machine's kernel",
    "icount": "has this machine's own clock",
    "memory": "has this machine's own memory",
    "swap": "has this machine's own swap",
    "cpus": "has this machine's own processors",
    "append": "runs on a kernel that has booted",
}


def _check_native(context: typer.Context, jobs: int) -> None:
    """Raises CiError for options that --native excludes, whatever value they are given."""
    for option, why in _GUESTS.items():
        source = context.get_parameter_source(option)
        if source is not None and source.name != "DEFAULT":
            raise CiError(f"--native {why}; leave out --{option}")
    if jobs > 1:
        raise CiError("--native runs on this machine's kernel, which is only one; leave out -j")
