# SPDX-License-Identifier: GPL-2.0-only
"""One boot of a machine, and the results of its cases as the machine reports them."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from queue import SimpleQueue

from ksftci.machine.machine import Begin, Booted, Cause, End, Event, Job, Machine, Retracted
from ksftci.results.model import Run, TestResult, Verdict
from ksftci.session.collect import Collector

_GOOD = {Verdict.PASS, Verdict.XFAIL, Verdict.XPASS}  # such a result of a program is no reason for a missing test


@dataclass(frozen=True)
class CaseResult:
    """The result of a case, and further results of its program, for which there are no items."""

    result: TestResult
    extra_results: list[TestResult] = field(default_factory=list)


class Boot:
    """Runs a machine in a thread. Its events wait in a queue, so that no time depends on when pytest takes them."""

    def __init__(self, machine: Machine, arch: str, jobs: Sequence[Job], tests: Mapping[str, Sequence[str]]) -> None:
        """`tests` has, by job name, the tests that need a result; none for a program that cannot list its tests."""
        self.run = Run(machine.label, arch)
        self._tests = tests
        self._unfinished = {job.name: list(tests[job.name]) for job in jobs}  # tests without a result, by job
        self._results: dict[tuple[str, str], CaseResult] = {}  # by job and test, until `result` gives them out
        self._given: set[tuple[str, str]] = set()
        self._collector = Collector(self.run, jobs)
        self._settled_read = 0  # how many settled results of the running program have been kept
        self._broken_off = ""  # the job that broke off; it may begin again with the rest of its tests
        self._booted = False
        self._problem: BaseException | None = None
        self._stop = threading.Event()
        self._queue: SimpleQueue[Event | BaseException | None] = SimpleQueue()  # None at the end
        self._events = self._collector.follow(self._queued_events())
        self._thread = threading.Thread(target=self._run_machine, args=(machine, jobs), name="ksft", daemon=True)
        self._thread.start()

    def wait_until_booted(self) -> None:
        """Wait until the kernel has booted, or the machine has stopped. Raises CiError when it does not start."""
        while not self._booted and self._take_event():
            pass

    def result(self, job: str, test: str = "") -> CaseResult:
        """Wait for the result of a test, or of a program that cannot list its tests. It is given out once."""
        while (job, test) not in self._results and self._take_event():
            pass
        self._given.add((job, test))
        return self._results.pop((job, test))

    def close(self) -> None:
        """End the machine at once."""
        self._stop.set()
        self._thread.join()

    def _run_machine(self, machine: Machine, jobs: Sequence[Job]) -> None:
        try:
            for event in machine.run(jobs, self._stop):
                self._queue.put(event)
        except BaseException as problem:
            self._queue.put(problem)
        self._queue.put(None)

    def _queued_events(self) -> Iterator[Event]:
        while (event := self._queue.get()) is not None:
            if isinstance(event, BaseException):
                raise event
            yield event

    def _take_event(self) -> bool:
        """Wait for an event, and keep the results that it brings. False when the machine is done."""
        if self._problem is not None:
            raise self._problem
        try:
            event = next(self._events, None)
        except Exception as problem:
            self._problem = problem
            raise
        match event:
            case None:
                for name in list(self._unfinished):
                    self._finish(name)
                return False
            case Booted():
                self._booted = True
            case Begin(job=job):
                self._settled_read = 0
                if job.name not in self._unfinished:  # its end was not its own
                    self._retract([job])
                if self._broken_off not in ("", job.name):
                    self._finish(self._broken_off)
                self._broken_off = ""
            case End(job=job, cause=cause):
                self._end(job.name, cause)
            case Retracted(jobs=jobs):
                self._retract(jobs)
            case _:
                self._keep_settled()
        return True

    def _keep_settled(self) -> None:
        """Keep the results of the running program so far, but not of its last test, which may still change."""
        job, settled = self._collector.job, self._collector.settled
        for result in settled[self._settled_read :]:
            self._settled_read += 1
            unfinished = self._unfinished.get(job.name, []) if job else []
            if job and isinstance(result, TestResult) and len(unfinished) > 1 and result.name in unfinished:
                unfinished.remove(result.name)
                self._results[job.name, result.name] = CaseResult(result)

    def _end(self, job: str, cause: Cause | None) -> None:
        """Keep the results of a program that has ended. If it broke off, it may begin again with the missing tests."""
        reported = {r.name: r for r in self._results_of(job) if r.verdict is not Verdict.NOT_RUN}
        missing = [test for test in self._unfinished[job] if test not in reported]
        if cause is not None and (missing or not self._tests[job]):
            for test in self._unfinished[job]:
                if test in reported:
                    self._results[job, test] = CaseResult(reported[test])
            self._unfinished[job], self._broken_off = missing, job
        else:
            self._finish(job)

    def _retract(self, jobs: Sequence[Job]) -> None:
        """Forget the results of jobs that run again, but those that pytest has already."""
        for name in (job.name for job in jobs):
            for key in [key for key in self._results if key[0] == name]:
                del self._results[key]
            self._unfinished[name] = [test for test in self._tests[name] if (name, test) not in self._given]
        self._broken_off = ""

    def _results_of(self, job: str) -> list[TestResult]:
        return [result for result in self.run.results if result.program == job]

    def _finish(self, job: str) -> None:
        """Keep a result for each unfinished test of a program that does not begin again."""
        unfinished, results = self._unfinished.pop(job), self._results_of(job)
        if not self._tests[job]:
            self._results[job, ""] = _program_result(job, results)
            return
        reported = {result.name: result for result in results if result.name in self._tests[job]}
        others = [result for result in results if result.name not in reported]
        missing = _missing_result(job, results) if reported else _silent_result(job, others)
        extra_results = [result for result in others if result.verdict is not Verdict.NOT_RUN] if reported else []
        for test in unfinished:
            result = reported.get(test) or replace(missing, name=test)
            self._results[job, test] = CaseResult(result, extra_results if test == unfinished[-1] else [])


def _program_result(job: str, results: list[TestResult]) -> CaseResult:
    """The result of a program that cannot list its tests. If it reported tests, their results are the extra ones."""
    if not results:
        return CaseResult(TestResult(job, "", Verdict.ERROR, "nothing came out"))
    if len(results) == 1 and results[0].name in ("exit", "all", "machine"):
        return CaseResult(results[0])
    failed = [result.name for result in results if result.verdict.bad]
    seconds = sum(result.seconds or 0 for result in results)
    if failed:
        more = f" and {len(failed) - 3} more" if len(failed) > 3 else ""
        reason = f"{len(failed)} of {len(results)} tests failed: {', '.join(failed[:3])}{more}"
        return CaseResult(TestResult(job, "", Verdict.FAIL, reason, seconds), results)
    if all(result.verdict is Verdict.SKIP for result in results):
        reason = "; ".join(dict.fromkeys(result.reason for result in results if result.reason))
        return CaseResult(TestResult(job, "", Verdict.SKIP, reason, seconds), results)
    return CaseResult(TestResult(job, "", Verdict.PASS, "", seconds), results)


def _missing_result(job: str, results: list[TestResult]) -> TestResult:
    """The result, without a name, of each test that is missing although its program reported others."""
    for result in results:
        if result.verdict.infrastructure and result.verdict is not Verdict.NOT_RUN:
            return TestResult(
                job, "", Verdict.NOT_RUN, f"{result.name}: {result.reason or result.verdict.value}, before"
            )
    return TestResult(job, "", Verdict.NOT_RUN, "the program ended without telling of it")


def _silent_result(job: str, others: list[TestResult]) -> TestResult:
    """The result, without a name, of each test of a program that reported none of them."""
    if others and others[0].verdict not in _GOOD:
        return others[0]
    return _missing_result(job, [])
