# SPDX-License-Identifier: GPL-2.0-only
"""The command ``ksftgen submit``: a patch series, and its gates."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ksftgen import gates, loading, output, records, report, submit
from ksftgen.errors import GenError, unknown_word
from ksftgen.scenario import Scenario
from plainprint.options import whole
from plainprint.text import visible


def command(
    kernel: Annotated[
        Path,
        typer.Option(
            "--tree", metavar="DIR", help="The git tree on whose HEAD the patches are made.", show_default=False
        ),
    ],
    folder: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="Where the mails are written.", show_default=False)
    ],
    names: Annotated[
        list[str] | None,
        typer.Option(
            "--scenario",
            metavar="SCENARIO",
            help="A scenario file, or the name of a scenario that comes with ksftgen; may be repeated.",
            show_default=" and ".join(submit.DEFAULT),
        ),
    ] = None,
    version: Annotated[
        int, typer.Option("-v", "--reroll-count", parser=whole(1), metavar="N", help="The version of the series.")
    ] = 1,
    found: Annotated[
        str | None,
        typer.Option(
            "--finding", metavar="NAME", help="Make no series, but the report of a kernel bug: an entry of docs/found."
        ),
    ] = None,
    previous: Annotated[
        Path | None, typer.Option("--previous", metavar="DIR", help="The folder of the version before: same change-id.")
    ] = None,
    changes: Annotated[
        Path | None,
        typer.Option("--changes", metavar="FILE", help="What is new in this version, for the cover letter."),
    ] = None,
    results: Annotated[
        list[Path] | None,
        typer.Option("--results", metavar="XML", help="A file of ksftci run --junit to quote; may be repeated."),
    ] = None,
    mutants: Annotated[
        Path | None, typer.Option("--mutants", metavar="JSON", help="The mutants.json of ksftci mutants to quote.")
    ] = None,
    which: Annotated[
        str,
        typer.Option(
            "--gates",
            metavar="all|none|NAME,...",
            help=f"What the series must pass: {', '.join(gates.GATES)}. All of it takes some minutes.",
        ),
    ] = "all",
    kernels: Annotated[
        list[str] | None,
        typer.Option(
            "--kernel",
            metavar="KERNEL",
            help="A kernel of the gate guests, as ksftci run has it; may be repeated.",
            show_default="debian:7.3",
        ),
    ] = None,
    keep: Annotated[
        Path | None, typer.Option("--record", metavar="FILE", help="Write what is quoted of --results and --mutants.")
    ] = None,
    signoff: Annotated[
        bool, typer.Option("-s", "--signoff", help="Add your Signed-off-by: you have read and checked all of it.")
    ] = False,
) -> None:
    """Make a patch series: engine, tests and cover letter, on the HEAD of a kernel tree.

    Nothing is sent, and the tree is not changed.  The C is owned by whoever applies it: it says nothing of a generator,
    and its cases are a table.  Read all of it before you send it.

    \b
    ksftgen submit --tree ~/linux -o series/
    ksftgen submit --tree ~/linux -o v2/ -v 2 --previous series/ --changes v2.txt
    git -C ~/linux am series/000[1-9]*.patch
    ksftgen submit --tree ~/linux -o reports/ --finding ksm_uffd_wp

    Exit status: 0 every gate is passed or skipped, 1 a gate is not passed, 2 there is no series.
    """
    if found:
        path, notes = report.write(found, kernel, folder)
        for line in (str(path), *(f"note: {note}" for note in notes)):
            _say(line)
        return
    files = [loading.find(name) for name in names or submit.DEFAULT]
    scenarios = loading.load(files)
    texts = [_read(path) for path in files]
    wanted = _chosen(which)
    if version > 1 and not (previous and changes):
        raise GenError(
            f"version {version} follows an earlier one; give --previous, for its change-id, and --changes, "
            "for the cover letter"
        )
    if version == 1 and (previous or changes):
        raise GenError("--previous and --changes are for a later version; give -v 2, or what its number is")
    new = _read(changes) if changes else ""
    if changes and not new.strip():
        raise GenError(f"{changes}: says nothing; write what is new in version {version}")
    record = _record(scenarios, texts, results or [], mutants)
    if keep and record:
        output.write({keep: records.text(record)})
    options = submit.Options(version, new, previous, signoff, record)
    with submit.build(scenarios, texts, kernel, options) as made:
        written = submit.write(made, folder)
        for path in written:
            _say(str(path))
        for note in made.notes:
            _say(f"note: {note}")
        outcomes = gates.run(submit.bench(made, written, kernels or ["debian:7.3"]), wanted, _say)
    if outcomes:
        output.write({folder / "gates.json": gates.as_json(outcomes)})
        _say(f"\n{gates.table(outcomes)}")
    if any(outcome.result == gates.FAILED for outcome in outcomes):
        raise typer.Exit(1)


def _chosen(which: str) -> list[str]:
    """The gates that the value of --gates names."""
    names = list(gates.GATES) if which == "all" else [] if which == "none" else which.split(",")
    for name in names:
        if name not in gates.GATES:
            raise GenError(unknown_word("gate", name, ["all", "none", *gates.GATES]))
    return names


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise GenError(f"{path}: is not UTF-8, at byte {error.start}; save as UTF-8") from None


def _record(
    scenarios: list[Scenario], texts: list[str], results: list[Path], mutants: Path | None
) -> records.Record | None:
    if results or mutants:
        return records.measured(submit.fingerprint(scenarios, texts), results, mutants)
    path = submit.default_record()
    return records.read(path) if path.is_file() else None


def _say(text: str) -> None:
    typer.echo(visible(text))
