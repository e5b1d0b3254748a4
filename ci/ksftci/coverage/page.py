# SPDX-License-Identifier: GPL-2.0-only
"""A comparison as one HTML page: the source with each suite's counts beside it. It has no scripts."""

from importlib.resources import files

from markupsafe import Markup

from ksftci.coverage.compare import Comparison, CompiledFunction, SourceLine
from ksftci.coverage.table import UNEXPLAINED
from ksftci.report.html import hashed, template


def render(found: Comparison) -> str:
    """The page. The same comparison gives the same bytes."""
    style = files("ksftci.report").joinpath("page", "coverage.css").read_text("utf-8")
    lines = {(line.file, line.number): line for line in found.lines()}
    totals = [suite.total for suite in found.suites]
    return template("coverage.html.j2").render(
        style=Markup(style),
        style_hash=hashed(style),
        kernel=found.kernel,
        suites=found.suites,
        rows=[
            (part, _anchor(part), [len(part.ran(t)) for t in totals], [len(part.taken(t)) for t in totals])
            for part in found.parts
        ],
        listings=[(part, _anchor(part), _listing(found, part, lines)) for part in found.parts],
        programs=_programs(found),
        state=_state,
        short=_short,
        unexplained=UNEXPLAINED,
        stale=found.notes.stale,
    )


def _anchor(part: CompiledFunction) -> str:
    return f"{part.file}:{part.function.name}"


def _listing(
    found: Comparison, part: CompiledFunction, lines: dict[tuple[str, int], SourceLine]
) -> list[tuple[int, str, SourceLine | None]]:
    """(number, text, what is known of it unless it is no code) of every line of a function."""
    source = found.sources[part.file].splitlines()
    inside = range(part.function.first, part.function.last + 1)
    return [(number, source[number - 1].expandtabs(8), lines.get((part.file, number))) for number in inside]


def _state(line: SourceLine) -> str:
    """A class: all, none, partly (not every suite runs it), branches (one that no suite takes)."""
    if line.missed:
        return "none"
    if not all(line.counts):
        return "partly"
    return "branches" if line.untaken() else "all"


def _short(count: int) -> str:
    """A count in at most five characters."""
    for unit in ("", "k", "M", "G"):
        if count < 10000:
            return f"{count}{unit}"
        count //= 1000
    return f"{count}T"


def _programs(found: Comparison) -> list[tuple[str, list[tuple[str, list[int]]]]]:
    """(suite, [(program, lines that it runs of each part)])."""
    return [
        (
            suite.name,
            [(name, [len(part.ran(profile)) for part in found.parts]) for name, profile in suite.profiles.items()],
        )
        for suite in found.suites
    ]
