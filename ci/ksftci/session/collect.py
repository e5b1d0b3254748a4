# SPDX-License-Identifier: GPL-2.0-only
"""Turns the events of a machine into the results of a Run."""

import re
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
    Cut,
    End,
    Event,
    Job,
    KernelLine,
    Line,
    Retracted,
    Stopped,
)
from ksftci.results.model import BOOT_LOG, KERNEL_LOG, Run, TestResult, Verdict
from ksftci.results.names import make_unique
from ksftci.results.provoked import settle
from ksftci.session import ending
from ksftci.session.ending import SKIPPED, VERDICT_OF

_RESULT = re.compile(r"[\s#]*(?:not )?ok \d+\b(?!.*#.*\b(?:time=|duration))")  # that tells no time


@dataclass(frozen=True)
class _Ended:
    """A test that has ended."""

    at: float  # monotonic time, as in events
    line: int  # place of its result in the console
    result: TestResult


class Collector:
    """Fills a Run from the events of one machine, one after the other."""

    def __init__(self, run: Run, jobs: Sequence[Job]) -> None:
        self.run, self.waiting = run, list(jobs)
        self.parser: Parser | None = None
        self.job: Job | None = None
        self.done = 0  # results of the programs that have ended
        self.bad = 0  # how many of them are bad
        self._kernel: list[str] = []  # lines that the kernel logged since the last Begin
        self._boot: list[splat.Splat] = []  # logged before the first program
        self._boot_line = 0  # place in the console where the last boot begins
        self._changed: list[Changed] = []  # settings that the running program changed
        self._ended: list[_Ended] = []  # tests of the running program
        self._offset: float | None = None  # seconds from the kernel log's time to that of events
        self._number = 0  # of the running program; counts from 1
        self._started: float | None = None  # time of the first event

    @property
    def running(self) -> str:
        """The running test, or program if the test is not known; "" between programs. For a progress display."""
        if self.job is None:
            return ""
        test = self.parser.running if self.parser else None
        return f"{self.job.name}.{test}" if test else self.job.name

    def counts(self) -> tuple[int, int]:
        """How many results there are so far, and how many of them are bad."""
        parser = self.parser
        return (
            self.done + (parser.finished if parser else 0),
            self.bad + (parser.failed if parser else 0),
        )

    def take(self, events: Iterable[Event], seen: Callable[[Event], None] | None = None) -> Run:
        """Take all events, and call `seen` after each. Gives the filled Run."""
        for event in self.follow(events):
            if seen is not None:
                seen(event)
        return self.run

    def follow(self, events: Iterable[Event]) -> Iterator[Event]:
        """Take the events one by one, and yield each after it has changed the Run.

        The Run has the results of a program after its End; `settled` has them earlier.
        """
        for event in events:
            self._started = event.at if self._started is None else self._started
            self.run.seconds = event.at - self._started
            self._take_event(event)
            yield event
        for job in self.waiting:
            self._add_not_run(job, "the machine did not get to it")
        self.waiting = []

    @property
    def settled(self) -> Sequence[Item]:
        """Results of the running program so far. A name that comes twice may still get a number, name#2."""
        return self.parser.settled if self.parser else ()

    def _take_event(self, event: Event) -> None:
        match event:
            case Booted(facts=facts):
                self.run.environment.update(facts)
                self._boot_line = len(self.run.console)
                if not self._number:  # what a restart logs, the first boot has logged, too
                    self._boot = splat.find(self._kernel)
                    self.run.splats += [("", line) for report in self._boot for line in report.lines]
            case Begin(at=at, job=job, clock=clock):
                if job in self.waiting:
                    self.waiting.remove(job)
                else:
                    self._drop_not_run(job)
                self.job, self.parser = job, Parser(job.name)
                self._kernel, self._changed, self._ended = [], [], []
                self._offset = at - clock if clock is not None else None
                self._number += 1
                self.run.console.append(f"# selftests: {_runner_name(job)}")
            case Line(at=at, text=text):
                self.run.console.append(f"# {text}")
                if self.parser:
                    self._feed(self.parser, text, at)
            case KernelLine(text=text):
                self._kernel.append(text)
                if self.job is not None:
                    self.run.splats.append((self.job.name, text))
            case Cut(lines=lines, size=size):
                self._note_cut(lines, size)
            case Retracted(jobs=jobs):
                self._retract(jobs)
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
            if parser.finished == finished + 1 and _RESULT.match(text) and parser.last.seconds is not None:
                self.run.console[-1] += f" # time={parser.last.seconds:.3f}s"  # as the record's readers know it

    def _end(self, at: float, status: int, cause: Cause | None) -> None:
        parser = self.parser
        if parser is None or self.job is None:
            return
        parser.settle()
        if cause is not None:
            ending.break_off(parser, cause, at)
        else:
            ending.judge(parser, status, at)
        self._close(f"exit={status}" if status not in (0, SKIPPED) else "", cause, status == SKIPPED)

    def _stopped(self, at: float, cause: Cause, text: str) -> None:
        self.run.interrupted |= cause is Cause.INTERRUPTED
        if self.parser is not None and self.job is not None:
            ending.break_off(self.parser, cause, at)
            self._close("", cause)
        elif cause is not Cause.INTERRUPTED:
            job = self.waiting.pop(0) if self.waiting else None
            log = text.splitlines()
            name = job.name if job else "machine"
            reason = cause.value
            self.run.results.append(TestResult(name, "machine", VERDICT_OF[cause], reason, log=log))
        for job in self.waiting:
            self._add_not_run(job, f"{cause.value} before")
        self.waiting = []

    def _note_cut(self, lines: int, size: int) -> None:
        """Say that the running program printed more than is kept."""
        text = f"{lines} lines ({size} bytes) of its output were left out, none of them a result"
        self.run.console.append(f"# [{text}]")
        if self.parser and self.job:
            self.parser.log.add(f"[{text}]")
            self.run.anomalies.append(f"{self.job.name}: {text}")

    def _retract(self, jobs: Sequence[Job]) -> None:
        """Forget what the jobs reported in this boot and before."""
        names = dict.fromkeys(job.name for job in jobs)
        kept = [result for result in self.run.results if result.program not in names]
        bad = sum(result.verdict.bad for result in kept)
        self.run.results, self.done, self.bad = kept, len(kept), bad
        self.run.splats = [(program, line) for program, line in self.run.splats if program not in names]
        self.run.anomalies = [text for text in self.run.anomalies if text.partition(":")[0] not in names]
        del self.run.console[self._boot_line :]
        few = ", ".join(list(names)[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        self.run.anomalies.append(f"one of {few} {Cause.FORGED.value}: each runs again in a boot of its own")
        self.waiting = [*jobs, *(job for job in self.waiting if job.name not in names)]
        self.job, self.parser = None, None

    def _close(self, note: str, cause: Cause | None, skipped: bool = False) -> None:
        parser, job = self.parser, self.job
        assert parser is not None and job is not None
        for change in self._changed:
            parser.log.add(f"{change.path}: {change.before!r} before, {change.after!r} after")
            reason = f"{change.path} was {change.before}, left as {change.after}"
            parser.add("settings", Verdict.FAIL, reason)
        parser.finish(skipped)
        results = settle(self._with_splats(parser))
        self._record(job, results, note, cause)
        if self._boot:
            results[:0] = settle([splat.result(job.name, BOOT_LOG, self._boot)])
        self.run.results += results
        self.run.anomalies += parser.anomalies
        self.done += len(results)
        self.bad += sum(result.verdict.bad for result in results)
        self.job, self.parser, self._boot = None, None, []

    def _with_splats(self, parser: Parser) -> list[TestResult]:
        """The results, and after each a result for the splats that the kernel logged while its test ran."""
        of_test: dict[int, list[splat.Splat]] = {}  # place in _ended, or its length: after the last test
        for found in splat.find(self._kernel):
            if found.key in parser.splats_seen:
                continue  # it was on the console, too
            place = len(self._ended)
            if found.stamp is not None and self._offset is not None:
                place = bisect_left(self._ended, found.stamp + self._offset, key=lambda ended: ended.at)
            of_test.setdefault(place, []).append(found)
        results = {id(result): [result] for result in parser.results}
        for place, splats in sorted(of_test.items(), reverse=True):
            lines = [f"# {line}" for report in splats for line in report.lines]
            if place == len(self._ended):
                results[0] = [splat.result(parser.program, KERNEL_LOG, splats)]
                self.run.console += lines
                continue
            ended = self._ended[place]
            name = f"{ended.result.name}/{KERNEL_LOG}"
            results[id(ended.result)].append(splat.result(parser.program, name, splats))
            self.run.console[ended.line : ended.line] = lines  # the record's readers give lines to the next result
        flat = [result for group in results.values() for result in group]
        make_unique(flat)
        return flat

    def _record(self, job: Job, results: list[TestResult], note: str, cause: Cause | None) -> None:
        """Add the program's own result to the console, as kselftest/runner.sh prints it."""
        if cause in (Cause.SILENCE, Cause.TIMEOUT):
            note = f"TIMEOUT {cause.value}"
        elif cause is not None:
            note = f"ERROR {cause.value}"
        if {result.verdict for result in results} == {Verdict.SKIP}:
            note = "SKIP"
        word = "not ok" if any(result.verdict.bad for result in results) else "ok"
        note = f" # {note}" if note else ""
        self.run.console.append(f"{word} {self._number} selftests: {_runner_name(job)}{note}")

    def _drop_not_run(self, job: Job) -> None:
        """Remove the NOT_RUN results of a program that broke off: its other tests run now."""
        not_run = [r for r in self.run.results if r.program == job.name and r.verdict is Verdict.NOT_RUN]
        self.run.results = [r for r in self.run.results if r not in not_run]
        self.done, self.bad = self.done - len(not_run), self.bad - len(not_run)

    def _add_not_run(self, job: Job, reason: str) -> None:
        self.run.results.append(TestResult(job.name, "all", Verdict.NOT_RUN, reason))


def _runner_name(job: Job) -> str:
    """The job's name as kselftest/runner.sh prints it: "timers: posix_timers"."""
    return re.sub(r"^([\w./-]+):", r"\1: ", job.name)
