# SPDX-License-Identifier: GPL-2.0-only
"""Failing tests again: which, and what becomes of both results."""

import re
from collections.abc import Sequence

from ksftci.results.model import Run, TestResult, Verdict
from ksftci.session.unit import Unit

_KERNEL_LOG = re.compile(r"/kernel_log(#\d+)?$")  # behind the test during which the kernel complained
_ENDED_IT = (Verdict.CRASH, Verdict.TIMEOUT)


def again(run: Run, units: Sequence[Unit]) -> list[list[Unit]]:
    """What to run again, in up to two boots: what broke off last time does not take the rest with it again.

    Of a harness program that is the failing tests, or all of `units` when it failed as a program.
    """
    bad = {_KERNEL_LOG.sub("", result.id): result for result in run.results if result.verdict.bad}
    tests = {f"{unit.job.name}.{unit.test}" for unit in units}
    programs = {result.program for result in bad.values()}
    whole = {result.program for test, result in bad.items() if test not in tests}
    calm: list[Unit] = []
    violent: list[Unit] = []
    for unit in units:
        name = unit.job.name
        if name not in programs:
            continue
        if unit.test:
            failing = bad.get(f"{name}.{unit.test}")
            broke = failing is not None and failing.verdict in _ENDED_IT
            wanted = failing is not None or name in whole
        else:
            broke = any(result.verdict in _ENDED_IT for result in bad.values() if result.program == name)
            wanted = True
        if wanted:
            (violent if broke else calm).append(unit)
    return [part for part in (calm, violent) if part]


def take(run: Run, second: Run) -> None:
    """Put the results of another attempt, at what `again` gave, into the run.

    Its verdicts count, those before are recorded. A test that did not run again stays as it was.
    """
    broken = {result.program for result in second.results if result.verdict.infrastructure}
    completed = {result.program for result in second.results} - broken
    fresh = {result.id: result for result in second.results if result.verdict is not Verdict.NOT_RUN}
    results: list[TestResult] = []
    for old in run.results:
        new = fresh.pop(old.id, None)
        if new is None and old.program in completed:
            if old.verdict is Verdict.NOT_RUN:
                continue  # a test without a name, which has one now
            if old.verdict.bad and old.of_program:
                new = TestResult(old.program, old.name, Verdict.PASS)
        results.append(old if new is None else _after(old, new))
    for new in fresh.values():
        new.earlier = [Verdict.NOT_RUN]
        results.append(new)
    run.results = results
    run.anomalies = list(dict.fromkeys([*run.anomalies, *second.anomalies]))
    run.splats = [*run.splats, *second.splats]
    run.interrupted |= second.interrupted


def _after(old: TestResult, new: TestResult) -> TestResult:
    """The new result, with what was before it; the logs of both when they differ."""
    new.earlier = [*old.earlier, old.verdict]
    if new.flaky:
        number = len(new.earlier)
        before = old.log if old.flaky else [_heading(number, old), *old.log]
        new.log = [*before, _heading(number + 1, new), *new.log]
    return new


def _heading(number: int, result: TestResult) -> str:
    return f"attempt {number}: {result.verdict.value} {result.reason}".rstrip()
