# SPDX-License-Identifier: GPL-2.0-only
"""What tests measured, kernel beside kernel: the rows of a table, the lines of a plot."""

from collections.abc import Sequence
from dataclasses import dataclass

from ksftci.results.model import UNNAMED, Measurement, Run

Row = list[Measurement | None]  # kernel by kernel; None where the test measured nothing


@dataclass(frozen=True)
class Chart:
    """One measurement of all tests of a program."""

    title: str
    kernels: list[str]
    rows: dict[str, Row]  # by test


def charts(runs: Sequence[Run]) -> list[Chart]:
    """A chart for each measurement of each program; of several repeats on one kernel the median counts."""
    found: dict[tuple[str, str, str], dict[str, dict[str, list[Measurement]]]] = {}
    for run in runs:
        for result in run.results:
            for one in result.measured:
                tests = found.setdefault((result.program, one.name, one.unit), {})
                tests.setdefault(result.name, {}).setdefault(run.kernel or UNNAMED, []).append(one)
    return [_chart(f"{program}: {name}, {unit}", tests, runs) for (program, name, unit), tests in found.items()]


def _chart(title: str, tests: dict[str, dict[str, list[Measurement]]], runs: Sequence[Run]) -> Chart:
    there = {kernel for of_kernel in tests.values() for kernel in of_kernel}
    kernels = [kernel for kernel in dict.fromkeys(run.kernel or UNNAMED for run in runs) if kernel in there]
    rows = [[_median(of_kernel.get(kernel, [])) for kernel in kernels] for of_kernel in tests.values()]
    return Chart(title, kernels, dict(zip(_short(list(tests)), rows, strict=True)))


def _median(found: Sequence[Measurement]) -> Measurement | None:
    """The one in the middle; of an even number the lower of the two."""
    return sorted(found, key=lambda one: one.value)[(len(found) - 1) // 2] if found else None


def _short(names: Sequence[str]) -> list[str]:
    """Several names without the words, cut at dots, that all begin and end with: "fixture.case.test" is "case"."""
    split = [name.split(".") for name in names]
    if len(set(names)) < 2 or len({len(words) for words in split}) > 1:
        return list(names)
    differ = [place for place, words in enumerate(zip(*split, strict=True)) if len(set(words)) > 1]
    return [".".join(words[differ[0] : differ[-1] + 1]) for words in split]
