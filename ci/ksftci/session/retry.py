# SPDX-License-Identifier: GPL-2.0-only
"""Failing tests again: which, and what becomes of both results."""

import re
from collections.abc import Sequence

from ksftci.results.model import KERNEL_LOG, Run, Verdict
from ksftci.session.unit import Unit

_KERNEL_LOG = re.compile(rf"/{KERNEL_LOG}(#\d+)?$")  # behind the test during which the kernel complained
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
