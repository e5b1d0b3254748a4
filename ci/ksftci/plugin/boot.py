# SPDX-License-Identifier: GPL-2.0-only
"""One start of one machine, and what comes out of it test by test while it runs."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from queue import SimpleQueue

from ksftci.machine.machine import Begin, Booted, Cause, End, Event, Job, Machine
from ksftci.results.model import Run, TestResult, Verdict
from ksftci.session.collect import Collector

_TELLS_NOTHING = {Verdict.PASS, Verdict.XFAIL, Verdict.XPASS}


@dataclass(frozen=True)
class CaseResult:
    """The result of a case, and the results that are only known as parts of it."""

    result: TestResult
    leaves: list[TestResult] = field(default_factory=list)


class Boot:
    """The machine runs ahead in a thread of its own, so that the times are right whoever reads when."""

    def __init__(self, machine: Machine, arch: str, jobs: Sequence[Job], tests: Mapping[str, Sequence[str]]) -> None:
        """`tests` are those awaited of each job; none for a program whose tests are not known."""
        self.run = Run(machine.label, arch)
        self._tests = tests
        self._left = {job.name: list(tests[job.name]) for job in jobs}
        self._results: dict[tuple[str, str], CaseResult] = {}
        self._collector = Collector(self.run, jobs)
        self._read = 0  # of what the running program has settled
        self._pending = ""  # the job that broke off; it may begin again with the rest of its tests
        self._up = False
        self._problem: BaseException | None = None
        self._stop = threading.Event()
        self._queue: SimpleQueue[Event | BaseException | None] = SimpleQueue()
        self._events = self._collector.follow(self._come())
        self._thread = threading.Thread(target=self._drive, args=(machine, jobs), name="ksft", daemon=True)
        self._thread.start()

    def wait_until_up(self) -> None:
        """Until the kernel has booted, or never will. Raises CiError when the machine cannot be had."""
        while not self._up and self._step():
            pass

    def result(self, job: str, test: str = "") -> CaseResult:
        """What became of a test, or of a program whose tests are not known; each can be had once."""
        while (job, test) not in self._results and self._step():
            pass
        return self._results.pop((job, test))

    def close(self) -> None:
        """End the machine at once."""
        self._stop.set()
        self._thread.join()

    def _drive(self, machine: Machine, jobs: Sequence[Job]) -> None:
        try:
            for event in machine.run(jobs, self._stop):
                self._queue.put(event)
        except BaseException as problem:
            self._queue.put(problem)
        self._queue.put(None)

    def _come(self) -> Iterator[Event]:
        while (event := self._queue.get()) is not None:
            if isinstance(event, BaseException):
                raise event
            yield event

    def _step(self) -> bool:
        """Take one event in; False when there are no more."""
        if self._problem is not None:
            raise self._problem
        try:
            event = next(self._events, None)
        except Exception as problem:
            self._problem = problem
            raise
        match event:
            case None:
                for name in list(self._left):
                    self._finish(name)
                return False
            case Booted():
                self._up = True
            case Begin(job=job):
                self._read = 0
                if self._pending not in ("", job.name):
                    self._finish(self._pending)
                self._pending = ""
            case End(job=job, cause=cause):
                self._ended(job.name, cause)
            case _:
                self._settle()
        return True

    def _settle(self) -> None:
        """Give out what the running program has finished, but its last test, which its end may add to."""
        job, settled = self._collector.job, self._collector.settled
        for result in settled[self._read :]:
            self._read += 1
            left = self._left.get(job.name, []) if job else []
            if job and isinstance(result, TestResult) and len(left) > 1 and result.name in left:
                left.remove(result.name)
                self._results[job.name, result.name] = CaseResult(result)

    def _ended(self, job: str, cause: Cause | None) -> None:
        """Give out what a program has reported. The rest waits until the program cannot begin again."""
        reported = {r.name: r for r in self._of(job) if r.verdict is not Verdict.NOT_RUN}
        missing = [test for test in self._left[job] if test not in reported]
        if missing or (cause is not None and not self._tests[job]):
            for test in self._left[job]:
                if test in reported:
                    self._results[job, test] = CaseResult(reported[test])
            self._left[job], self._pending = missing, job
        else:
            self._finish(job)

    def _of(self, job: str) -> list[TestResult]:
        return [result for result in self.run.results if result.program == job]

    def _finish(self, job: str) -> None:
        """Give out what is left of a program that is over."""
        left, results = self._left.pop(job), self._of(job)
        if not self._tests[job]:
            self._results[job, ""] = _whole(job, results)
            return
        found = {result.name: result for result in results if result.name in self._tests[job]}
        others = [result for result in results if result.name not in found]
        lost = _loss(job, results) if found else _nothing(job, others)
        extras = [result for result in others if result.verdict is not Verdict.NOT_RUN] if found else []
        for test in left:
            result = found.get(test) or replace(lost, name=test)
            self._results[job, test] = CaseResult(result, extras if test == left[-1] else [])


def _whole(job: str, results: list[TestResult]) -> CaseResult:
    """A program as one test, and its own tests as the parts if it told of any."""
    if not results:
        return CaseResult(TestResult(job, "", Verdict.ERROR, "nothing came out"))
    if len(results) == 1 and results[0].name in ("exit", "all", "machine"):
        return CaseResult(results[0])
    bad = [result.name for result in results if result.verdict.bad]
    seconds = sum(result.seconds or 0 for result in results)
    if bad:
        more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
        reason = f"{len(bad)} of {len(results)} tests failed: {', '.join(bad[:3])}{more}"
        return CaseResult(TestResult(job, "", Verdict.FAIL, reason, seconds), results)
    if all(result.verdict is Verdict.SKIP for result in results):
        reason = "; ".join(dict.fromkeys(result.reason for result in results if result.reason))
        return CaseResult(TestResult(job, "", Verdict.SKIP, reason, seconds), results)
    return CaseResult(TestResult(job, "", Verdict.PASS, "", seconds), results)


def _loss(job: str, results: list[TestResult]) -> TestResult:
    """What is to be said of a test that did not come although others of its program did."""
    for result in results:
        if result.verdict.infrastructure and result.verdict is not Verdict.NOT_RUN:
            return TestResult(
                job, "", Verdict.NOT_RUN, f"{result.name}: {result.reason or result.verdict.value}, before"
            )
    return TestResult(job, "", Verdict.NOT_RUN, "the program ended without telling of it")


def _nothing(job: str, others: list[TestResult]) -> TestResult:
    """What is to be said of every test of a program that told of none."""
    if others and others[0].verdict not in _TELLS_NOTHING:
        return others[0]
    return _loss(job, [])
