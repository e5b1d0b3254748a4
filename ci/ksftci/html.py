# SPDX-License-Identifier: GPL-2.0-only
"""Results as one HTML page that needs nothing beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from ksftci.report import skip_reasons
from ksftci.results import Run, TestResult, Verdict

_MARKS = {
    Verdict.PASS: "✓",
    Verdict.FAIL: "✗",
    Verdict.SKIP: "-",
    Verdict.XFAIL: "✓x",
    Verdict.XPASS: "!✓",
    Verdict.TIMEOUT: "⏱",
    Verdict.CRASH: "☠",
    Verdict.ERROR: "!",
    Verdict.NOT_RUN: "·",
}


@dataclass(frozen=True)
class _Row:
    test: str
    results: list[TestResult | None]  # one a run; None where the test did not appear


def render(runs: Sequence[Run]) -> str:
    """The page: a grid of tests and kernels, the log of each failure, reasons of skips."""
    environment = Environment(
        loader=PackageLoader("ksftci", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("page.html.j2")
    return page.render(
        runs=runs,
        rows=_rows(runs),
        marks=_MARKS,
        verdicts=list(Verdict),
        failures=[(run, r) for run in runs for r in run.results if r.verdict.bad],
        skips=skip_reasons(runs),
    )


def _rows(runs: Sequence[Run]) -> list[_Row]:
    by_run = [{result.id: result for result in run.results} for run in runs]
    tests = dict.fromkeys(test for results in by_run for test in results)
    return [_Row(test, [results.get(test) for results in by_run]) for test in tests]
