# SPDX-License-Identifier: GPL-2.0-only
"""A scenario file, read and checked: every problem it has at once, or a Scenario.

shape.py has looked at each key by itself; here they must fit each other.  A place that has a problem already gets no
second one, so these checks pass over what is of the wrong shape in silence.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

from ksftgen import cover, layout, shape, source
from ksftgen.errors import SpecError, join, unknown
from ksftgen.layout import Layout, Segment
from ksftgen.scenario import Axis, Scenario, Step
from ksftgen.steps import Steps
from ksftgen.vocabulary import C_WORDS, CAPABILITIES, HARNESS_WORDS, TYPES
from plainyaml import node as yaml
from plainyaml.problem import Problem, clip


def load(path: Path) -> Scenario:
    """The scenario in `path`; raises SpecError with all that is wrong with it."""
    root, problems = source.read(path)
    problems += shape.check(root)
    reader = _Reader(root, problems)
    scenario = reader.scenario(path.stem)
    if problems or scenario is None:
        raise SpecError(str(path), problems)
    return scenario


@functools.cache
def library() -> Mapping[str, Layout]:
    """The layouts that every scenario can name, from layouts.yaml; checked like a scenario's own."""
    path = Path(__file__).with_name("layouts.yaml")
    root, problems = source.read(path)
    found = _layouts(root, problems)
    if problems:
        raise SpecError(path.name, problems)
    return found


def _layouts(node: yaml.Mapping, problems: list[Problem]) -> dict[str, Layout]:
    found = {}
    for name, sides in node.items.items():
        if not isinstance(sides, yaml.Mapping):
            continue
        below, above = (_pattern(sides.items.get(side), problems) for side in ("below", "above"))
        found[name] = Layout(name, below, above)
    return found


def _pattern(node: yaml.Node | None, problems: list[Problem]) -> tuple[Segment, ...]:
    if not isinstance(node, yaml.Sequence):
        return ()
    segments = []
    for item in node.items:
        found = layout.segment(str(item.plain()))
        if isinstance(found, str):
            problems.append(item.problem(f'"{clip(str(item.plain()))}" {found}'))
            return ()
        segments.append(found)
    if wrong := layout.misfit(segments):
        problems.append(node.items[wrong[0]].problem(wrong[1]))
    return tuple(segments)


class _Reader:
    """The checks across keys; adds to `problems`, which holds those of shape."""

    def __init__(self, root: yaml.Mapping, problems: list[Problem]) -> None:
        self.root = root
        self.problems = problems
        self.bad = {(problem.line, problem.column) for problem in problems}

    def scenario(self, stem: str) -> Scenario | None:
        """The Scenario if nothing at all is wrong, else None and problems."""
        self._name(stem)
        requires = self._requires()
        layouts = {**library(), **self._own_layouts()}
        setup, tests, steps = self._steps(list(self._mapping("matrix").items), list(layouts))
        axes = self._axes(steps, layouts)
        strength = self._strength(axes)
        stronger = self._stronger(axes)
        include, exclude = (self._combinations(key, axes) for key in ("include", "exclude"))
        if self.problems:
            return None
        text = shape.ScenarioShape.model_validate(self.root.plain())
        used = {value for axis in axes for value in axis.values if axis.type.name == "layout"}
        used |= {
            given.value
            for step in [*setup, *(step for test in tests.values() for step in test)]
            for given in step.given
            if given.argument.name == "layout" and not given.is_axis
        }
        scenario = Scenario(
            name=text.scenario,
            summary=text.summary.strip(),
            description=(text.description or "").strip(),
            guards=tuple(text.guards),
            requires=tuple(name for name in CAPABILITIES if name in requires),
            layouts=tuple(layouts[name] for name in layouts if name in used),
            axes=axes,
            strength=strength,
            stronger=stronger,
            include=include,
            exclude=exclude,
            setup=setup,
            tests=tests,
        )
        self._cases(scenario)
        return None if self.problems else scenario

    def _add(self, node: yaml.Node, text: str) -> None:
        if (node.line, node.column) not in self.bad:
            self.problems.append(node.problem(text))

    def _mapping(self, key: str) -> yaml.Mapping:
        node = self.root.items.get(key)
        return node if isinstance(node, yaml.Mapping) else yaml.Mapping(1, 1)

    def _items(self, node: yaml.Node | None) -> list[yaml.Node]:
        return node.items if isinstance(node, yaml.Sequence) else []

    def _words(self, node: yaml.Node | None) -> list[tuple[yaml.Node, str]]:
        """The words of a list, or one word by itself, that have no problem yet."""
        found = self._items(node) if isinstance(node, yaml.Sequence) else [node] if node else []
        return [
            (item, str(item.value))
            for item in found
            if isinstance(item, yaml.Scalar) and (item.line, item.column) not in self.bad
        ]

    def _name(self, stem: str) -> None:
        for node, name in self._words(self.root.items.get("scenario")):
            if name != stem:
                self._add(node, f'scenario "{clip(name)}" in a file called {clip(stem)}; give both the same name')

    def _requires(self) -> set[str]:
        seen: set[str] = set()
        for node, name in self._words(self.root.items.get("requires")):
            if name not in CAPABILITIES:
                self._add(node, unknown("capability", name, CAPABILITIES))
            elif name in seen:
                self._add(node, f'capability "{name}" again; once is enough')
            seen.add(name)
        return seen

    def _own_layouts(self) -> dict[str, Layout]:
        node = self._mapping("layouts")
        for name, key in node.keys.items():
            if name in library():
                self._add(key, f'layout "{name}" is in the library; choose another name')
        found: list[Problem] = []
        layouts = _layouts(node, found)
        self.problems += [problem for problem in found if (problem.line, problem.column) not in self.bad]
        return layouts

    def _steps(
        self, axes: list[str], layouts: list[str]
    ) -> tuple[tuple[Step, ...], dict[str, tuple[Step, ...]], Steps]:
        steps = Steps(axes, layouts, self.bad)
        setup = steps.setup(self._items(self.root.items.get("setup")))
        tests: dict[str, tuple[Step, ...]] = {}
        mapping = self._mapping("tests")
        for name, body in mapping.items.items():
            self._test_name(name, mapping.keys[name])
            tests[name] = steps.test(self._items(body))
        steps.complete &= bool(setup) and bool(tests) and all(tests.values())
        for problem in steps.problems:
            self._add(yaml.Node(problem.line, problem.column), problem.text)
        return setup, tests, steps

    def _test_name(self, name: str, key: yaml.Node) -> None:
        if name in HARNESS_WORDS or name.endswith("_teardown"):
            words = join(sorted(HARNESS_WORDS))
            self._add(key, f'a test called "{name}"; {words}, and *_teardown, are kselftest_harness.h\'s own')

    def _axes(self, steps: Steps, layouts: Mapping[str, Layout]) -> tuple[Axis, ...]:
        matrix = self._mapping("matrix")
        axes = []
        for name, node in matrix.items.items():
            key = matrix.keys[name]
            if name in C_WORDS:
                self._add(key, f'axis "{name}" is a word of C; choose another name')
            words: list[str] = []
            use = steps.uses.get(name)
            if use is None and steps.complete:
                self._add(key, f"axis {name} is never used; use ${name} in a step, or remove it")
            kind = use.type if use else TYPES["layout"]
            for item, word in self._words(node):
                allowed = list(layouts if kind.values is None else kind.values)
                if word in words:
                    self._add(item, f'value "{word}" of axis {name} again; each value once')
                elif use and word not in allowed:
                    self._add(item, unknown(f"{kind.name} of axis {name}", word, allowed))
                words.append(word)
            axes.append(Axis(name, kind, tuple(words)))
        return tuple(axes)

    def _strength(self, axes: tuple[Axis, ...]) -> int | None:
        node = self.root.items.get("strength")
        value = node.plain() if node else None
        if node is None or not isinstance(value, int):
            return None
        if axes and not 1 <= value <= len(axes):
            self._add(node, f"strength {value} is out of range; allowed: 1 to {len(axes)}, the number of axes, or all")
        return value

    def _stronger(self, axes: tuple[Axis, ...]) -> tuple[tuple[tuple[str, ...], int], ...]:
        found = []
        known = [axis.name for axis in axes]
        for node in self._items(self.root.items.get("stronger")):
            if not isinstance(node, yaml.Mapping):
                continue
            names: list[str] = []
            for item, name in self._words(node.items.get("axes")):
                if name not in known:
                    self._add(item, unknown("axis", name, known))
                elif name in names:
                    self._add(item, f"axis {name} again; name each once")
                names.append(name)
            place = node.items.get("strength")
            strength = place.plain() if place else None
            if not place or not isinstance(strength, int):
                continue
            if strength > len(names):
                text = f"strength {strength} is out of range; allowed: 2 to {len(names)}, the number of these axes"
                self._add(place, text)
            found.append((tuple(names), strength))
        return tuple(found)

    def _combinations(self, key: str, axes: tuple[Axis, ...]) -> tuple[Mapping[str, frozenset[str]], ...]:
        found = []
        values = {axis.name: axis.values for axis in axes}
        for node in self._items(self.root.items.get(key)):
            one = {}
            if not isinstance(node, yaml.Mapping):
                continue
            for name, inner in node.items.items():
                if name not in values:
                    self._add(node.keys[name], unknown("axis", name, values))
                    continue
                words = self._words(inner)
                for item, word in words:
                    if word not in values[name]:
                        self._add(item, unknown(f"value of axis {name}", word, values[name]))
                one[name] = frozenset(word for _, word in words)
            found.append(one)
        return tuple(found)

    def _cases(self, scenario: Scenario) -> None:
        """What shows only when the matrix is laid out: too large, nothing left, names that collide."""
        matrix = self._mapping("matrix")
        axes = {axis.name: axis.values for axis in scenario.axes}
        size = cover.size(axes)
        if size > cover.MAX_PRODUCT:
            text = f"the matrix has {size} combinations; at most {cover.MAX_PRODUCT}, take values or axes out"
            self._add(self.root.keys["matrix"], text)
            return
        product = list(cover.product(axes, scenario.excluded))
        if not product:
            self._add(self.root.keys["exclude"], "the exclusions leave no case at all; take one out")
            return
        for index, axis in enumerate(scenario.axes):
            left = {case[index] for case in product}
            for item, word in self._words(matrix.items[axis.name]):
                if word not in left:
                    text = f'the exclusions leave no case with {axis.name} "{word}"; take the value or one of them out'
                    self._add(item, text)
        self._included(scenario, product)
        seen: dict[str, tuple[str, ...]] = {}
        for case in product:
            name = "_".join(case)
            if name in seen:
                both = f"{', '.join(seen[name])} and {', '.join(case)}"
                text = f'two cases are called "{name}": {both}; rename a layout or exclude one'
                self._add(self.root.keys["matrix"], text)
                break
            seen[name] = case
        tests = self._mapping("tests")
        for test in scenario.tests:
            if test in seen:
                self._add(tests.keys[test], f'test "{test}" is called like a case; choose another name')
        for name in HARNESS_WORDS & seen.keys():
            self._add(
                self.root.keys["matrix"], f'a case is called "{name}", a word of kselftest_harness.h; add an axis'
            )

    def _included(self, scenario: Scenario, product: Sequence[tuple[str, ...]]) -> None:
        """What `include` asks for and the exclusions leave no case of; the first of each entry."""
        for node, one in zip(self._items(self.root.items.get("include")), scenario.include, strict=True):
            axes = {index: axis for index, axis in enumerate(scenario.axes) if axis.name in one}
            there = {tuple(case[index] for index in axes) for case in product}
            wanted = itertools.product(*([word for word in a.values if word in one[a.name]] for a in axes.values()))
            missing = next((words for words in wanted if words not in there), None)
            if missing:
                case = " and ".join(f'{axis.name} "{word}"' for axis, word in zip(axes.values(), missing, strict=True))
                self._add(node, f"the exclusions leave no case with {case}; take it or one of them out")
