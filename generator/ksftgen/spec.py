# SPDX-License-Identifier: GPL-2.0-only
"""Loads a scenario file: a Scenario, or every problem of the file at once.

shape.py checks each key by itself.  The checks of this module, steps.py, matrix.py and orders.py are about how keys fit
together.  They skip every place that has a problem already, so that no place gets two.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ksftgen import cnames, matrix, orders, shape, source
from ksftgen.cases import cases
from ksftgen.errors import SpecError, join_or, unknown_term
from ksftgen.layout import Layout
from ksftgen.library import library, read_layouts
from ksftgen.scenario import Axis, Scenario, Step, fits
from ksftgen.source import Document, entries
from ksftgen.steps import StepReader
from ksftgen.vocabulary import CAPABILITIES
from plainyaml import node as yaml
from plainyaml.problem import Problem, clip

Tests = Mapping[str, tuple[Step, ...]]


def load(path: Path) -> Scenario:
    """The scenario in `path`; raises SpecError with all problems of the file."""
    root, problems = source.read(path)
    if newer := shape.newer(root):
        raise SpecError(str(path), [newer])
    document = Document(root, problems + shape.check(root))
    scenario = _read_scenario(document, path.stem)
    if scenario is None:
        raise SpecError(str(path), document.problems)
    return scenario


def _read_scenario(document: Document, stem: str) -> Scenario | None:
    """The scenario, or None if the document has problems."""
    _check_name(document, stem)
    requires = _read_requires(document)
    layouts = {**library(), **_read_own_layouts(document)}
    axis_names = list(document.mapping("matrix").items) if document.value("matrix") else None
    steps = StepReader(axis_names, list(layouts), document.faulty)
    setup, tests = _read_steps(document, steps)
    matrix.check_keys(document)
    axes = matrix.read_axes(document, steps, layouts)
    strength = matrix.read_strength(document, axes)
    stronger = matrix.read_stronger(document, axes)
    include = matrix.read_combinations(document, "include", axes)
    exclude = matrix.read_combinations(document, "exclude", axes)
    submit = matrix.read_combinations(document, "submit", axes)
    if document.problems:
        return None
    text = shape.ScenarioShape.model_validate(document.root.plain())
    used = _used_layouts(axes, setup, tests)
    scenario = Scenario(
        name=text.scenario,
        summary=text.summary.strip(),
        description=(text.description or "").strip(),
        guards=tuple(text.guards),
        requires=tuple(name for name in CAPABILITIES if name in requires),
        layouts=tuple(layout for name, layout in layouts.items() if name in used),
        axes=axes,
        strength=strength,
        stronger=stronger,
        include=include,
        exclude=exclude,
        submit=submit,
        setup=setup,
        tests=tests,
    )
    matrix.check_cases(document, scenario)
    if not document.problems:
        _check_submitted(document, scenario)
        orders.check(document, scenario)
    return None if document.problems else scenario


def _check_submitted(document: Document, scenario: Scenario) -> None:
    """Report the entries of ``submit`` that no case fits."""
    named = cases(scenario) if scenario.submit else []
    for node, entry in zip(entries(document.value("submit")), scenario.submit, strict=True):
        if not any(fits(case.values, entry) for case in named):
            document.report(node.problem("no case has these values; add them to include, or remove the entry"))


def _check_name(document: Document, stem: str) -> None:
    for node, name in document.words(document.value("scenario")):
        if name in cnames.WORDS:
            document.report(node.problem(f'scenario "{name}" is a keyword or macro of C; choose another name'))
        if name != stem:
            text = f'scenario "{clip(name)}" is in a file called {clip(stem)}; give both the same name'
            document.report(node.problem(text))


def _read_requires(document: Document) -> set[str]:
    names: set[str] = set()
    for node, name in document.words(document.value("requires")):
        if name not in CAPABILITIES:
            document.report(node.problem(unknown_term("capability", name, CAPABILITIES)))
        elif name in names:
            document.report(node.problem(f'capability "{name}" is given twice; give it once'))
        names.add(name)
    return names


def _read_own_layouts(document: Document) -> dict[str, Layout]:
    node = document.mapping("layouts")
    for name, key in node.keys.items():
        if name in library():
            document.report(key.problem(f'layout "{name}" is in the library; choose another name'))
        elif f"layout_{name}" in cnames.symbols():
            document.report(key.problem(f'layout "{name}" is layout_{name} in C, which is there already; rename it'))
    problems: list[Problem] = []
    layouts = read_layouts(node, problems)
    for problem in problems:
        document.report(problem)
    return layouts


def _read_steps(document: Document, steps: StepReader) -> tuple[tuple[Step, ...], Tests]:
    """The steps of ``setup`` and of each test, read by `steps`, whose problems are then those of the document, too."""
    setup = steps.read_setup(entries(document.value("setup")))
    tests: dict[str, tuple[Step, ...]] = {}
    mapping = document.mapping("tests")
    for name, body in mapping.items.items():
        _check_test_name(document, name, mapping.keys[name])
        tests[name] = steps.read_test(entries(body))
    steps.is_complete &= bool(setup) and bool(tests) and all(tests.values())
    for problem in steps.problems:
        document.report(problem)
    return setup, tests


def _check_test_name(document: Document, name: str, key: yaml.Node) -> None:
    if name in cnames.WORDS:
        document.report(key.problem(f'test "{name}" is a keyword or macro of C; choose another name'))
    for _, scenario in document.words(document.value("scenario")):
        if (function := f"{scenario}_{name}") in cnames.symbols():
            text = f'test "{name}" is the function {function}() in C, which is there already; choose another name'
            document.report(key.problem(text))
    if name in cnames.HARNESS_WORDS or name.endswith("_teardown"):
        words = join_or([*sorted(cnames.HARNESS_WORDS), "*_teardown"])
        document.report(key.problem(f'test name "{name}" is reserved by kselftest_harness.h; not allowed: {words}'))


def _used_layouts(axes: tuple[Axis, ...], setup: tuple[Step, ...], tests: Tests) -> set[str]:
    """The names of the layouts that an axis or a step names."""
    arguments = [argument for steps in (setup, *tests.values()) for step in steps for argument in step.arguments]
    return {value for axis in axes for value in axis.values if axis.type.name == "layout"} | {
        argument.value for argument in arguments if argument.parameter.name == "layout" and not argument.is_axis
    }
