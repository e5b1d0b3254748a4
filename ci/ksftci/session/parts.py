# SPDX-License-Identifier: GPL-2.0-only
"""Units in parts of about the same length, and their results in one order again."""

from collections.abc import Sequence

from ksftci.results.model import TestResult
from ksftci.results.shard import split
from ksftci.session.durations import Durations
from ksftci.session.unit import Unit


def parts(units: Sequence[Unit], number: int, durations: Durations) -> list[list[Unit]]:
    """The units in so many parts, some of which may be empty; `durations` says how long each unit takes."""
    places = split([unit.seconds(durations) for unit in units], number)
    return [[units[place] for place in part] for part in places]


def in_order(results: Sequence[TestResult], units: Sequence[Unit]) -> list[TestResult]:
    """The results as one boot would have given them: job by job, test by test, then those about the program."""
    tests = {f"{unit.job.name}.{unit.test}": place for place, unit in enumerate(units)}
    jobs: dict[str, int] = {}
    for unit in units:
        jobs.setdefault(unit.job.name, len(jobs))
    last = len(tests)
    return sorted(results, key=lambda r: (jobs.get(r.program, len(jobs)), tests.get(r.id, last)))
