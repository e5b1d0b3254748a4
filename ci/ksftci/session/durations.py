# SPDX-License-Identifier: GPL-2.0-only
"""How long tests took before."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median

from ksftci.errors import CiError
from ksftci.formats import record
from ksftci.results.model import Run

_UNHEARD_OF = 1.0  # seconds of everything when nothing is known: all are alike


@dataclass(frozen=True)
class Durations:
    """Seconds of tests, by id, and of whole programs, by name. What is not known gets the median."""

    tests: dict[str, float] = field(default_factory=dict)
    programs: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of_runs(cls, runs: Iterable[Run]) -> "Durations":
        """The mean over all runs in which a test, or a program, has a time."""
        tests: dict[str, list[float]] = {}
        programs: dict[str, list[float]] = {}
        for suite in (suite for run in runs for suite in run.programs):
            timed = {r.id: r.seconds for r in suite.results if r.seconds is not None}
            for test, seconds in timed.items():
                tests.setdefault(test, []).append(seconds)
            if timed:
                programs.setdefault(suite.program, []).append(suite.seconds)
        return cls({k: mean(v) for k, v in tests.items()}, {k: mean(v) for k, v in programs.items()})

    @classmethod
    def read(cls, path: Path) -> "Durations":
        """Those in a result of an earlier run. Raises CiError when there is none in it."""
        durations = cls.of_runs(record.read(path))
        if not durations.tests:
            raise CiError(f"{path}: no test in it has a time; give the JUnit XML of an earlier run")
        return durations

    def of_test(self, test: str) -> float:
        """Of a test, by its id."""
        return self.tests.get(test) or _median(self.tests)

    def of_program(self, name: str) -> float:
        """Of all that a program does."""
        return self.programs.get(name) or _median(self.programs)


def _median(known: dict[str, float]) -> float:
    return median(known.values()) if known else _UNHEARD_OF
