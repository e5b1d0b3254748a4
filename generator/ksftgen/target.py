# SPDX-License-Identifier: GPL-2.0-only
"""What a user names on the command line: a scenario, a case of it, a test of that, as in KTAP."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ksftgen import cover, loading, spec
from ksftgen.cases import NamedCase, cases
from ksftgen.cases import name as case_name
from ksftgen.errors import GenError, nearest, unknown_word
from ksftgen.scenario import Scenario
from plainyaml.problem import clip


@dataclass(frozen=True)
class Target:
    """A case, and the names of its tests that are meant; `is_first` if nobody has named a case."""

    scenario: Scenario
    case: NamedCase
    tests: tuple[str, ...]
    is_first: bool


def find(text: str) -> Target:
    """What ``SCENARIO[.CASE[.TEST]]`` names; SCENARIO is a file or the name of one.

    A name is that of a scenario that comes with ksftgen, or of a file of the current folder.  Without CASE it is the
    first case, without TEST every test.  Reports name the program before it: PROGRAM.SCENARIO.CASE.TEST is the same.
    Raises GenError if there is no such thing.
    """
    path, names = _split(text)
    scenario = spec.load(path)
    if names[:1] == [scenario.name]:
        names = names[1:]
    if len(names) > 2:
        raise GenError(f'"{clip(text, 200)}" has too many parts; allowed: SCENARIO[.CASE[.TEST]]')
    case = _case(scenario, names[0]) if names else cases(scenario)[0]
    if len(names) == 2 and names[1] not in scenario.tests:
        raise GenError(unknown_word(f"test of {scenario.name}", names[1], scenario.tests))
    return Target(scenario, case, (names[1],) if len(names) == 2 else tuple(scenario.tests), not names)


def _split(text: str) -> tuple[Path, list[str]]:
    """The file of the scenario, and the names behind it."""
    if Path(text).is_file():
        return Path(text), []
    if match := re.fullmatch(r"(.*?\.ya?ml)(?:\.(.*))?", text, re.DOTALL):
        return Path(match[1]), match[2].split(".") if match[2] else []
    name, *names = text.split(".")
    return loading.find(name), names


def _case(scenario: Scenario, name: str) -> NamedCase:
    """A case by its name, also one that is rendered with another strength only."""
    axes = {axis.name: axis.values for axis in scenario.axes}
    named = {case_name(values): values for values in cover.product(axes, scenario.is_excluded)}
    if name not in named:
        hint = nearest(name, [case.name for case in cases(scenario)])
        raise GenError(f'unknown case of {scenario.name} "{clip(name)}"; {hint}"ksftgen list --cases" names them')
    return NamedCase(name, dict(zip(axes, named[name], strict=True)))
