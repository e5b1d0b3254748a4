# SPDX-License-Identifier: GPL-2.0-only
"""Events of a machine into results."""

import re
import signal
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ksftci.ktap import splat
from ksftci.ktap.nesting import Item
from ksftci.ktap.parser import Parser
from ksftci.machine.machine import (
    Begin,
    Booted,
    Cause,
    Changed,
    End,
    Event,
    Job,
    Line,
    Splat,
    Stopped,
)
from ksftci.results.model import BOOT_LOG, KERNEL_LOG, Run, TestResult, Verdict
from ksftci.results.names import make_unique

_SKIPPED = 4  # KSFT_SKIP
_VERDICT_OF = {
    Cause.SILENCE: Verdict.TIMEOUT,
    Cause.TIMEOUT: Verdict.TIMEOUT,
    Cause.PANIC: Verdict.CRASH,
    Cause.DIED: Verdict.CRASH,
    Cause.NO_BOOT: Verdict.ERROR,
    Cause.INTERRUPTED: Verdict.NOT_RUN,
}
_NO_FAILURE = {0, 2, 3, _SKIPPED}  # KSFT_PASS, KSFT_XFAIL, KSFT_XPASS, KSFT_SKIP of kselftest.h


@dataclass(frozen=True)
class _Ended:
    """A test, when it ended (the host's time), and where in the console."""

    at: float
    line: int
    result: TestResult


class Collector:
    """Fills a Run from the events of one machine, in the order in which they come."""

    def __init__(self, run: Run, jobs: Sequence[Job]) -> None:
        self.run, self.waiting = run, list(jobs)
        self.parser: Parser | None = None
        self.job: Job | None = None
        self.done = 0  # results of the programs that have ended
        self.bad = 0
        self._kernel: list[str] = []  # lines of its log
        self._boot: list[splat.Splat] = []  # of before the first program
        self._changed: list[Changed] = []
        self._ended: list[_Ended] = []
        self._offset: float | None = None  # from the kernel log's time to the host's
        self._number = 0  # of the program that is running
        self._first: float | None = None

    @property
    def running(self) -> str:
        """The test that runs, for a progress display."""
        if self.job is None:
            return ""
        test = self.parser.running if self.parser else None
        return f"{self.job.name}.{test}" if test else self.job.name

    def counts(self) -> tuple[int, int]:
        """Tests finished and tests failed so far."""
        parser = self.parser
        return (
            self.done + (parser.finished if parser else 0),
            self.bad + (parser.failed if parser else 0),
        )

    def take(self, events: Iterable[Event], seen: Callable[[Event], None] | None = None) -> Run:
        """Consume all events; `seen` is called after each. Gives the Run, filled."""
        for event in self.follow(events):
            if seen is not None:
                seen(event)
        return self.run

    def follow(self, events: Iterable[Event]) -> Iterator[Event]:
        """Consume the events one by one, and yield each when what it says is in the Run.

        A program's results are in it from its End on; `settled` has them earlier.
        """
        for event in events:
            self._first = event.at if self._first is None else self._first
            self.run.seconds = event.at - self._first
            self._event(event)
            yield event
        for job in self.waiting:
            self._lost(job, "the machine did not get to it")
        self.waiting = []

    @property
    def settled(self) -> Sequence[Item]:
        """What the running program has told of its own tests so far; only their numbering may change."""
        return self.parser.settled if self.parser else ()

    def _event(self, event: Event) -> None:
        match event:
            case Booted(facts=facts):
                self.run.environment.update(facts)
                if not self._number:  # else it is another start, and was told at the first
                    self._boot = splat.find(self._kernel)
                    self.run.splats += [("", line) for found in self._boot for line in found.lines]
            case Begin(at=at, job=job, clock=clock):
                if job in self.waiting:
                    self.waiting.remove(job)
                else:
                    self._forget_not_run(job)
                self.job, self.parser = job, Parser(job.name)
                self._kernel, self._changed, self._ended = [], [], []
                self._offset = at - clock if clock is not None else None
                self._number += 1
                self.run.console.append(f"# selftests: {_spoken(job)}")
            case Line(at=at, text=text):
                self.run.console.append(f"# {text}")
                if self.parser:
                    self._feed(self.parser, text, at)
            case Splat(text=text):
                self._kernel.append(text)
                if self.job is not None:
                    self.run.splats.append((self.job.name, text))
            case Changed():
                self._changed.append(event)
            case End(at=at, status=status, cause=cause):
                self._end(at, status, cause)
            case Stopped(at=at, cause=cause, text=text):
                self._stopped(at, cause, text)

    def _feed(self, parser: Parser, text: str, at: float) -> None:
        finished = parser.finished
        parser.feed(text, at)
        if parser.finished != finished and parser.last is not None:
            self._ended.append(_Ended(at, len(self.run.console) - 1, parser.last))

    def _end(self, at: float, status: int, cause: Cause | None) -> None:
        parser = self.parser
        if parser is None or self.job is None:
            return
        if cause is not None:
            name = "timeout" if _VERDICT_OF[cause] is Verdict.TIMEOUT else "crash"
            parser.broke_off(name, _VERDICT_OF[cause], cause.value, at)
        elif status > 128:
            parser.broke_off("exit", Verdict.CRASH, f"ended by {_signal(status - 128)}", at)
        elif not parser.spoke:
            _judge_silent(parser, status, at)
        elif status not in _NO_FAILURE and not parser.failed:
            parser.add("exit", Verdict.FAIL, f"exit status {status} though no test failed", at)
        self._close(f"exit={status}" if status not in (0, _SKIPPED) else "", cause, status == _SKIPPED)

    def _stopped(self, at: float, cause: Cause, text: str) -> None:
        self.run.interrupted |= cause is Cause.INTERRUPTED
        if self.parser is not None and self.job is not None:
            self.parser.broke_off("crash", _VERDICT_OF[cause], cause.value, at)
            self._close("", cause)
        elif cause is not Cause.INTERRUPTED:
            job = self.waiting.pop(0) if self.waiting else None
            log = text.splitlines()
            name = job.name if job else "machine"
            reason = cause.value
            self.run.results.append(TestResult(name, "machine", _VERDICT_OF[cause], reason, log=log))
        for job in self.waiting:
            self._lost(job, f"{cause.value} before")
        self.waiting = []

    def _close(self, note: str, cause: Cause | None, skipped: bool = False) -> None:
        parser, job = self.parser, self.job
        assert parser is not None and job is not None
        for change in self._changed:
            parser.log.add(f"{change.path}: {change.before!r} before, {change.after!r} after")
            reason = f"{change.path} was {change.before}, left as {change.after}"
            parser.add("settings", Verdict.FAIL, reason)
        parser.finish(skipped)
        results = self._with_splats(parser)
        self._record(job, results, note, cause)
        if self._boot:
            results.insert(0, splat.result(job.name, BOOT_LOG, self._boot))
        self.run.results += results
        self.run.anomalies += parser.anomalies
        self.done += len(results)
        self.bad += sum(result.verdict.bad for result in results)
        self.job, self.parser, self._boot = None, None, []

    def _with_splats(self, parser: Parser) -> list[TestResult]:
        """The results, and behind each of them what the kernel logged while it ran."""
        of_test: dict[int, list[splat.Splat]] = {}  # place in _ended
        for found in splat.find(self._kernel):
            if found.key in parser.splats_seen:
                continue  # it was on the console, too
            place = len(self._ended)
            if found.stamp is not None and self._offset is not None:
                place = bisect_left(self._ended, found.stamp + self._offset, key=lambda ended: ended.at)
            of_test.setdefault(place, []).append(found)
        results = {id(result): [result] for result in parser.results}
        for place, splats in sorted(of_test.items(), reverse=True):
            lines = [f"# {line}" for found in splats for line in found.lines]
            if place == len(self._ended):
                results[0] = [splat.result(parser.program, KERNEL_LOG, splats)]
                self.run.console += lines
                continue
            ended = self._ended[place]
            name = f"{ended.result.name}/{KERNEL_LOG}"
            results[id(ended.result)].append(splat.result(parser.program, name, splats))
            self.run.console[ended.line : ended.line] = lines  # where a reader of the record finds its test
        flat = [result for group in results.values() for result in group]
        make_unique(flat)
        return flat

    def _record(self, job: Job, results: list[TestResult], note: str, cause: Cause | None) -> None:
        if cause in (Cause.SILENCE, Cause.TIMEOUT):
            note = f"TIMEOUT {cause.value}"
        elif cause is not None:
            note = f"ERROR {cause.value}"
        if {result.verdict for result in results} == {Verdict.SKIP}:
            note = "SKIP"
        word = "not ok" if any(result.verdict.bad for result in results) else "ok"
        note = f" # {note}" if note else ""
        self.run.console.append(f"{word} {self._number} selftests: {_spoken(job)}{note}")

    def _forget_not_run(self, job: Job) -> None:
        """A program that broke off goes on with what was not run of it."""
        gone = [r for r in self.run.results if r.program == job.name and r.verdict is Verdict.NOT_RUN]
        self.run.results = [r for r in self.run.results if r not in gone]
        self.done, self.bad = self.done - len(gone), self.bad - len(gone)

    def _lost(self, job: Job, reason: str) -> None:
        self.run.results.append(TestResult(job.name, "all", Verdict.NOT_RUN, reason))


def _judge_silent(parser: Parser, status: int, at: float) -> None:
    """A program without KTAP has one result: its exit status."""
    last = parser.log.lines[-1].strip() if parser.log.lines else ""
    if status == 0:
        parser.add("exit", Verdict.PASS, "", at)
    elif status == _SKIPPED:
        parser.add("exit", Verdict.SKIP, last or "exit status 4", at)
    elif status in (126, 127):
        parser.add("exit", Verdict.ERROR, f"could not be started (status {status}) {last}", at)
    else:
        parser.add("exit", Verdict.FAIL, f"exit status {status}", at)


def _spoken(job: Job) -> str:
    """The job's name in runner.sh's way: timers: posix_timers."""
    return re.sub(r"^([\w./-]+):", r"\1: ", job.name)


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
