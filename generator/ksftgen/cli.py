# SPDX-License-Identifier: GPL-2.0-only
"""The command line: parses, calls, prints."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from ksftgen import __version__, output, paths, render, schema, spec, tree
from ksftgen.cases import cases
from ksftgen.errors import GenError
from ksftgen.install import install as put_into
from ksftgen.scenario import Scenario
from plainyaml.problem import clip

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""YAML scenarios in, Linux mm kselftests out.

    A scenario says what memory looks like, what is done to it and what must hold; a matrix varies it. For example:

    \b
    ksftgen check my_test.yaml            is it right?
    ksftgen list --cases my_test.yaml     which cases does it make?
    ksftgen render my_test.yaml -o /tmp   the C
    ksftgen install --tree ~/linux        into a tree, to be built by its make

    Without SPEC, those that come with ksftgen are meant. Exit status: 0 good, 1 drift, 2 a mistake.
    """,
)

Specs = Annotated[list[Path] | None, typer.Argument(metavar="[SPEC]...", help="Scenario files.", show_default=False)]


def _strength(text: str) -> str:
    if not re.fullmatch(r"strength|all|[1-9][0-9]{0,3}", text):
        raise typer.BadParameter(f'"{clip(text)}" is none of strength, all, and the whole numbers from 1')
    return text


CasesOption = Annotated[
    str,
    typer.Option(
        "--cases",
        metavar="strength|all|N",
        callback=_strength,
        help="What each scenario's strength asks for, all combinations, or strength N in every scenario: "
        "1 has each value once, 2 each pair.",
    ),
]


@app.callback(invoke_without_command=True)
def _options(version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False) -> None:
    if version:
        typer.echo(f"ksftgen {__version__}")
        raise typer.Exit


@app.command()
def check(specs: Specs = None) -> None:
    """Validate scenarios and show every problem as file:line:column.

    Example: ksftgen check scenarios/*.yaml
    """
    for scenario in _load(specs):
        typer.echo(f"{scenario.name}: {_size(scenario)}")


@app.command(name="list")
def list_(
    specs: Specs = None,
    show_cases: Annotated[bool, typer.Option("--cases", help="Every test, as the program names it.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Show scenarios, or all of their tests by the names that KTAP has.

    \b
    ksftgen list --cases | grep straddle
    ksftgen list --json | jq '.[].guards'
    """
    scenarios = _load(specs)
    if as_json:
        typer.echo(json.dumps([_plain(scenario, show_cases) for scenario in scenarios], indent=2))
        return
    for scenario in scenarios:
        if not show_cases:
            typer.echo(f"{scenario.name}: {scenario.summary}")
            typer.echo(f"    {_size(scenario)}")
            continue
        for case in cases(scenario):
            for test in scenario.tests:
                typer.echo(f"{scenario.name}.{case.name}.{test}")


@app.command(name="render")
def render_(
    specs: Specs = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="DIR", help="Where to write.", show_default="generated/ of the checkout"
        ),
    ] = None,
    kernel: Annotated[
        Path | None,
        typer.Option("--tree", metavar="DIR", help="The kernel tree to write for.", show_default="Linux 7.3"),
    ] = None,
    which: CasesOption = "strength",
    compare: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if files differ.")] = False,
) -> None:
    """Render scenarios to C, with the helper sources that they share.

    \b
    ksftgen render                          all of them, into generated/
    ksftgen render --check                  is generated/ up to date?
    ksftgen render my.yaml -o /tmp/c --tree ~/linux --cases all

    Without SPEC, programs of scenarios that are no longer there are removed.
    """
    where = folder or paths.generated()
    if where.exists() and not where.is_dir():
        raise GenError(f"{where}: is no directory; give -o a directory")
    profile = tree.probe(kernel) if kernel else tree.LINUX_7_3
    files = render.render(_load(specs, which), profile)
    if not compare:
        old = output.stale(where, files) if not specs else []
        touched = output.write({where / name: text for name, text in files.items()}, remove=old)
        typer.echo(f"{len(files)} files in {where}, {len(touched)} changed")
        return
    found = output.drift(where, files, prune=not specs)
    for one in found:
        typer.echo(f"{one.path}: {one.kind}")
        if one.diff:
            typer.echo(one.diff)
    if found:
        typer.echo(f'{len(found)} of {len(files)} files differ; run "ksftgen render"')
        raise typer.Exit(1)


@app.command(name="schema")
def schema_() -> None:
    """Print the JSON Schema of scenarios, for editors.

    \b
    ksftgen schema > scenario.schema.json
    and as the first line of a scenario:
    # yaml-language-server: $schema=scenario.schema.json
    """
    typer.echo(json.dumps(schema.schema(), indent=2))


@app.command()
def install(
    kernel: Annotated[
        Path, typer.Option("--tree", metavar="DIR", help="The kernel tree to change.", show_default=False)
    ],
    specs: Specs = None,
    which: CasesOption = "strength",
) -> None:
    """Put the tests into a kernel tree: sources, Makefile, .gitignore, run_vmtests.sh, wrapper script.

    Doing it twice changes nothing.  Without SPEC, programs that an earlier install left are removed.

    \b
    ksftgen install --tree ~/linux
    make -C ~/linux headers
    make -C ~/linux/tools/testing/selftests/mm
    """
    touched = put_into(_load(specs, which), kernel, prune=not specs)
    for path in touched:
        typer.echo(str(path))
    typer.echo(f"{len(touched)} files changed in {kernel}")


def _load(specs: list[Path] | None, which: str = "strength") -> list[Scenario]:
    """Every scenario, with the cases that --cases asks for, or one error with the problems of all."""
    files = specs or paths.scenarios()
    if not files:
        raise GenError("there are no scenarios; give a scenario file")
    found: dict[str, Scenario] = {}
    problems = []
    for path in files:
        try:
            scenario = spec.load(path)
        except GenError as error:
            problems.append(str(error))
            continue
        if scenario.name in found:
            problems.append(f"{path}:1:1: scenario {scenario.name} is given twice; give each once")
        found[scenario.name] = scenario
    if problems:
        raise GenError("\n".join(problems))
    if which == "strength":
        return list(found.values())
    return [scenario.at(None if which == "all" else int(which)) for scenario in found.values()]


def _size(scenario: Scenario) -> str:
    number = len(cases(scenario))
    return f"{number} cases x {len(scenario.tests)} tests = {number * len(scenario.tests)}"


def _plain(scenario: Scenario, with_cases: bool) -> dict[str, object]:
    found = cases(scenario)
    plain: dict[str, object] = {
        "name": scenario.name,
        "summary": scenario.summary,
        "guards": list(scenario.guards),
        "requires": list(scenario.requires),
        "axes": {axis.name: list(axis.values) for axis in scenario.axes},
        "tests": list(scenario.tests),
        "case_count": len(found),
    }
    if with_cases:
        plain["cases"] = [{"name": case.name, "values": dict(case.values)} for case in found]
    return plain


def main() -> None:
    """Run the command line; a user's mistake ends in a message and status 2."""
    try:
        app()
    except GenError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
