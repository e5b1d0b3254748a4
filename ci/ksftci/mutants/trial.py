# SPDX-License-Identifier: GPL-2.0-only
"""Programs against a kernel: until the first test that tells the kernel's bug, and once more to be sure."""

import contextlib
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from ksftci.host.digest import JOURNAL, digest
from ksftci.machine.listing import has_harness, only
from ksftci.machine.machine import Begin, Booted, End, Event, Job, Limits, Machine
from ksftci.machine.resume import Resume
from ksftci.mutants.executed import Executed
from ksftci.mutants.mutant import Mutant
from ksftci.results.model import Run, TestResult, Verdict
from ksftci.session.collect import Collector

_ROUNDS = 3  # failures that a second boot does not show, before the program counts as having noticed nothing
_LOG_LINES = 15
Start = Callable[[Path, Limits], Machine]


@dataclass(frozen=True)
class Suite:
    """Programs that are run together, and how long they may take and be silent."""

    name: str
    jobs: Sequence[Job]
    limits: Limits
    executed: Executed = field(default_factory=Executed)

    def asked(self, mutant: Mutant) -> list[Job]:
        """The programs that may notice it."""
        idle = self.executed.idle(mutant)
        return [job for job in self.jobs if job.name not in idle]


@dataclass
class Baseline:
    """A program on kernels without a bug. `unstable` are tests that failed or differed, and their verdicts."""

    unstable: dict[str, set[str]] = field(default_factory=dict)
    tests: int = 0
    seconds: float = 0.0
    runs: int = 0  # 0: not known

    @classmethod
    def of(cls, runs: Sequence[Run], program: str) -> "Baseline":
        """What the runs say of one program."""
        seen: dict[str, list[str]] = {}
        seconds = 0.0
        for run in runs:
            for result in run.results:
                if result.program == program:
                    seen.setdefault(result.id, []).append(result.verdict.value)
                    seconds += result.seconds or 0
        fine = {verdict.value for verdict in Verdict if not verdict.bad}
        unstable = {
            test: set(verdicts)
            for test, verdicts in seen.items()
            if len(verdicts) < len(runs) or len(set(verdicts)) > 1 or verdicts[0] not in fine
        }
        return cls(unstable, len(seen), seconds / max(len(runs), 1), len(runs))

    def excuses(self, result: TestResult) -> bool:
        """Whether the result says nothing about a bug. A panic always does."""
        return result.id in self.unstable and result.verdict is not Verdict.CRASH


@dataclass(frozen=True)
class Outcome:
    """What a program made of a mutant. `by` is the test, `seconds` from the program's start to its result."""

    program: str
    killed: bool
    seconds: float
    by: str = ""
    verdict: str = ""
    reason: str = ""
    log: tuple[str, ...] = ()
    unconfirmed: tuple[str, ...] = ()  # tests that failed once and not again
    failed: tuple[str, ...] = ()  # all tests that did, where the program was not stopped


def job_digest(job: Job) -> str:
    """The same as long as the program and its arguments are; of a script what it runs is not looked at."""
    return digest(job.name, str(job.args), job.program.read_bytes(), length=JOURNAL)


def boots(start: Start, image: Path, stop: threading.Event) -> str:
    """Why the kernel does not boot, or ""."""
    why = ""
    for _ in range(2):
        for event in start(image, Limits(60, 30)).run([], stop):
            if isinstance(event, Booted):
                return ""
            why = getattr(event, "text", "") or why
    lines = why.strip().splitlines() or ["nothing came"]
    return next((line for line in lines if "Kernel panic" in line), lines[-1])


def run_whole(start: Start, image: Path, jobs: Sequence[Job], limits: Limits, stop: threading.Event) -> Run:
    """All tests, to the end, on as many boots as that takes."""
    machine = Resume("", limits, lambda rest: start(image, rest))
    return Collector(Run(""), jobs).take(machine.run(jobs, stop))


@dataclass(frozen=True)
class Trial:
    """One image."""

    start: Start
    image: Path
    limits: Limits
    baselines: Mapping[str, Baseline]  # by program
    stop: threading.Event

    def attempt(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """The outcome of each program as soon as it is known, up to the first that notices; fewer when stopped.

        That is one with a bad result that the baseline does not excuse, and that comes again in a second
        boot, as the first one there: of the test by itself, or else of all that was run before it.
        """
        left, doubtful = list(jobs), list[TestResult]()
        while left and not self.stop.is_set():
            ignored = [result.id for result in doubtful]
            sight = self._until_first(left, ignored)
            for job, seconds in sight.ended:
                left.remove(job)
                yield _survival(job.name, seconds, doubtful)
            found = sight.found
            if self.stop.is_set():
                return
            if found is None:
                yield from (_survival(job.name, 0.0, doubtful) for job in left)
                return
            again = _same(found, self._until_first(_alone(jobs, found), ignored).found)
            if not again and not self.stop.is_set():
                again = _same(found, self._until_first(_up_to(jobs, found), ignored).found)
            if again:
                yield _kill(found, sight.seconds, _of(doubtful, found.program))
                return
            doubtful.append(found)
            if len(_of(doubtful, found.program)) == _ROUNDS:
                left = [job for job in left if job.name != found.program]
                yield _survival(found.program, sight.seconds, doubtful)

    def attempt_whole(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """The outcome of every program, with all tests that notice, each of them in two boots."""
        run = run_whole(self.start, self.image, jobs, self.limits, self.stop)
        first = [result for result in run.results if self._tells(result, ())]
        again = set[str]()
        if first and not self.stop.is_set():
            jobs_again = [_only(job, [result for result in first if result.program == job.name]) for job in jobs]
            rerun = run_whole(self.start, self.image, list(filter(None, jobs_again)), self.limits, self.stop)
            again = {result.id for result in rerun.results if result.verdict.bad}
        if self.stop.is_set():
            return
        for job in jobs:
            of_job = [result for result in first if result.program == job.name]
            sure = [result for result in of_job if result.id in again]
            seconds = round(sum(result.seconds or 0 for result in run.results if result.program == job.name), 1)
            unsure = tuple(result.id for result in of_job if result.id not in again)
            if sure:
                failed = tuple(result.id for result in sure)
                yield replace(_kill(sure[0], seconds, unsure), failed=failed)
            else:
                yield Outcome(job.name, False, seconds, unconfirmed=unsure)

    def _tells(self, result: TestResult, ignored: Sequence[str]) -> bool:
        baseline = self.baselines.get(result.program)
        return result.verdict.bad and result.id not in ignored and not (baseline and baseline.excuses(result))

    def _until_first(self, jobs: Sequence[Job], ignored: Sequence[str]) -> "_Sight":
        """Run until a result tells something, and no further."""
        run, sight = Run(""), _Sight()
        began = 0.0
        collector = Collector(run, jobs)
        looked = (0, 0)
        events = cast("Generator[Event]", self.start(self.image, self.limits).run(jobs, self.stop))
        with contextlib.closing(events):  # ends the machine at once
            for event in collector.follow(events):
                sight.seconds = round(event.at - began, 1)
                if isinstance(event, Begin):
                    began = event.at
                counts = (collector.counts()[1], len(run.results))
                if counts != looked:
                    looked = counts
                    settled = [item for item in collector.settled if isinstance(item, TestResult)]
                    told = (result for result in [*run.results, *settled] if self._tells(result, ignored))
                    if (found := next(told, None)) is not None:
                        sight.found = found
                        return sight
                if isinstance(event, End):
                    sight.ended.append((event.job, sight.seconds))
        sight.found = next((result for result in run.results if self._tells(result, ignored)), None)
        return sight


@dataclass
class _Sight:
    """What one boot showed: who ended, after how many seconds, and the first result that tells something."""

    ended: list[tuple[Job, float]] = field(default_factory=list)
    found: TestResult | None = None
    seconds: float = 0.0  # since the last program began


def _kill(found: TestResult, seconds: float, unconfirmed: tuple[str, ...]) -> Outcome:
    log = tuple(found.log[-_LOG_LINES:])
    verdict = found.verdict.value
    return Outcome(found.program, True, seconds, found.id, verdict, found.reason, log, unconfirmed)


def _same(found: TestResult, again: TestResult | None) -> bool:
    """Whether a second boot shows the same. What the kernel itself complains of need not come in the same test."""
    return again is not None and (again.id == found.id or (_of_kernel(found) and _of_kernel(again)))


def _of_kernel(result: TestResult) -> bool:
    return result.verdict is Verdict.CRASH or result.of_kernel


def _survival(program: str, seconds: float, doubtful: Sequence[TestResult]) -> Outcome:
    """Nothing was noticed that came again; of what did not, the last is told in full."""
    last = next((result for result in reversed(doubtful) if result.program == program), None)
    reason, log = (last.reason, tuple(last.log[-_LOG_LINES:])) if last else ("", ())
    return Outcome(program, False, seconds, reason=reason, log=log, unconfirmed=_of(doubtful, program))


def _of(results: Sequence[TestResult], program: str) -> tuple[str, ...]:
    return tuple(result.id for result in results if result.program == program)


def _only(job: Job, results: Sequence[TestResult]) -> Job | None:
    """The job with nothing but these tests where they can be chosen; None without any."""
    if not results:
        return None
    if job.args or any(result.of_program for result in results) or not has_harness(job.program):
        return job
    return only(job, dict.fromkeys(result.name.split("/")[0] for result in results))


def _alone(jobs: Sequence[Job], found: TestResult) -> list[Job]:
    return [job for one in jobs if one.name == found.program and (job := _only(one, [found]))]


def _up_to(jobs: Sequence[Job], found: TestResult) -> list[Job]:
    """The jobs up to the one that the result is of."""
    names = [job.name for job in jobs]
    return list(jobs[: names.index(found.program) + 1]) if found.program in names else list(jobs)
