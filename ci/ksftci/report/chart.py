# SPDX-License-Identifier: GPL-2.0-only
"""Charts of measurements: a row for each test, a column for each kernel. Tables and plots are made of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from ksftci.results.model import UNNAMED, Measurement, Run

Row = list[Measurement | None]  # kernel by kernel; None where the test measured nothing
_Tests = dict[str, dict[str, list[Measurement]]]  # test to kernel to the measurements of all repeats


@dataclass(frozen=True)
class Chart:
    """One kind of measurement, for all tests of a program that measured it."""

    title: str
    kernels: list[str]
    rows: dict[str, Row]  # by test


def charts(runs: Sequence[Run]) -> list[Chart]:
    """A chart for each program and kind of measurement. Of several repeats on a kernel it has the median."""
    values: dict[tuple[str, str, str], _Tests] = {}  # by program, name and unit
    for run in runs:
        for result in run.results:
            for measurement in result.measured:
                tests = values.setdefault((result.program, measurement.name, measurement.unit), {})
                tests.setdefault(result.name, {}).setdefault(run.kernel or UNNAMED, []).append(measurement)
    return [_chart(f"{program}: {name}, {unit}", tests, runs) for (program, name, unit), tests in values.items()]


def _chart(title: str, tests: _Tests, runs: Sequence[Run]) -> Chart:
    measured = {kernel for repeats in tests.values() for kernel in repeats}
    kernels = [kernel for kernel in dict.fromkeys(run.kernel or UNNAMED for run in runs) if kernel in measured]
    rows = [[_median(repeats.get(kernel, [])) for kernel in kernels] for repeats in tests.values()]
    return Chart(title, kernels, dict(zip(_short_names(list(tests)), rows, strict=True)))


def _median(repeats: Sequence[Measurement]) -> Measurement | None:
    """The measurement in the middle, the smaller of two in the middle; None without any."""
    return sorted(repeats, key=lambda measurement: measurement.value)[(len(repeats) - 1) // 2] if repeats else None


def _short_names(names: Sequence[str]) -> list[str]:
    """Names without the words that all have at the beginning or at the end; dots separate words.

    "perf.base.time" and "perf.order4.time" become "base" and "order4". A single name stays as it is, and so do names
    with different numbers of words.
    """
    split = [name.split(".") for name in names]
    if len(set(names)) < 2 or len({len(words) for words in split}) > 1:
        return list(names)
    differing = [index for index, words in enumerate(zip(*split, strict=True)) if len(set(words)) > 1]
    return [".".join(words[differing[0] : differing[-1] + 1]) for words in split]
