# SPDX-License-Identifier: GPL-2.0-only
"""The command `ksftci mutants`: its options, and where results are printed and written."""

import json
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from ksftci.assembly import assemble
from ksftci.cli.base import app, err, out, say
from ksftci.cli.groups import StoreGroup, grouped
from ksftci.host.files import write_whole
from ksftci.mutants import board, page, plan, table
from ksftci.mutants.campaign import Campaign, Selection
from ksftci.mutants.hunt import Hunt
from ksftci.session.choice import Choice
from plainprint.options import whole


@app.command()
@grouped
def mutants(
    config: Annotated[Path, typer.Argument(metavar="PLAN.yaml", help="Names the tree, the suites and the mutants.")],
    to: Annotated[
        Path,
        typer.Option(
            "--to", metavar="DIR", help="Write the journal, JSON and page there; go on from the journal there."
        ),
    ] = Path("results/mutants"),
    jobs: Annotated[
        int, typer.Option("-j", "--jobs", parser=whole(1), metavar="N", help="Kernels that run at once.")
    ] = 2,
    suite_names: Annotated[
        list[str] | None, typer.Option("--suite", help="Run only this suite of the plan; may be repeated.")
    ] = None,
    expression: Annotated[
        str | None,
        typer.Option("-k", metavar="EXPR", help="Try only mutants whose name, file, function or group matches."),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option(
            "--count",
            parser=whole(0),
            metavar="N",
            help="Try so many mutants of the sample. Default: the plan's number.",
        ),
    ] = None,
    whole: Annotated[
        bool,
        typer.Option("--whole", help="Run every test on every mutant, to learn which tests fail; a kill takes longer."),
    ] = False,
    only_report: Annotated[bool, typer.Option("--report", help="Run no kernel; report what the journal has.")] = False,
    store: StoreGroup = StoreGroup(),
) -> None:
    """Break a kernel, one line at a time, and see which suites of tests fail on it.

    Each mutant is built and booted in QEMU. Each suite runs on it until the first test fails, and a second boot
    must confirm the failure. Before that, each suite runs on the unchanged kernel, on as many machines at once:
    tests that fail or differ there are left out.

    Ctrl-C at any time: the same command goes on from the journal. The build of the kernel stays in the cache.

    Exit status: 0 every mutant is tried, 2 could not run, 130 interrupted.

    Examples:

      ksftci mutants ci/mutants/7.3/plan.yaml

      ksftci mutants ci/mutants/7.3/plan.yaml --suite ours -k change_huge_pmd

      ksftci mutants ci/mutants/7.3/plan.yaml --report
    """
    choice = Choice(expression) if expression else None
    content = plan.read(config)
    selection = Selection(plan.suites(config, content, suite_names or []), choice, count, whole, jobs)
    tools = assemble(replace(store.options(content.arch), guest=content.guest), say)
    if not only_report:
        tools.guests.check()
    campaign = Campaign.read(config, content, tools.trees)
    with nullcontext() if only_report else campaign.lock(tools.cache):
        progress = table.Progress(err, time.monotonic)
        hunt = campaign.hunt(selection, tools, to, progress)
        try:
            if not only_report:
                progress.begin(hunt)
                hunt.run()
        finally:
            _report(hunt, campaign, to)


def _report(hunt: Hunt, campaign: Campaign, folder: Path) -> None:
    """Print the results, and write them to the folder of the journal."""
    rows = board.rows(hunt, campaign.judgements)
    data = board.data(hunt, rows, campaign.tree.version)
    table.show(hunt, rows, out)
    document, html = folder / "mutants.json", folder / "mutants.html"
    write_whole(document, json.dumps(data, indent=1, ensure_ascii=False) + "\n")
    write_whole(html, page.render(data))
    say(f"written: {document}, {html}; the next run goes on from {folder / 'journal.jsonl'}")
