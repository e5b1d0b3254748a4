# SPDX-License-Identifier: GPL-2.0-only
"""A suite against a kernel: until the first test that tells the kernel's bug, and once more to be sure."""

import contextlib
import hashlib
import threading
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from ksftci.collect import Collector
from ksftci.listing import has_harness
from ksftci.machine import Booted, Event, Job, Limits, Machine
from ksftci.results import Run, TestResult, Verdict
from ksftci.resume import Resume

_ROUNDS = 3  # kills that a second boot does not show, before a mutant counts as survived
_LOG_LINES = 30
Start = Callable[[Path, Limits], Machine]


@dataclass(frozen=True)
class Suite:
    """Tests that are run together, and how long they may take and be silent."""

    name: str
    jobs: Sequence[Job]
    limits: Limits

    @property
    def digest(self) -> str:
        """The same as long as the programs, their order and arguments are."""
        sha = hashlib.sha256()
        for job in self.jobs:
            sha.update(f"{job.name}\0{job.args}\0".encode())
            sha.update(job.program.read_bytes())
        return sha.hexdigest()[:16]


@dataclass
class Baseline:
    """A suite on a kernel without a bug. `unstable` are tests that failed or differed, and their verdicts."""

    unstable: dict[str, set[str]] = field(default_factory=dict)
    tests: int = 0
    seconds: float = 0.0

    @classmethod
    def of(cls, runs: Sequence[Run]) -> "Baseline":
        seen: dict[str, set[str]] = {}
        for run in runs:
            for result in run.results:
                seen.setdefault(result.id, set()).add(result.verdict.value)
        for run in runs:
            there = {result.id for result in run.results}
            for test in seen.keys() - there:
                seen[test].add("missing")
        fine = {verdict.value for verdict in Verdict if not verdict.bad}
        unstable = {test: verdicts for test, verdicts in seen.items() if len(verdicts) > 1 or not verdicts <= fine}
        return cls(unstable, len(seen), sum(run.seconds for run in runs) / max(len(runs), 1))

    def excuses(self, result: TestResult) -> bool:
        """Whether the result says nothing about a bug. A panic always does."""
        return result.id in self.unstable and result.verdict is not Verdict.CRASH


@dataclass(frozen=True)
class Outcome:
    """What a suite made of a mutant. `by` is the test, `seconds` from the start of QEMU to its result."""

    killed: bool
    by: str = ""
    verdict: str = ""
    reason: str = ""
    log: tuple[str, ...] = ()
    seconds: float = 0.0
    spent: float = 0.0  # seconds of all boots
    unconfirmed: tuple[str, ...] = ()  # tests that failed once and not again
    failed: tuple[str, ...] = ()  # all tests that did, when the suite was not stopped


def boots(start: Start, image: Path, stop: threading.Event) -> str:
    """Why the kernel does not boot, or ""."""
    for _ in range(2):
        why = "nothing came"
        for event in start(image, Limits(60, 30)).run([], stop):
            if isinstance(event, Booted):
                return ""
            why = getattr(event, "text", "") or why
    return why.strip().splitlines()[-1] if why.strip() else "nothing came"


def run_whole(start: Start, image: Path, suite: Suite, stop: threading.Event) -> Run:
    """All tests, to the end, on as many boots as that takes."""
    run = Run("")
    machine = Resume("", suite.limits, lambda limits: start(image, limits))
    return Collector(run, suite.jobs).take(machine.run(suite.jobs, stop))


def attempt(
    start: Start, image: Path, suite: Suite, baseline: Baseline, stop: threading.Event, whole: bool = False
) -> Outcome | None:
    """The outcome; None when stopped.

    A kill is a bad result that the baseline does not excuse, and that comes again in a second boot: of
    the test by itself, or else of all that was run before it.
    """
    began, ignored = time.monotonic(), set[str]()

    def tells(result: TestResult) -> bool:
        return result.verdict.bad and result.id not in ignored and not baseline.excuses(result)

    def once(jobs: Sequence[Job]) -> tuple[Run, TestResult | None]:
        return _until_first(start(image, suite.limits), jobs, stop, tells)

    for _ in range(_ROUNDS):
        if whole:
            run = run_whole(start, image, suite, stop)
            found = next(filter(tells, run.results), None)
        else:
            run, found = once(suite.jobs)
        if stop.is_set():
            return None
        if found is None:
            break
        again = None
        for jobs in (_alone(suite.jobs, found), _up_to(suite.jobs, found)):
            _, again = once(jobs)
            if again is not None or stop.is_set():
                break
        if stop.is_set():
            return None
        if again is not None:
            return Outcome(
                True,
                found.id,
                found.verdict.value,
                found.reason,
                tuple(found.log[-_LOG_LINES:]),
                round(run.seconds, 1),
                round(time.monotonic() - began, 1),
                tuple(sorted(ignored)),
                tuple(result.id for result in run.results if tells(result)) if whole else (),
            )
        ignored.add(found.id)
    spent = round(time.monotonic() - began, 1)
    return Outcome(False, seconds=spent, spent=spent, unconfirmed=tuple(sorted(ignored)))


def _until_first(
    machine: Machine, jobs: Sequence[Job], stop: threading.Event, tells: Callable[[TestResult], bool]
) -> tuple[Run, TestResult | None]:
    """Run until a result tells something, and no further."""
    run = Run("")
    collector = Collector(run, jobs)
    looked = (0, 0)
    events = cast("Generator[Event]", machine.run(jobs, stop))
    with contextlib.closing(events):  # ends the machine at once
        for _ in collector.follow(events):
            counts = (collector.counts()[1], len(run.results))
            if counts == looked:
                continue
            looked = counts
            settled = [item for item in collector.settled if isinstance(item, TestResult)]
            if found := next(filter(tells, [*run.results, *settled]), None):
                return run, found
    return run, next(filter(tells, run.results), None) if not stop.is_set() else None


def _alone(jobs: Sequence[Job], found: TestResult) -> list[Job]:
    """The job that the result is of, with nothing but the test where that can be chosen."""
    name = found.name.split("/")[0]
    return [
        replace(job, args=("-r", name)) if not job.args and not found.of_program and has_harness(job.program) else job
        for job in jobs
        if job.name == found.program
    ]


def _up_to(jobs: Sequence[Job], found: TestResult) -> list[Job]:
    """The jobs up to the one that the result is of."""
    names = [job.name for job in jobs]
    return list(jobs[: names.index(found.program) + 1]) if found.program in names else list(jobs)
