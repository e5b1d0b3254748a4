# SPDX-License-Identifier: GPL-2.0-only
"""The command line of ksftgen: reads options, calls the other modules, and prints what they return."""

from __future__ import annotations

import contextlib
import json
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from ksftgen import (
    __version__,
    changes,
    cli_explain,
    cli_new,
    cli_submit,
    grid,
    guards,
    install,
    loading,
    output,
    paths,
    reference,
    render,
    schema,
    tree,
)
from ksftgen.cases import cases
from ksftgen.errors import GenError
from ksftgen.phrases import counted
from ksftgen.scenario import Scenario
from plainprint import github, usage
from plainprint.text import visible
from plainyaml.problem import clip

app = usage.app(
    """Generate Linux mm kselftests from YAML scenarios.

    A scenario describes what memory looks like, what is done to it and what must hold; a matrix varies it. For example:

    \b
    ksftgen new mprotect_mine                   write a scenario to start from
    ksftgen check mprotect_mine.yaml            report every mistake in it
    ksftgen explain mprotect_mine.yaml          draw a case, and tell what its steps do
    ksftgen list --cases mprotect_mine.yaml     show the tests that it makes
    ksftgen render mprotect_mine.yaml -o /tmp   write the C source
    ksftgen install --tree ~/linux              install all tests into a kernel tree

    Without SPEC, the commands use the scenarios that come with ksftgen. Exit status: 0 success, 1 rendered files differ
    (render --check), 2 an error in the arguments, a scenario or a tree.
    """,
)


Specs = Annotated[list[Path] | None, typer.Argument(metavar="[SPEC]...", help="Scenario files.", show_default=False)]


def _parse_cases(text: str) -> str:
    if not re.fullmatch(r"strength|all|[1-9][0-9]{0,3}", text):
        raise typer.BadParameter(f'"{clip(text)}" is not valid; allowed: strength, all, or a number from 1')
    return text


Cases = Annotated[
    str,
    typer.Option(
        "--cases",
        metavar="strength|all|N",
        callback=_parse_cases,
        help="Which cases: those of each scenario's strength, all combinations, or those of strength N "
        "(1 covers each value, 2 each pair of values).",
    ),
]


def _say(text: str) -> None:
    typer.echo(visible(text))


@app.callback(invoke_without_command=True)
def _options(version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False) -> None:
    if version:
        _say(f"ksftgen {__version__}")
        raise typer.Exit


app.command(name="new")(cli_new.command)


@app.command()
def check(specs: Specs = None) -> None:
    """Check scenarios and report every problem as file:line:column.

    Example: ksftgen check scenarios/*.yaml
    """
    for scenario in loading.load(specs):
        _say(f"{scenario.name}: {_test_count(scenario)}")


app.command(name="explain")(cli_explain.command)


@app.command(name="list")
def list_(
    specs: Specs = None,
    show_cases: Annotated[bool, typer.Option("--cases", help="Show every test by its name in the program.")] = False,
    matrix: Annotated[bool, typer.Option("--matrix", help="Show what is tried, in Markdown.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show scenarios, or with --cases all of their tests by their names in KTAP.

    \b
    ksftgen list --cases | grep straddle
    ksftgen list --matrix > docs/matrix.md
    ksftgen list --json | jq '.[].guards'
    """
    scenarios = loading.load(specs)
    if as_json:
        _say(json.dumps([_as_json(scenario, show_cases) for scenario in scenarios], indent=2))
        return
    if matrix:
        _say(grid.markdown(scenarios))
        return
    for scenario in scenarios:
        if not show_cases:
            _say(f"{scenario.name}: {scenario.summary}")
            _say(f"    {_test_count(scenario)}")
            continue
        for case in cases(scenario):
            for test in scenario.tests:
                _say(f"{scenario.name}.{case.name}.{test}")


@app.command(name="render")
def render_(
    specs: Specs = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="DIR",
            help="The folder to write the sources to.",
            show_default="generated/, of the checkout or here",
        ),
    ] = None,
    kernel: Annotated[
        Path | None,
        typer.Option(
            "--tree", metavar="DIR", help="The kernel tree that the sources are for.", show_default="Linux 7.3"
        ),
    ] = None,
    which: Cases = "strength",
    check_only: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if files differ.")] = False,
) -> None:
    """Render scenarios to C programs, and the helper sources that the programs share.

    \b
    ksftgen render                          render all scenarios into generated/
    ksftgen render --check                  compare generated/ with the scenarios
    ksftgen render my.yaml -o /tmp/c --tree ~/linux --cases all

    Without SPEC, programs whose scenarios no longer exist are removed.  The names of cases that come and go are shown.
    """
    folder = folder or paths.generated()
    if folder.exists() and not folder.is_dir():
        raise GenError(f"{folder}: is not a directory; give -o a directory")
    profile = tree.probe(kernel) if kernel else tree.LINUX_7_3
    files = render.render(loading.load(specs, which), profile)
    if not check_only:
        if path := output.foreign(folder, files):
            raise GenError(f"{path}: ksftgen did not generate this file; rename the scenario, or give another folder")
        stale = output.stale_files(folder, files) if not specs else []
        changed_cases = changes.changed_cases(folder, files)
        changed = output.write({folder / name: text for name, text in files.items()}, remove=stale)
        for line in changed_cases:
            _say(line)
        _say(f"{len(files)} files in {folder}, {len(changed)} changed")
        return
    drifts = output.compare(folder, files, prune=not specs)
    for drift in drifts:
        _say(f"{drift.path}: {drift.kind}")
        if drift.diff:
            _say(drift.diff)
    if drifts:
        _say(f'{len(drifts)} of {len(files)} files differ; run "ksftgen render"')
        raise typer.Exit(1)


@app.command(name="schema")
def schema_() -> None:
    """Print the JSON Schema of scenarios, for editors.

    \b
    ksftgen schema > schema.json
    A comment at the start of a scenario then names it:
    # yaml-language-server: $schema=schema.json
    """
    _say(json.dumps(schema.schema(), indent=2))


@app.command(name="reference")
def reference_() -> None:
    """Print what a scenario may say, and what every word means, in Markdown.

    Example: ksftgen reference > docs/scenarios.md
    """
    _say(reference.markdown())


@app.command(name="install")
def install_(
    kernel: Annotated[
        Path, typer.Option("--tree", metavar="DIR", help="The kernel tree to change.", show_default=False)
    ],
    specs: Specs = None,
    which: Cases = "strength",
    remove: Annotated[
        bool, typer.Option("--remove", help="Remove all that was installed: the tree is what it was before.")
    ] = False,
) -> None:
    """Install tests into a kernel tree: sources, Makefile, .gitignore, run_vmtests.sh, wrapper script.

    Installing twice changes nothing.  Without SPEC, other programs of an earlier install are removed.

    \b
    ksftgen install --tree ~/linux
    make -C ~/linux headers
    make -C ~/linux/tools/testing/selftests/mm
    """
    if remove and specs:
        raise GenError("--remove takes no SPEC; it removes all that was installed")
    if remove:
        changed = install.remove(kernel)
    else:
        scenarios = loading.load(specs, which)
        changed = install.install(scenarios, kernel, prune=not specs)
        for warning in guards.warnings(scenarios, kernel) if specs else ():  # those of ksftgen are of many kernels
            typer.echo(visible(warning), err=True)
    for path in changed:
        _say(str(path))
    _say(f"{len(changed)} files changed in {kernel}")


app.command(name="submit")(cli_submit.command)


def _test_count(scenario: Scenario) -> str:
    case_count, test_count = len(cases(scenario)), len(scenario.tests)
    return f"{counted(case_count, 'case')} x {counted(test_count, 'test')} = {case_count * test_count}"


def _as_json(scenario: Scenario, with_cases: bool) -> dict[str, object]:
    named_cases = cases(scenario)
    data: dict[str, object] = {
        "name": scenario.name,
        "summary": scenario.summary,
        "guards": list(scenario.guards),
        "requires": list(scenario.requires),
        "axes": {axis.name: list(axis.values) for axis in scenario.axes},
        "tests": list(scenario.tests),
        "case_count": len(named_cases),
    }
    if with_cases:
        data["cases"] = [{"name": case.name, "values": dict(case.values)} for case in named_cases]
    return data


def main() -> None:
    """Run the command line; an error that the user can fix ends in a message and exit status 2."""
    github.guard()
    status, message = _run()
    if unwritten := usage.flush():
        status, message = 2, unwritten
    if message:
        with contextlib.suppress(OSError):
            print(visible(message), file=sys.stderr, flush=True)
    sys.exit(status)


def _run() -> tuple[int, str]:
    """Run the command. Gives its exit status, and what is wrong if it could not be done."""
    try:
        return usage.run(app, "ksftgen"), ""
    except GenError as error:
        return 2, str(error)
    except OSError as error:
        return 2, usage.file_problem(error)
