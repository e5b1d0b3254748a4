# SPDX-License-Identifier: GPL-2.0-only
"""The scenarios that a command is about: files, or names of those that come with ksftgen."""

from __future__ import annotations

from pathlib import Path

from ksftgen import paths, spec
from ksftgen.errors import GenError, unknown_word
from ksftgen.scenario import Scenario


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
    """The file that `name`, a path or the name of a scenario that comes with ksftgen, stands for."""
    if name.endswith(".yaml"):
        return Path(name)
    known = {path.stem: path for path in paths.scenarios()}
    if name not in known:
        raise GenError(unknown_word("scenario", name, known))
    return known[name]
