# SPDX-License-Identifier: GPL-2.0-only
"""Results as a single HTML file, which works without a network.

The tables are HTML. The scripts in page/ draw the grid and the failures from the data of `pagedata`. In a browser
without scripts the tables and a list of failures remain.
"""

import base64
import hashlib
import heapq
import re
import statistics
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from ksftci.report import findings, pagedata
from ksftci.report.chart import charts
from ksftci.report.plot import plot
from ksftci.results.model import Run, Verdict, exit_status
from plainprint.text import visible

_END_OF_WORD = re.compile(r"([._:/])")
_SCRIPTS = ("data.js", "failures.js", "cell.js", "grid.js", "page.js")
_SLOWEST = 20  # tests
_WARNING_LINES = 200  # of one run
_STATIC_FAILURES = 200  # that are shown without scripts


def render(runs: Sequence[Run]) -> str:
    """The page. The same runs give the same bytes."""
    script = "\n".join(map(_read, _SCRIPTS))
    style = _read("page.css")
    common, different, environments = _environments(runs)
    columns = findings.columns(run.counts for run in runs)
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
        titles=[title for title, _ in columns],
        rows=[(run, _counts(run, columns), facts) for run, facts in zip(runs, environments, strict=True)],
        common=common,
        different=different,
        breakable=breakable,
        duration=findings.duration,
        first_names=findings.first_names,
        first_url=findings.first_url,
        failures=findings.failures(runs)[:_STATIC_FAILURES],
        not_run=findings.not_run(runs),
        missing_capabilities=findings.missing_capabilities(runs),
        known_issues=findings.known_issues(runs),
        expected_complaints=findings.expected_complaints(runs),
        unexpected_passes=findings.unexpected_passes(runs),
        unsteady_tests=findings.unsteady_tests(runs),
        warnings=[
            (run.label, lines[:_WARNING_LINES], len(lines[_WARNING_LINES:]))
            for run in runs
            if (lines := _warnings(run))
        ],
        charts=[(chart, plot(chart)) for chart in charts(runs)],
        unusual_measurements=findings.unusual_measurements(runs),
        timed=any(map(findings.duration, runs)),
        slowest=_slowest(runs),
        programs=_programs(runs),
    )


@cache
def template(name: str) -> Template:
    """A template in page/. It escapes all texts, also characters that are not allowed in HTML."""
    environment = Environment(
        loader=PackageLoader("ksftci.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: visible(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


@cache
def _read(name: str) -> str:
    """A file in page/."""
    return files("ksftci.report").joinpath("page", name).read_text("utf-8")


def breakable(name: str) -> Markup:
    """A name that a narrow column breaks between its words only."""
    return Markup(_END_OF_WORD.sub(r"\1<wbr>", str(escape(visible(name)))))


def hashed(text: str) -> str:
    """The source expression by which a Content-Security-Policy allows an inline script or style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _environments(runs: Sequence[Run]) -> tuple[dict[str, str], list[str], list[dict[str, str]]]:
    """(facts that all runs have in common, names of the other facts, all facts of each run)."""
    environments = [{"arch": run.arch, **run.environment} for run in runs]
    environments = [{name: value for name, value in facts.items() if value} for facts in environments]
    first = environments[0] if environments else {}
    common = {name: value for name, value in first.items() if all(facts.get(name) == value for facts in environments)}
    different = dict.fromkeys(name for facts in environments for name in facts if name not in common)
    return common, list(different), environments


def _counts(run: Run, columns: Sequence[findings.Column]) -> list[tuple[int, Verdict, str]]:
    """(number of results, verdict that gives the colour, filter that shows the results) for each column."""
    counts = run.counts
    cells = []
    for _, verdicts in columns:
        verdict_filter = verdicts[0].value if len(verdicts) < 3 else "bad"
        address = urlencode({"verdict": verdict_filter, "kernel": visible(run.label)})
        cells.append((sum(counts[verdict] for verdict in verdicts), verdicts[0], address))
    return cells


def _warnings(run: Run) -> list[str]:
    """The anomalies of a run, and the kernel's warnings behind the name of the program that ran."""
    return [*run.anomalies, *(f"{program}: {line}" if program else line for program, line in run.splats)]


def _slowest(runs: Sequence[Run]) -> list[tuple[float, str, str]]:
    """(seconds, test, kernel), the slowest first."""
    timed = [(result.seconds, result.id, run.label) for run in runs for result in run.results if result.seconds]
    return heapq.nsmallest(_SLOWEST, timed, key=lambda row: (-row[0], row[1], row[2]))


def _programs(runs: Sequence[Run]) -> list[tuple[str, int, float, float, float, str]]:
    """(program, number of tests, shortest, median and longest seconds in a run, kernel of the longest).

    The program that took longest comes first.
    """
    times: dict[str, list[tuple[float, str]]] = {}
    tests: dict[str, set[str]] = {}
    for run in runs:
        for suite in run.programs:
            times.setdefault(suite.program, []).append((suite.seconds, run.label))
            tests.setdefault(suite.program, set()).update(result.name for result in suite.results)
    rows = []
    for program, times_and_kernels in times.items():
        longest, kernel = max(times_and_kernels)
        median = statistics.median(seconds for seconds, _ in times_and_kernels)
        rows.append((program, len(tests[program]), min(times_and_kernels)[0], median, longest, kernel))
    return sorted(rows, key=lambda row: -row[4])
