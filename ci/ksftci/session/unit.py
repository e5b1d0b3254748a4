# SPDX-License-Identifier: GPL-2.0-only
"""The smallest pieces that run by themselves: tests of kselftest_harness.h programs, and other programs."""

import hashlib
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from ksftci.host.cache import Cache
from ksftci.host.files import read_text, write_whole
from ksftci.machine.listing import LIST, has_harness, only, tests
from ksftci.machine.machine import Begin, End, Event, Job, Line, Retracted
from ksftci.results.model import Run, TestResult, Verdict
from ksftci.session.collect import Collector
from ksftci.session.durations import Durations

RunJobs = Callable[[Sequence[Job], threading.Event], Iterable[Event]]  # as Machine.run


@dataclass(frozen=True)
class Unit:
    """A test of a job, or the whole job when `test` is empty."""

    job: Job
    test: str = ""

    def seconds(self, durations: Durations) -> float:
        """How long the unit will take, judged by earlier runs."""
        if self.test:
            return durations.of_test(f"{self.job.name}.{self.test}")
        return durations.of_program(self.job.name)


@dataclass
class Lister:
    """Lists the tests of harness programs. A program runs once with -l; the cache keeps its listing by its digest."""

    cache: Cache | None = None
    _listings: dict[str, list[str]] = field(default_factory=dict)  # digest of a program to its tests
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def list_tests(self, run: RunJobs, jobs: Sequence[Job], stop: threading.Event) -> dict[str, list[str]]:
        """Job name to its tests, in the order in which they run; [] for a job that cannot list them.

        One call of `run` lists all programs that are not known yet. A job whose listing did not end well
        is missing from the result.
        """
        with self._lock:
            digests = {job.name: _digest(job) for job in jobs if not job.args and has_harness(job.program)}
            unknown = [job for job in jobs if job.name in digests and not self._load(digests[job.name])]
            if unknown:
                for name, listing in _run_listings(run, unknown, stop).items():
                    self._store(digests[name], listing)
            no_harness: dict[str, list[str]] = {job.name: [] for job in jobs if job.name not in digests}
            listings = {name: self._listings[d] for name, d in digests.items() if d in self._listings}
            return no_harness | listings

    def _load(self, digest: str) -> bool:
        """Whether the listing is known, read from the cache if need be."""
        if digest not in self._listings and self.cache is not None:
            file = self.cache.path("listings", digest)
            if file.exists():
                self._listings[digest] = read_text(file).split()
        return digest in self._listings

    def _store(self, digest: str, listing: list[str]) -> None:
        self._listings[digest] = listing
        if self.cache is not None:
            write_whole(self.cache.path("listings", digest), "".join(f"{test}\n" for test in listing))


def _digest(job: Job) -> str:
    return hashlib.sha256(job.program.read_bytes()).hexdigest()


def _run_listings(run: RunJobs, jobs: Sequence[Job], stop: threading.Event) -> dict[str, list[str]]:
    """Run the jobs with -l. Job name to its tests, for the jobs that were not killed and did not panic."""
    listing_jobs = [replace(job, args=LIST) for job in jobs]
    lines: dict[str, list[str]] = {job.name: [] for job in listing_jobs}
    ended: set[str] = set()
    collector = Collector(Run(""), listing_jobs)

    def keep(event: Event) -> None:
        match event:
            case Begin(job=job):
                lines[job.name] = []
                ended.discard(job.name)
            case Line(text=text) if collector.job is not None:
                lines[collector.job.name].append(text)
            case End(job=job, cause=None):
                ended.add(job.name)
            case Retracted(jobs=retracted):
                ended.difference_update(job.name for job in retracted)

    collector.take(run(listing_jobs, stop), keep)
    return {name: tests(printed) for name, printed in lines.items() if name in ended}


def jobs_of(units: Iterable[Unit], all_tests: dict[str, list[str]]) -> list[Job]:
    """A job for each program of the units, with the arguments that choose their tests.

    `all_tests` is what a Lister gave for the programs: a job that runs all of its tests needs no arguments.
    """
    chosen_tests: dict[Job, list[str]] = {}
    for unit in units:
        chosen_tests.setdefault(unit.job, []).extend([unit.test] if unit.test else [])
    return [
        only(job, chosen) if chosen and len(chosen) < len(all_tests[job.name]) else job
        for job, chosen in chosen_tests.items()
    ]


def add_missing(results: list[TestResult], units: Sequence[Unit]) -> list[TestResult]:
    """The results, and a NOT_RUN result for every test of the units that has none.

    They replace nameless NOT_RUN results of a program that broke off, such as "test 7" or "all".
    """
    expected: dict[str, list[str]] = {}
    for unit in units:
        if unit.test:
            expected.setdefault(unit.job.name, []).append(unit.test)
    reasons: dict[str, str] = {}
    kept: list[TestResult] = []
    for result in results:
        if result.verdict is Verdict.NOT_RUN and result.name not in expected.get(result.program, [result.name]):
            reasons[result.program] = result.reason
        else:
            kept.append(result)
    reported = {result.id for result in kept}
    return kept + [
        TestResult(program, test, Verdict.NOT_RUN, reasons.get(program, "not reported"))
        for program, tests_of_program in expected.items()
        for test in tests_of_program
        if f"{program}.{test}" not in reported
    ]
