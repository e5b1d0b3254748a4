# SPDX-License-Identifier: GPL-2.0-only
"""How long tests and programs took in earlier runs."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median

from ksftci.errors import CiError
from ksftci.formats import record
from ksftci.results.model import Run

_DEFAULT = 1.0  # seconds of every test and program when no duration is known: all count alike


@dataclass(frozen=True)
class Durations:
    """Seconds of tests, by id, and of programs, by name. A test or program without a time gets the median."""

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
        """The durations in the JUnit XML of an earlier run. Raises CiError when no test in it has a time."""
        durations = cls.of_runs(record.read(path))
        if not durations.tests:
            raise CiError(f"{path}: no test in it has a time; give the JUnit XML of an earlier run")
        return durations

    def of_test(self, test: str) -> float:
        """Seconds of the test with this id."""
        return self.tests.get(test) or _median(self.tests)

    def of_program(self, name: str) -> float:
        """Seconds of the whole program."""
        return self.programs.get(name) or _median(self.programs)


def _median(seconds: dict[str, float]) -> float:
    return median(seconds.values()) if seconds else _DEFAULT
