# SPDX-License-Identifier: GPL-2.0-only
"""Runs a suite's programs on a mutant, until a test fails that passes without the change, and confirms the failure."""

import contextlib
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from ksftci.host.digest import digest
from ksftci.machine.listing import has_harness, only
from ksftci.machine.machine import Begin, Booted, End, Event, Job, Limits, Machine
from ksftci.machine.resume import Resume
from ksftci.mutants.executed import Executed
from ksftci.mutants.mutant import JOURNAL, Mutant
from ksftci.results.model import Run, TestResult, Verdict
from ksftci.session.collect import Collector

_ROUNDS = 3  # unconfirmed failures after which a program counts as passed
_LOG_LINES = 15
MachineFactory = Callable[[Path, Limits], Machine]  # of an image


@dataclass(frozen=True)
class Suite:
    """Programs that are run together, their time limits, and the lines that they execute."""

    name: str
    jobs: Sequence[Job]
    limits: Limits
    executed: Executed = field(default_factory=Executed)

    def able(self, mutant: Mutant) -> list[Job]:
        """The programs that may kill the mutant, as far as is known."""
        unable = self.executed.unable(mutant)
        return [job for job in self.jobs if job.name not in unable]


@dataclass
class Baseline:
    """A program's results on the unchanged kernel. `unstable` has the tests that failed or differed."""

    unstable: dict[str, set[str]] = field(default_factory=dict)  # test to verdicts
    tests: int = 0
    seconds: float = 0.0  # of one run
    runs: int = 0  # 0: not recorded

    @classmethod
    def from_runs(cls, runs: Sequence[Run], program: str) -> "Baseline":
        """The baseline of one program, from runs of its suite."""
        verdicts_of: dict[str, list[str]] = {}
        seconds = 0.0
        for run in runs:
            for result in run.results:
                if result.program == program:
                    verdicts_of.setdefault(result.id, []).append(result.verdict.value)
                    seconds += result.seconds or 0
        good = {verdict.value for verdict in Verdict if not verdict.bad}
        unstable = {
            test: set(verdicts)
            for test, verdicts in verdicts_of.items()
            if len(verdicts) < len(runs) or len(set(verdicts)) > 1 or verdicts[0] not in good
        }
        return cls(unstable, len(verdicts_of), seconds / max(len(runs), 1), len(runs))

    def is_of_use(self) -> bool:
        """Whether a test can fail on a mutant: one that is the same each time, and not bad."""
        return len(self.unstable) < self.tests

    def excuses(self, result: TestResult) -> bool:
        """Whether a failure is no evidence of a bug, because its test is unstable. A panic is always evidence."""
        return result.id in self.unstable and result.verdict is not Verdict.CRASH


@dataclass(frozen=True)
class ProgramOutcome:
    """Whether a program killed a mutant. The field names are keys of the journal and of mutants.json."""

    program: str
    killed: bool
    seconds: float  # from the start of the program to the failure, or to its end
    by: str = ""  # the test that failed
    verdict: str = ""
    reason: str = ""
    log: tuple[str, ...] = ()
    unconfirmed: tuple[str, ...] = ()  # tests that failed once and not again
    failed: tuple[str, ...] = ()  # all tests that failed twice, when every test was run


def job_digest(job: Job) -> str:
    """The same as long as the program and its arguments are; programs that a script runs are not considered."""
    return digest(job.name, str(job.args), job.program.read_bytes(), length=JOURNAL)


def boot_problem(machine_for: MachineFactory, image: Path, stop: threading.Event) -> str:
    """Why an image does not boot in two attempts; "" when it boots."""
    output = ""
    for _ in range(2):
        for event in machine_for(image, Limits(60, 30)).run([], stop):
            if isinstance(event, Booted):
                return ""
            output = getattr(event, "text", "") or output
    lines = output.strip().splitlines() or ["no output"]
    return next((line for line in lines if "Kernel panic" in line), lines[-1])


def run_all(
    machine_for: MachineFactory, image: Path, jobs: Sequence[Job], limits: Limits, stop: threading.Event
) -> Run:
    """Run every test of the jobs, in as many boots as that takes."""
    machine = Resume("", limits, lambda rest: machine_for(image, rest))
    return Collector(Run(""), jobs).take(machine.run(jobs, stop))


@dataclass(frozen=True)
class Trial:
    """The image of a mutant, and what is needed to run a suite on it."""

    machine_for: MachineFactory
    image: Path
    limits: Limits
    baselines: Mapping[str, Baseline]  # by program
    stop: threading.Event

    def until_killed(self, jobs: Sequence[Job]) -> Iterator[ProgramOutcome]:
        """Run the programs up to the first that kills the mutant; yield each outcome as soon as it is certain.

        A program kills the mutant by a failure that its baseline does not excuse and that another boot confirms by
        the same failure: a boot for the failed test alone or, when the test passes there, a boot for everything up
        to the failure. When `stop` is set, the outcomes that are not certain yet are left out.
        """
        left, unconfirmed = list(jobs), list[TestResult]()
        while left and not self.stop.is_set():
            ignored = [result.id for result in unconfirmed]
            boot = self._run_until_failure(left, ignored)
            for job, seconds in boot.ended:
                left.remove(job)
                yield _survival(job.name, seconds, unconfirmed)
            failure = boot.failure
            if self.stop.is_set():
                return
            if failure is None:
                yield from (_survival(job.name, 0.0, unconfirmed) for job in left)
                return
            confirmed = _same(failure, self._run_until_failure(_failed_test(jobs, failure), ignored).failure)
            if not confirmed and not self.stop.is_set():
                confirmed = _same(failure, self._run_until_failure(_jobs_up_to(jobs, failure), ignored).failure)
            if confirmed:
                yield _kill(failure, boot.seconds, _ids(unconfirmed, failure.program))
                return
            unconfirmed.append(failure)
            if len(_ids(unconfirmed, failure.program)) == _ROUNDS:
                left = [job for job in left if job.name != failure.program]
                yield _survival(failure.program, boot.seconds, unconfirmed)

    def every_test(self, jobs: Sequence[Job]) -> Iterator[ProgramOutcome]:
        """Run every test, and those that fail a second time; yield the outcome of every program."""
        run = run_all(self.machine_for, self.image, jobs, self.limits, self.stop)
        failures = [result for result in run.results if self._is_evidence(result, ())]
        confirmed = set[str]()
        if failures and not self.stop.is_set():
            jobs_again = [_only(job, [result for result in failures if result.program == job.name]) for job in jobs]
            rerun = run_all(self.machine_for, self.image, list(filter(None, jobs_again)), self.limits, self.stop)
            confirmed = {result.id for result in rerun.results if result.verdict.bad}
        if self.stop.is_set():
            return
        for job in jobs:
            of_job = [result for result in failures if result.program == job.name]
            kills = [result for result in of_job if result.id in confirmed]
            seconds = round(sum(result.seconds or 0 for result in run.results if result.program == job.name), 1)
            unconfirmed = tuple(result.id for result in of_job if result.id not in confirmed)
            if kills:
                failed = tuple(result.id for result in kills)
                yield replace(_kill(kills[0], seconds, unconfirmed), failed=failed)
            else:
                yield ProgramOutcome(job.name, False, seconds, unconfirmed=unconfirmed)

    def _is_evidence(self, result: TestResult, ignored: Sequence[str]) -> bool:
        """Whether a result is a failure that the unchanged kernel does not explain."""
        baseline = self.baselines.get(result.program)
        return result.verdict.bad and result.id not in ignored and not (baseline and baseline.excuses(result))

    def _run_until_failure(self, jobs: Sequence[Job], ignored: Sequence[str]) -> "_Boot":
        """Boot and run the jobs up to the first failure that is evidence and not one of the ignored tests."""
        run, boot = Run(""), _Boot()
        began = 0.0
        collector = Collector(run, jobs)
        checked = (0, 0)
        events = cast("Generator[Event]", self.machine_for(self.image, self.limits).run(jobs, self.stop))
        with contextlib.closing(events):  # ends the machine at once
            for event in collector.follow(events):
                boot.seconds = round(event.at - began, 1)
                if isinstance(event, Begin):
                    began = event.at
                counts = (collector.counts()[1], len(run.results))
                if counts != checked:
                    checked = counts
                    settled = [item for item in collector.settled if isinstance(item, TestResult)]
                    boot.failure = self._first_evidence([*run.results, *settled], ignored)
                    if boot.failure is not None:
                        return boot
                if isinstance(event, End):
                    boot.ended.append((event.job, boot.seconds))
        boot.failure = self._first_evidence(run.results, ignored)
        return boot

    def _first_evidence(self, results: Sequence[TestResult], ignored: Sequence[str]) -> TestResult | None:
        return next((result for result in results if self._is_evidence(result, ignored)), None)


@dataclass
class _Boot:
    """One boot: the jobs that ended, each with its seconds, and the failure at which the boot was stopped."""

    ended: list[tuple[Job, float]] = field(default_factory=list)
    failure: TestResult | None = None
    seconds: float = 0.0  # since the last program began


def _kill(failure: TestResult, seconds: float, unconfirmed: tuple[str, ...]) -> ProgramOutcome:
    log = tuple(failure.log[-_LOG_LINES:])
    verdict = failure.verdict.value
    return ProgramOutcome(failure.program, True, seconds, failure.id, verdict, failure.reason, log, unconfirmed)


def _same(failure: TestResult, second: TestResult | None) -> bool:
    """Whether the failure of a second boot is the same; panics and kernel warnings may come in different tests."""
    return second is not None and (second.id == failure.id or (_of_kernel(failure) and _of_kernel(second)))


def _of_kernel(result: TestResult) -> bool:
    return result.verdict is Verdict.CRASH or result.of_kernel


def _survival(program: str, seconds: float, unconfirmed: Sequence[TestResult]) -> ProgramOutcome:
    """The outcome of a program that does not kill; it has reason and log of the last unconfirmed failure."""
    last = next((result for result in reversed(unconfirmed) if result.program == program), None)
    reason, log = (last.reason, tuple(last.log[-_LOG_LINES:])) if last else ("", ())
    return ProgramOutcome(program, False, seconds, reason=reason, log=log, unconfirmed=_ids(unconfirmed, program))


def _ids(results: Sequence[TestResult], program: str) -> tuple[str, ...]:
    """The ids of a program's results."""
    return tuple(result.id for result in results if result.program == program)


def _only(job: Job, results: Sequence[TestResult]) -> Job | None:
    """The job with just the tests of these results, or with all tests where they cannot be chosen; None without any."""
    if not results:
        return None
    if job.args or any(result.of_program for result in results) or not has_harness(job.program):
        return job
    return only(job, dict.fromkeys(result.name.split("/")[0] for result in results))


def _failed_test(jobs: Sequence[Job], failure: TestResult) -> list[Job]:
    """The job of the failure, with just the failed test."""
    return [only_job for job in jobs if job.name == failure.program and (only_job := _only(job, [failure]))]


def _jobs_up_to(jobs: Sequence[Job], failure: TestResult) -> list[Job]:
    """The jobs up to that of the failure."""
    names = [job.name for job in jobs]
    return list(jobs[: names.index(failure.program) + 1]) if failure.program in names else list(jobs)
