# SPDX-License-Identifier: GPL-2.0-only
"""What can be run by itself: a test of a kselftest_harness.h program, or else a whole program."""

import hashlib
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from ksftci.host.cache import Cache
from ksftci.host.files import write_whole
from ksftci.machine.listing import LIST, has_harness, only, tests
from ksftci.machine.machine import End, Event, Job, Line
from ksftci.results.model import Run, TestResult, Verdict
from ksftci.session.collect import Collector
from ksftci.session.durations import Durations

Running = Callable[[Sequence[Job], threading.Event], Iterable[Event]]  # a machine's run


@dataclass(frozen=True)
class Unit:
    """A test of a job, or the whole job when `test` is empty."""

    job: Job
    test: str = ""

    def seconds(self, durations: Durations) -> float:
        """How long it will take, by what is known."""
        if self.test:
            return durations.of_test(f"{self.job.name}.{self.test}")
        return durations.of_program(self.job.name)


@dataclass
class Lister:
    """Knows the tests of harness programs. It asks them on a machine, each program once."""

    cache: Cache | None = None
    _known: dict[str, list[str]] = field(default_factory=dict)  # digest of the program to its tests
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, run: Running, jobs: Sequence[Job], stop: threading.Event) -> dict[str, list[str]]:
        """Job name to its tests, in the order in which they run; [] for a program that has no list.

        All that are not known are asked in one `run` of a machine. When that fails they are missing in the answer.
        """
        with self._lock:
            digests = {job.name: _digest(job) for job in jobs if not job.args and has_harness(job.program)}
            asked = [job for job in jobs if job.name in digests and not self._have(digests[job.name])]
            if asked:
                for name, found in _ask(run, asked, stop).items():
                    self._keep(digests[name], found)
            without: dict[str, list[str]] = {job.name: [] for job in jobs if job.name not in digests}
            return without | {name: self._known[d] for name, d in digests.items() if d in self._known}

    def _have(self, digest: str) -> bool:
        if digest not in self._known and self.cache is not None:
            file = self.cache.path("listings", digest)
            if file.exists():
                self._known[digest] = file.read_text("utf-8").split()
        return digest in self._known

    def _keep(self, digest: str, found: list[str]) -> None:
        self._known[digest] = found
        if self.cache is not None:
            write_whole(self.cache.path("listings", digest), "".join(f"{test}\n" for test in found))


def _digest(job: Job) -> str:
    return hashlib.sha256(job.program.read_bytes()).hexdigest()


def _ask(run: Running, jobs: Sequence[Job], stop: threading.Event) -> dict[str, list[str]]:
    """What those said that came to their end."""
    asked = [replace(job, args=LIST) for job in jobs]
    lines: dict[str, list[str]] = {job.name: [] for job in asked}
    ended: set[str] = set()
    collector = Collector(Run(""), asked)

    def note(event: Event) -> None:
        if isinstance(event, Line) and collector.job is not None:
            lines[collector.job.name].append(event.text)
        elif isinstance(event, End) and event.cause is None:
            ended.add(event.job.name)

    collector.take(run(asked, stop), note)
    return {name: tests(said) for name, said in lines.items() if name in ended}


def jobs_of(units: Iterable[Unit], names: dict[str, list[str]]) -> list[Job]:
    """Each job once, with the arguments that make it run just these of its tests, `names`."""
    wanted: dict[Job, list[str]] = {}
    for unit in units:
        wanted.setdefault(unit.job, []).extend([unit.test] if unit.test else [])
    return [only(job, tests) if tests and len(tests) < len(names[job.name]) else job for job, tests in wanted.items()]


def name_lost(results: list[TestResult], units: Sequence[Unit]) -> list[TestResult]:
    """The results with every test of the units in it: one that did not come out is NOT_RUN.

    They take the place of the nameless results, such as "test 7" or "all", of a program that broke off.
    """
    wanted: dict[str, list[str]] = {}
    for unit in units:
        if unit.test:
            wanted.setdefault(unit.job.name, []).append(unit.test)
    reasons: dict[str, str] = {}
    kept: list[TestResult] = []
    for result in results:
        if result.verdict is Verdict.NOT_RUN and result.name not in wanted.get(result.program, [result.name]):
            reasons[result.program] = result.reason
        else:
            kept.append(result)
    there = {result.id for result in kept}
    return kept + [
        TestResult(program, test, Verdict.NOT_RUN, reasons.get(program, "not reported"))
        for program, of_program in wanted.items()
        for test in of_program
        if f"{program}.{test}" not in there
    ]
