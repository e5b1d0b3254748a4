# SPDX-License-Identifier: GPL-2.0-only
"""The scenarios that a command is about: files, or names of those that come with ksftgen."""

from __future__ import annotations

from pathlib import Path

from ksftgen import paths, spec
from ksftgen.errors import GenError, nearest
from ksftgen.scenario import Scenario
from plainyaml.problem import clip

SUFFIXES = (".yaml", ".yml")  # of the files of scenarios


def load(specs: list[Path] | None, which: str = "strength") -> list[Scenario]:
    """The scenarios with the strength that `which`, the value of --cases, requires.

    Raises GenError with the problems of all files.
    """
    files = specs or paths.scenarios()
    if not files:
        raise GenError("there are no scenarios; give a scenario file")
    scenarios: dict[str, Scenario] = {}
    problems = []
    for path in files:
        try:
            scenario = spec.load(path)
        except GenError as error:
            problems.append(str(error))
            continue
        if scenario.name in scenarios:
            problems.append(f"{path}:1:1: scenario {scenario.name} is given twice; give each scenario once")
        scenarios[scenario.name] = scenario
    if problems:
        raise GenError("\n".join(problems))
    if which == "strength":
        return list(scenarios.values())
    strength = None if which == "all" else int(which)
    return [scenario.with_strength(strength) for scenario in scenarios.values()]


def find(name: str) -> Path:
    """The file that `name` stands for: a path, or the name of a scenario that comes with ksftgen or is here.

    Raises GenError if there is no such scenario; a path is returned without a look at it.
    """
    path = Path(name)
    if path.is_file() or path.suffix in SUFFIXES:
        return path
    files = {path.stem: path for path in (*sorted(Path().glob("*.y*ml")), *paths.scenarios())}
    if name in files:
        return files[name]
    inside = next((known for known in files if name and name in known), "")
    hint = f'did you mean "{inside}"? ' if inside else nearest(name, files)
    raise GenError(
        f'unknown scenario "{clip(name)}"; {hint}allowed: the path of a file, or a name that "ksftgen list" shows'
    )
