# SPDX-License-Identifier: GPL-2.0-only
"""`ksftci mutants`."""

import json
import sys
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from ksftci.assembly import assemble
from ksftci.cli.base import app, err, out, say
from ksftci.cli.groups import StoreGroup, grouped
from ksftci.errors import CiError
from ksftci.host.command import run as run_command
from ksftci.host.files import write_whole
from ksftci.machine.machine import Limits
from ksftci.machine.qemu import GuestOptions, Qemu
from ksftci.mutants import board, curated, executed, page, plan, sample, table
from ksftci.mutants.executed import Executed
from ksftci.mutants.forge import Forge
from ksftci.mutants.hunt import Hunt
from ksftci.mutants.journal import Journal
from ksftci.mutants.ledger import Ledger
from ksftci.mutants.mutant import Mutant
from ksftci.mutants.trial import Suite
from ksftci.session.choice import parse as parse_choice


@app.command()
@grouped
def mutants(
    config: Annotated[Path, typer.Argument(metavar="PLAN.yaml", help="Tree, suites and mutants.")],
    to: Annotated[
        Path, typer.Option("--to", metavar="DIR", help="Where journal, JSON and page are; what is there goes on.")
    ] = Path("results/mutants"),
    jobs: Annotated[int, typer.Option("-j", "--jobs", min=1, help="Kernels that run at once.")] = 2,
    suite_names: Annotated[
        list[str] | None, typer.Option("--suite", help="Only this suite of the plan, may be repeated.")
    ] = None,
    expression: Annotated[
        str | None, typer.Option("-k", metavar="EXPR", help="Only mutants whose name, file or function holds these.")
    ] = None,
    count: Annotated[
        int | None, typer.Option("--count", min=0, help="So many of the sample. Default: what the plan says.")
    ] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="Run every test, to learn which ones notice; a kill then costs a whole run.")
    ] = False,
    only_report: Annotated[bool, typer.Option("--report", help="Build and run nothing; report what is there.")] = False,
    store: StoreGroup = StoreGroup(),
) -> None:
    """Break a kernel, one line at a time, and see which suites of tests notice.

    Each mutant is built, booted in QEMU and given to each suite until the first test that fails, and
    then to a second boot, which must show it, too. Before, each suite is run on the kernel without a
    bug, as many times at once as later: tests that fail there or differ are left out.

    Ctrl-C at any time: the same command goes on where it was. The kernels' build is kept in the cache.

    Exit status: 0 all is tried, 2 could not run, 130 interrupted.

    Examples:

      ksftci mutants ci/mutants/7.3/plan.yaml

      ksftci mutants ci/mutants/7.3/plan.yaml --suite ours -k change_huge_pmd

      ksftci mutants ci/mutants/7.3/plan.yaml --report
    """
    chosen = parse_choice(expression) if expression else (lambda _: True)
    wanted = plan.read(config)
    if unknown := set(suite_names or []) - wanted.suites.keys():
        raise CiError(f"{config}: there is no suite {', '.join(sorted(unknown))}; there are {', '.join(wanted.suites)}")
    guest = GuestOptions(wanted.memory, append=wanted.append, swap_mb=wanted.swap)
    tools = assemble(store.options(wanted.arch, guest=guest), say)
    source = tools.trees.get(wanted.tree, full=True)
    listed = curated.read(config.parent / wanted.curated, source) if wanted.curated else []
    drawn, number = list[Mutant](), 0
    if wanted.sample is not None:
        of = wanted.sample
        drawn, number = sample.draw(source, of.file, of.first, of.last, of.seed), of.count
    number = number if count is None else count
    known = executed.read(config.parent / wanted.lines, source) if wanted.lines else Executed()
    verdicts = plan.judgements(config, wanted)

    def is_chosen(mutant: Mutant) -> bool:
        return chosen(f"{mutant.name} {mutant.file} {mutant.function} {mutant.group}")

    alone = nullcontext() if only_report else tools.cache.lock(f"mutants-{source.path.name}-{wanted.arch}")
    with alone:
        forge = Forge(tools.cache, source, tools.kernel_builder, wanted.config)
        for command in wanted.prepare:
            first, *rest = (word.replace("{tree}", str(forge.tree.path)) for word in command)
            ours = [sys.executable, "-m", "ksftgen"]  # the one beside us, whatever PATH says
            run_command([*(ours if first == "ksftgen" else [first]), *rest], what="putting tests into the tree")
        suites = []
        for name, suite in wanted.suites.items():
            if not suite_names or name in suite_names:
                programs = tools.jobs(plan.programs(config, suite), str(forge.tree.path), {})
                suites.append(Suite(name, programs, Limits(suite.total, suite.silence), known))
        qemu = tools.guests.qemu("mutant", Path(), [job for suite in suites for job in suite.jobs])

        def start(image: Path, limits: Limits) -> Qemu:
            return replace(qemu, image=image, limits=limits)

        to.mkdir(parents=True, exist_ok=True)
        progress = table.Progress(err, time.monotonic)
        hunt = Hunt(
            forge,
            start,
            suites,
            [mutant for mutant in listed if is_chosen(mutant)],
            [mutant for mutant in drawn if is_chosen(mutant)],
            number,
            Ledger(Journal(to / "journal.jsonl"), forge.kernel, whole),
            progress,
            jobs,
            wanted.baseline,
            [name for name, found in verdicts.items() if found.verdict in plan.SAME],
        )
        try:
            if not only_report:
                progress.begin(hunt)
                hunt.run()
        finally:
            rows = board.rows(hunt, verdicts)
            told = board.data(hunt, rows, source.version)
            table.show(hunt, rows, out)
            write_whole(to / "mutants.json", json.dumps(told, indent=1, ensure_ascii=False) + "\n")
            write_whole(to / "mutants.html", page.render(told))
            say(f"written: {to / 'mutants.json'}, {to / 'mutants.html'}; {to / 'journal.jsonl'} is what goes on")
