# SPDX-License-Identifier: GPL-2.0-only
"""Results as one HTML page that needs nothing beside it.

The tables are HTML; the grid and the failures are drawn by page/*.js from the data of `pagedata`.
Without scripts the tables and a list of failures remain.
"""

import base64
import hashlib
import heapq
import statistics
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from ksftci.formats.junittext import legal
from ksftci.report import findings, pagedata
from ksftci.report.chart import charts
from ksftci.report.plot import plot
from ksftci.results.model import Run, Verdict, exit_status

_SCRIPTS = ("data.js", "failures.js", "grid.js", "page.js")
_SLOWEST = 20
_ODD_LINES = 200  # of one run
_STATIC_FAILURES = 200  # that are shown without scripts


def render(runs: Sequence[Run]) -> str:
    """The page. The same runs give the same bytes."""
    script = "\n".join(map(_part, _SCRIPTS))
    style = _part("page.css")
    common, facts = _environments(runs)
    return template("page.html.j2").render(
        script=Markup(script),
        style=Markup(style),
        script_hash=hashed(script),
        style_hash=hashed(style),
        data=Markup(pagedata.encode(runs)),
        marks=pagedata.MARKS,
        verdicts=list(Verdict),
        headline=findings.headline(runs),
        status=exit_status(runs),
        titles=[title for title, _ in findings.COLUMNS],
        rows=[(run, _numbers(run), fact) for run, fact in zip(runs, facts, strict=True)],
        common=common,
        seconds=findings.seconds,
        some=findings.some,
        link=findings.link,
        failures=findings.failures(runs)[:_STATIC_FAILURES],
        not_run=findings.not_run(runs),
        missing=findings.missing(runs),
        known=findings.known(runs),
        unexpected=findings.unexpected(runs),
        unsteady=findings.unsteady(runs),
        odd=[(run.label, odd[:_ODD_LINES], len(odd[_ODD_LINES:])) for run in runs if (odd := _odd(run))],
        charts=[(chart, plot(chart)) for chart in charts(runs)],
        unusual=findings.unusual(runs),
        timed=any(map(findings.seconds, runs)),
        slowest=_slowest(runs),
        programs=_programs(runs),
    )


@cache
def template(name: str) -> Template:
    """A page's template; whatever it shows is escaped, and without characters that no HTML may hold."""
    environment = Environment(
        loader=PackageLoader("ksftci.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: legal(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


@cache
def _part(name: str) -> str:
    return files("ksftci.report").joinpath("page", name).read_text("utf-8")


def hashed(text: str) -> str:
    """What Content-Security-Policy calls an inline script or style that may run."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _environments(runs: Sequence[Run]) -> tuple[dict[str, str], list[dict[str, str]]]:
    """(facts that are the same in every run, the other facts of each run)."""
    facts = [{"arch": run.arch, **run.environment} for run in runs]
    facts = [{name: value for name, value in fact.items() if value} for fact in facts]
    first = facts[0] if facts else {}
    common = {name: value for name, value in first.items() if all(fact.get(name) == value for fact in facts)}
    return common, [{name: value for name, value in fact.items() if name not in common} for fact in facts]


def _numbers(run: Run) -> list[tuple[int, Verdict, str]]:
    """(how many results, a verdict for the colour, the filter that shows them) for each of the columns."""
    counts = run.counts
    rows = []
    for _, verdicts in findings.COLUMNS:
        wanted = verdicts[0].value if len(verdicts) < 3 else "bad"
        address = urlencode({"verdict": wanted, "kernel": legal(run.label)})
        rows.append((sum(counts[verdict] for verdict in verdicts), verdicts[0], address))
    return rows


def _odd(run: Run) -> list[str]:
    """What was wrong with the KTAP, and what the kernel said in its log."""
    return [*run.anomalies, *(f"{program}: {line}" if program else line for program, line in run.splats)]


def _slowest(runs: Sequence[Run]) -> list[tuple[float, str, str]]:
    """(seconds, test, kernel), the slowest first."""
    timed = [(result.seconds, result.id, run.label) for run in runs for result in run.results if result.seconds]
    return heapq.nsmallest(_SLOWEST, timed, key=lambda row: (-row[0], row[1], row[2]))


def _programs(runs: Sequence[Run]) -> list[tuple[str, int, float, float, float, str]]:
    """(program, tests, shortest, median, longest seconds in a run, kernel of the longest), the longest first."""
    times: dict[str, list[tuple[float, str]]] = {}
    tests: dict[str, set[str]] = {}
    for run in runs:
        for suite in run.programs:
            times.setdefault(suite.program, []).append((suite.seconds, run.label))
            tests.setdefault(suite.program, set()).update(result.name for result in suite.results)
    rows = []
    for program, taken in times.items():
        longest, kernel = max(taken)
        median = statistics.median(seconds for seconds, _ in taken)
        rows.append((program, len(tests[program]), min(taken)[0], median, longest, kernel))
    return sorted(rows, key=lambda row: -row[4])
