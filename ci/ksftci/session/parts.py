# SPDX-License-Identifier: GPL-2.0-only
"""Splits units into parts that take about the same time, and sorts the results of all parts again."""

from collections.abc import Sequence

from ksftci.results.model import TestResult
from ksftci.results.shard import split
from ksftci.session.durations import Durations
from ksftci.session.unit import Unit


def split_units(units: Sequence[Unit], count: int, durations: Durations) -> list[list[Unit]]:
    """`count` parts that take about the same time by `durations`. Each unit is in one part; a part may be empty."""
    parts = split([unit.seconds(durations) for unit in units], count)
    return [[units[place] for place in places] for places in parts]


def sort_results(results: Sequence[TestResult], units: Sequence[Unit]) -> list[TestResult]:
    """The results in the order of a single boot: by job, and in a job by test, those about the program last."""
    test_places = {f"{unit.job.name}.{unit.test}": place for place, unit in enumerate(units)}
    job_places: dict[str, int] = {}
    for unit in units:
        job_places.setdefault(unit.job.name, len(job_places))

    def place(result: TestResult) -> tuple[int, int]:
        job = job_places.get(result.program, len(job_places))
        return job, test_places.get(result.id, len(test_places))

    return sorted(results, key=place)
