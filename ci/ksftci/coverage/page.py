# SPDX-License-Identifier: GPL-2.0-only
"""A comparison as one HTML page without scripts: the source, with the counts of each suite beside each line."""

from importlib.resources import files

from markupsafe import Markup

from ksftci.coverage.compare import Comparison, CompiledFunction, SourceLine
from ksftci.coverage.table import UNEXPLAINED
from ksftci.report.html import hashed, template


def render(comparison: Comparison) -> str:
    """The page. The same comparison gives the same bytes."""
    style = files("ksftci.report").joinpath("page", "coverage.css").read_text("utf-8")
    lines = {(line.file, line.number): line for line in comparison.lines()}
    totals = [suite.total for suite in comparison.suites]
    return template("coverage.html.j2").render(
        style=Markup(style),
        style_hash=hashed(style),
        kernel=comparison.kernel,
        suites=comparison.suites,
        rows=[
            (
                function,
                _anchor(function),
                [len(function.executed(total)) for total in totals],
                [len(function.taken(total)) for total in totals],
            )
            for function in comparison.functions
        ],
        listings=[(f, _anchor(f), _listing(f, comparison.sources[f.file], lines)) for f in comparison.functions],
        programs=_programs(comparison),
        css_class=_css_class,
        short=_short,
        unexplained=UNEXPLAINED,
        stale=comparison.notes.stale,
    )


def _anchor(function: CompiledFunction) -> str:
    return f"{function.file}:{function.name}"


def _listing(
    function: CompiledFunction, source: str, lines: dict[tuple[str, int], SourceLine]
) -> list[tuple[int, str, SourceLine | None]]:
    """(number, text, SourceLine) of every line of a function; None for a line without code in the kernel."""
    text = source.splitlines()
    inside = range(function.function.first, function.function.last + 1)
    return [(number, text[number - 1].expandtabs(8), lines.get((function.file, number))) for number in inside]


def _css_class(line: SourceLine) -> str:
    """none: no suite executes the line; partly: not every suite; branches: no suite takes some branch; else all."""
    if line.unexecuted:
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


def _programs(comparison: Comparison) -> list[tuple[str, list[tuple[str, list[int]]]]]:
    """(suite, [(program, number of executed lines of each function)])."""
    return [
        (
            suite.name,
            [
                (name, [len(f.executed(profile)) for f in comparison.functions])
                for name, profile in suite.profiles.items()
            ],
        )
        for suite in comparison.suites
    ]
