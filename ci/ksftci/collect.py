# SPDX-License-Identifier: GPL-2.0-only
"""Events of a machine into results."""

import signal
from collections.abc import Callable, Iterable, Iterator, Sequence

from ksftci.ktap import Parser
from ksftci.machine import (
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
from ksftci.results import Run, TestResult, Verdict

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


class Collector:
    """Fills a Run from the events of one machine, in the order in which they come."""

    def __init__(self, run: Run, jobs: Sequence[Job]) -> None:
        self.run, self.waiting = run, list(jobs)
        self.parser: Parser | None = None
        self.job: Job | None = None
        self.done = 0  # results of the programs that have ended
        self.bad = 0
        self._splat: list[str] = []
        self._changed: list[Changed] = []
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
    def settled(self) -> Sequence[TestResult]:
        """What the running program has told of its own tests so far; only their numbering may change."""
        return self.parser.outermost if self.parser else ()

    def _event(self, event: Event) -> None:
        match event:
            case Booted(facts=facts):
                self.run.environment.update(facts)
            case Begin(job=job):
                self.waiting.remove(job)
                self.job, self.parser = job, Parser(job.name)
                self._splat, self._changed = [], []
                self.run.console.append(f"# selftests: {job.name}")
            case Line(at=at, text=text):
                self.run.console.append(f"# {text}")
                if self.parser:
                    self.parser.feed(text, at)
            case Splat(text=text):
                self._splat.append(text)
                self.run.splats.append((self.job.name if self.job else "", text))
            case Changed():
                self._changed.append(event)
            case End(at=at, status=status, cause=cause):
                self._end(at, status, cause)
            case Stopped(at=at, cause=cause, text=text):
                self._stopped(at, cause, text)

    def _end(self, at: float, status: int, cause: Cause | None) -> None:
        parser = self.parser
        if parser is None or self.job is None:
            return
        if cause is not None:
            parser.broke_off("timeout", _VERDICT_OF[cause], cause.value, at)
        elif status > 128:
            parser.broke_off("exit", Verdict.CRASH, f"ended by {_signal(status - 128)}", at)
        elif not parser.spoke:
            _judge_silent(parser, status, at)
        elif status not in _NO_FAILURE and not parser.failed:
            parser.add("exit", Verdict.FAIL, f"exit status {status} though no test failed", at)
        self._close(f"exit={status}" if status not in (0, _SKIPPED) else "", cause)

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

    def _close(self, note: str, cause: Cause | None) -> None:
        parser, job = self.parser, self.job
        assert parser is not None and job is not None
        if self._splat:
            parser.log[:] = self._splat
            parser.add("kernel_log", Verdict.FAIL, _headline(self._splat))
        for change in self._changed:
            parser.log[:] = [f"{change.path}: {change.before!r} before, {change.after!r} after"]
            reason = f"{change.path} was {change.before}, left as {change.after}"
            parser.add("settings", Verdict.FAIL, reason)
        parser.finish()
        self.run.results += parser.results
        self.run.anomalies += parser.anomalies
        self.done += parser.finished
        self.bad += parser.failed
        self._record(job, parser, note, cause)
        self.job = self.parser = None

    def _record(self, job: Job, parser: Parser, note: str, cause: Cause | None) -> None:
        number = 1 + sum(1 for line in self.run.console if not line.startswith("#"))
        if cause in (Cause.SILENCE, Cause.TIMEOUT):
            note = f"TIMEOUT {cause.value}"
        elif cause is not None:
            note = f"ERROR {cause.value}"
        verdicts = {result.verdict for result in parser.results}
        if verdicts == {Verdict.SKIP}:
            note = "SKIP"
        word = "not ok" if parser.failed else "ok"
        note = f" # {note}" if note else ""
        self.run.console.append(f"{word} {number} selftests: {job.name}{note}")

    def _lost(self, job: Job, reason: str) -> None:
        self.run.results.append(TestResult(job.name, "all", Verdict.NOT_RUN, reason))


def _judge_silent(parser: Parser, status: int, at: float) -> None:
    """A program without KTAP has one result: its exit status."""
    last = parser.log[-1].strip() if parser.log else ""
    if status == 0:
        parser.add("exit", Verdict.PASS, "", at)
    elif status == _SKIPPED:
        parser.add("exit", Verdict.SKIP, last or "exit status 4", at)
    elif status in (126, 127):
        parser.add("exit", Verdict.ERROR, f"could not be started (status {status}) {last}", at)
    else:
        parser.add("exit", Verdict.FAIL, f"exit status {status}", at)


def _headline(splat: list[str]) -> str:
    for line in splat:
        if any(word in line for word in ("WARNING", "BUG", "KASAN", "Oops", "UBSAN")):
            return line.strip()
    return splat[0].strip()


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
