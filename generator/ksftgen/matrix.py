# SPDX-License-Identifier: GPL-2.0-only
"""The matrix of a scenario: axes, strengths, combinations to include and exclude, and the cases they make.

The `read_` functions turn nodes into values, and report the problems of the document; what they return is complete only
if there are none.  `check_cases` then reports problems that show only in the list of all cases.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence

from ksftgen import cover
from ksftgen.cases import name as case_name
from ksftgen.cnames import HARNESS_WORDS, WORDS
from ksftgen.errors import unknown_term, unknown_word
from ksftgen.scenario import Axis, Scenario
from ksftgen.source import Document, entries
from ksftgen.steps import StepReader
from ksftgen.words import TYPES
from plainyaml import node as yaml

_Cases = Sequence[tuple[str, ...]]


def read_axes(document: Document, steps: StepReader, layouts: Collection[str]) -> tuple[Axis, ...]:
    """The axes of ``matrix``; each has the type of the parameters that the steps use it for."""
    matrix = document.mapping("matrix")
    axes = []
    for name, node in matrix.items.items():
        key = matrix.keys[name]
        if name in WORDS:
            document.report(key.problem(f'axis "{name}" is a keyword or macro of C; choose another name'))
        use = steps.uses.get(name)
        if use is None and steps.is_complete:
            document.report(key.problem(f"axis {name} is never used; use ${name} in a step, or remove it"))
        kind = use.type if use else TYPES["layout"]
        words: list[str] = []
        for item, word in document.words(node):
            allowed = list(layouts if kind.values is None else kind.values)
            if word in words:
                text = f'value "{word}" of axis {name} is given twice; give each value once'
                document.report(item.problem(text))
            elif use and word not in allowed:
                document.report(item.problem(unknown_term(f"value of axis {name}", word, allowed)))
            words.append(word)
        axes.append(Axis(name, kind, tuple(words)))
    return tuple(axes)


def check_keys(document: Document) -> None:
    """Report keys that are about a matrix where there is none."""
    for key in () if document.value("matrix") else ("strength", "stronger", "include", "exclude", "submit"):
        if key in document.root.keys:
            document.report(document.root.keys[key].problem(f'"{key}" without matrix; add matrix:, or remove {key}'))


def read_strength(document: Document, axes: Sequence[Axis]) -> int | None:
    """The strength, 1 if none is given, None for "all"."""
    node = document.value("strength")
    if node is None:
        return 1
    strength = node.plain()
    if not isinstance(strength, int):
        return None
    if axes and not 1 <= strength <= len(axes):
        text = f"strength {strength} is out of range; allowed: 1 to {len(axes)}, the number of axes, or all"
        document.report(node.problem(text))
    return strength


def read_stronger(document: Document, axes: Sequence[Axis]) -> tuple[tuple[tuple[str, ...], int], ...]:
    """The names of axes and the strength of each entry of ``stronger``."""
    stronger = []
    axis_names = [axis.name for axis in axes]
    for entry in entries(document.value("stronger")):
        if not isinstance(entry, yaml.Mapping):
            continue
        names: list[str] = []
        for item, name in document.words(entry.items.get("axes")):
            if name not in axis_names:
                if axes:  # see check_keys()
                    document.report(item.problem(unknown_word("axis", name, axis_names)))
            elif name in names:
                document.report(item.problem(f"axis {name} is given twice; give each axis once"))
            names.append(name)
        node = entry.items.get("strength")
        strength = node.plain() if node else None
        if not node or not isinstance(strength, int):
            continue
        if strength > len(names):
            text = f"strength {strength} is out of range; allowed: 2 to {len(names)}, the number of these axes"
            document.report(node.problem(text))
        stronger.append((tuple(names), strength))
    return tuple(stronger)


def read_combinations(document: Document, key: str, axes: Sequence[Axis]) -> tuple[Mapping[str, frozenset[str]], ...]:
    """The entries of ``include``, ``exclude`` or ``submit``: axes and the values given for them."""
    combinations = []
    values = {axis.name: axis.values for axis in axes}
    for entry in entries(document.value(key)):
        if not isinstance(entry, yaml.Mapping):
            continue
        combination = {}
        for name, node in entry.items.items():
            if name not in values:
                if axes:
                    document.report(entry.keys[name].problem(unknown_word("axis", name, values)))
                continue
            words = document.words(node)
            for item, word in words:
                if word not in values[name]:
                    document.report(item.problem(unknown_word(f"value of axis {name}", word, values[name])))
            combination[name] = frozenset(word for _, word in words)
        combinations.append(combination)
    return tuple(combinations)


def check_cases(document: Document, scenario: Scenario) -> None:
    """Report a matrix that is too large, what `exclude` leaves no case of, and names of cases that collide."""
    axes = {axis.name: axis.values for axis in scenario.axes}
    size = cover.product_size(axes)
    if size > cover.MAX_PRODUCT:
        text = f"the matrix has {size} combinations; at most {cover.MAX_PRODUCT}, remove values or axes"
        document.report(document.root.keys["matrix"].problem(text))
        return
    cases = list(cover.product(axes, scenario.is_excluded))
    if not cases:
        text = "exclude leaves no case at all; remove an entry"
        document.report(document.root.keys["exclude"].problem(text))
        return
    _check_values(document, scenario, cases)
    _check_included(document, scenario, cases)
    _check_names(document, scenario, cases)


def _check_values(document: Document, scenario: Scenario, cases: _Cases) -> None:
    """Report each value that is in no case."""
    matrix = document.mapping("matrix")
    for index, axis in enumerate(scenario.axes):
        remaining = {case[index] for case in cases}
        for item, word in document.words(matrix.items[axis.name]):
            if word not in remaining:
                text = f'exclude leaves no case with {axis.name} "{word}"; remove the value or an entry of exclude'
                document.report(item.problem(text))


def _check_included(document: Document, scenario: Scenario, cases: _Cases) -> None:
    """Report for each entry of ``include`` the first combination that is in no case."""
    for entry, included in zip(entries(document.value("include")), scenario.include, strict=True):
        axes = {index: axis for index, axis in enumerate(scenario.axes) if axis.name in included}
        remaining = {tuple(case[index] for index in axes) for case in cases}
        values = ([value for value in axis.values if value in included[axis.name]] for axis in axes.values())
        missing = next((words for words in itertools.product(*values) if words not in remaining), None)
        if missing:
            case = " and ".join(f'{axis.name} "{word}"' for axis, word in zip(axes.values(), missing, strict=True))
            text = f"exclude leaves no case with {case}; remove this entry or one of exclude"
            document.report(entry.problem(text))


def _check_names(document: Document, scenario: Scenario, cases: _Cases) -> None:
    """Report two cases of one name, and names that tests or kselftest_harness.h have already."""
    matrix, tests = document.root.keys.get("matrix", document.root), document.mapping("tests")
    names: dict[str, tuple[str, ...]] = {}
    for case in cases:
        name = case_name(case)
        if name in names:
            both = f"{', '.join(names[name])} and {', '.join(case)}"
            text = f'two cases are called "{name}": {both}; rename a layout, or exclude one of the cases'
            document.report(matrix.problem(text))
            break
        names[name] = case
    for test in scenario.tests:
        if test in names:
            document.report(tests.keys[test].problem(f'test "{test}" has the name of a case; choose another name'))
    for name in sorted(WORDS & names.keys()):
        document.report(matrix.problem(f'case name "{name}" is a keyword or macro of C; add an axis'))
    for name in HARNESS_WORDS & names.keys():
        document.report(matrix.problem(f'case name "{name}" is reserved by kselftest_harness.h; add an axis'))
