# SPDX-License-Identifier: GPL-2.0-only
"""`ksftci watch`."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from ksftci import arch as arches
from ksftci.assembly import assemble
from ksftci.cli.base import (
    ArchOption,
    ConfigOption,
    ExpressionOption,
    MachinesOption,
    ProgramsArgument,
    app,
    err,
    out,
    say,
)
from ksftci.cli.groups import GuestGroup, StoreGroup, grouped
from ksftci.errors import CiError, Interrupted
from ksftci.kernel.tree import Trees
from ksftci.machine.machine import Booted, Event
from ksftci.report import terminal
from ksftci.results.model import Run
from ksftci.session.choice import Choice
from ksftci.session.collect import Collector
from ksftci.session.progress import ProgressDisplay
from ksftci.session.session import Session
from ksftci.session.watch import Difference, RoundTimes, Saves, rounds

_FAILURES_SHOWN = 5
_MENDED_SHOWN = 10


@app.command()
@grouped
def watch(
    names: ProgramsArgument = None,
    tree: Annotated[
        Path,
        typer.Option("--tree", metavar="DIR", help="The kernel tree that the kernel and the tests are built from."),
    ] = Path(),
    arch: ArchOption = arches.DEFAULT.name,
    config: ConfigOption = None,
    expression: ExpressionOption = None,
    jobs: MachinesOption = 1,
    guest: GuestGroup = GuestGroup(),
    store: StoreGroup = StoreGroup(),
) -> None:
    """Build the tree's kernel and tests and run the tests, and again whenever a source is saved, until Ctrl-C.

    The kernel is built as by `ksftci kernel build`: the first round takes minutes, later rounds compile what was
    saved. A save during a round ends the round and begins the next. Each round reports the tests that fail and did
    not fail in the round before, and the tests that pass again.

    Examples:

      cd ~/linux; ksftci watch -k "cow and mixed"

      ksftci watch --tree ~/linux --config ARM64_16K_PAGES=y mm:mkdirty mm:merge
    """
    if expression:
        Choice(expression)  # an error comes before anything is built
    source = Trees.local(str(tree))
    if source is None:
        raise CiError(
            f"--tree {tree}: is fetched, and nobody saves files there; give a folder, such as that of --to: "
            f"ksftci tree get --full {tree} --to linux"
        )
    options = replace(store.options(arch), limits=guest.limits, guest=guest.guest)
    with Saves(source.path) as saves:
        tools = assemble(options, say, saves.pending)
        tools.check_build(source, names or [])

        def once(times: RoundTimes) -> Run:
            choice = Choice(expression) if expression else None
            image = tools.kernel_builder.build(source, config or [])
            times.end("kernel")
            programs = tools.jobs(names or [], str(source.path), {})
            times.end("programs")
            machine = tools.guests.machine(f"build:{source.path.name}", image, programs)
            with _Display(times) as display:
                (run,) = Session(
                    [machine],
                    programs,
                    options.arch.name,
                    display,
                    at_once=jobs,
                    choice=choice,
                    lister=tools.lister,
                    stop=saves.pending,
                ).run()
            times.end("tests")
            if run.interrupted:
                raise Interrupted
            if choice and not run.results and (complaint := choice.complaint()):
                say(complaint)
            return run

        rounds(saves, once, _show, say)


class _Display(ProgressDisplay):
    """Notes when the kernel is up."""

    def __init__(self, times: RoundTimes) -> None:
        super().__init__(err)
        self.times = times

    def progress(self, run: Run, collector: Collector, event: Event) -> None:
        """Show how far this run has come."""
        if isinstance(event, Booted) and "boot" not in self.times.seconds:
            self.times.end("boot", event.at)
        super().progress(run, collector, event)


def _show(run: Run, difference: Difference, times: RoundTimes) -> None:
    terminal.say(terminal.failures([replace(run, results=difference.failing)], _FAILURES_SHOWN), out)
    for result in difference.mended[:_MENDED_SHOWN]:
        say(f"MENDED {result.id}")
    counts = {"newly failing": len(difference.failing), "still failing": difference.still_failing}
    counts |= {"mended": len(difference.mended)}
    summary = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    say(f"{summary or 'nothing failed'}; {times}")
