# SPDX-License-Identifier: GPL-2.0-only
"""Tables of what the tests try: scenarios, and which state meets which code of the kernel, and which other state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set

from ksftgen.cases import cases
from ksftgen.rooms import HOLE_ROOM, ROOMS
from ksftgen.scenario import Case, Scenario, Step


def markdown(scenarios: Sequence[Scenario]) -> str:
    """Three tables in Markdown: scenarios, and the number of tests by state and guarded function, and by two states."""
    by_code: Counter[tuple[str, str]] = Counter()
    by_state: Counter[tuple[str, str]] = Counter()
    for scenario in scenarios:
        for states in _tests(scenario):
            by_code.update((state, guard) for state in states for guard in scenario.guards)
            by_state.update((one, other) for one in states for other in states if one != other)
    guards = sorted({guard for _, guard in by_code})
    return "\n".join(
        [
            "<!-- SPDX-License-Identifier: GPL-2.0-only -->",
            "# What the tests try",
            "",
            "From `ksftgen list --matrix`.",
            "",
            "## Scenarios",
            "",
            "A test is skipped, with the reason, where something that it needs is missing.",
            "",
            *_overview(scenarios),
            "",
            "## State and code",
            "",
            "How many tests bring pages into a state, in scenarios that guard a function of the kernel. A state is a",
            "room, `templates/mprotect_state_NAME.c`; a page that is in no state is present, exclusive and writable.",
            "What cannot be together is in `generator/ksftgen/conflicts.py`, with the reason.",
            "",
            *_table("function", guards, ROOMS, {(guard, state): n for (state, guard), n in by_code.items()}),
            "",
            "## State and state",
            "",
            "How many tests bring pages of one memory into both states.",
            "",
            *_table("state", ROOMS, ROOMS, by_state),
        ]
    )


def _overview(scenarios: Sequence[Scenario]) -> list[str]:
    """The lines of a table with a row for each scenario: its summary, what it needs, its numbers of cases and tests."""
    lines = ["| scenario | what its tests try | needs | cases | tests |", "| --- | --- | --- | ---: | ---: |"]
    for scenario in scenarios:
        number = len(cases(scenario))
        needs = ", ".join(f"`{each}`" for each in scenario.requires)
        counts = f"{number} | {number * len(scenario.tests)}"
        lines.append(f"| `{scenario.name}` | {scenario.summary.replace('|', chr(92) + '|')} | {needs} | {counts} |")
    return lines


def _tests(scenario: Scenario) -> Iterable[set[str]]:
    """For each test of each case, the states that it brings pages into."""
    holed = {layout.name for layout in scenario.layouts if layout.has_hole}
    for case in cases(scenario):
        for steps in scenario.tests.values():
            yield set().union(*(_states(step, case.values, holed) for step in (*scenario.setup, *steps)))


def _states(step: Step, case: Case, holed: Set[str]) -> set[str]:
    """The rooms of a step in a case: those of its verb and its words, and that of the holes in its layout."""
    words = [(each.parameter.type, case[each.value] if each.is_axis else each.value) for each in step.arguments]
    if ("pages", "none") in ((kind.name, word) for kind, word in words):
        return set()
    found = {kind.rooms[word] for kind, word in words if word in kind.rooms}
    found |= {HOLE_ROOM for _, word in words if word in holed}
    return found | ({step.verb.room} if step.verb.room else set())


def _table(corner: str, rows: Sequence[str], columns: Sequence[str], cells: Mapping[tuple[str, str], int]) -> list[str]:
    """The lines of a table; columns without any number are left out, and an empty cell is blank."""
    columns = [column for column in columns if any((row, column) in cells for row in rows)]
    rows = [row for row in rows if any((row, column) in cells for column in columns)]
    lines = [[corner, *columns], ["---", *("---:" for _ in columns)]]
    lines += [[row, *(str(cells.get((row, column), "")) for column in columns)] for row in rows]
    return [f"| {' | '.join(line)} |" for line in lines]
