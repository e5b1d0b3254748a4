# SPDX-License-Identifier: GPL-2.0-only
"""Starts a machine again after a panic, a hang or a forgery, for the jobs and tests that are left."""

import itertools
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from ksftci.errors import CiError
from ksftci.machine.listing import LIST, chosen, has_harness, only, tests
from ksftci.machine.machine import (
    Begin,
    Booted,
    Cause,
    End,
    Event,
    Job,
    Limits,
    Line,
    Machine,
    Retracted,
    Stopped,
)

_FINAL = {Cause.INTERRUPTED, Cause.NO_BOOT}  # another start would not help
_RUN = re.compile(r"#\s+RUN\s+(\S+) \.\.\.")  # kselftest_harness.h prints it before each test


@dataclass
class _Start:
    """One start of the machine: what it is to run, and how far it has come."""

    requested: list[Job]
    started: list[Job] = field(default_factory=list)  # the jobs that have begun
    ended: list[Job] = field(default_factory=list)
    running: Job | None = None
    begun: set[str] = field(default_factory=set)  # tests of the running job
    stopped: Stopped | None = None

    def take(self, event: Event) -> None:
        """Note what an event says of the start."""
        match event:
            case Stopped():
                self.stopped = event
            case Begin(job=job):
                self.begun.clear()
                self.running = job
                self.started.append(job)
            case Line(text=text) if match := _RUN.match(text):
                self.begun.add(match[1])
            case End(job=job):
                self.running = None
                self.ended.append(job)


@dataclass
class Resume:
    """A machine that is requested as often as needed to run all jobs, each of them once.

    `start` makes a machine for the time that is left of `limits.total`. The job during which the machine
    stopped is not repeated; only the tests of a harness program that had not begun by then run on the next
    start, as a job of the same name. Each start leaves less to do, and a start that begins no job is the last.

    A job that forged what the guest's first process prints may have forged the reports of other jobs, too. All jobs of
    that start run again, each on a start of its own: there a forgery is the job's.
    """

    label: str
    limits: Limits
    start: Callable[[Limits], Machine]

    def run(self, jobs: Sequence[Job], stop: threading.Event) -> Iterator[Event]:
        """Run the jobs. Raises CiError when the first start fails."""
        remaining = list(jobs)
        suspects: set[str] = set()  # names of jobs that run on a start of their own
        deadline = time.monotonic() + self.limits.total
        starts = 0
        while remaining:
            starts += 1
            start = _Start(_together(remaining, suspects))
            yield from self._follow(start, starts, deadline, stop)
            remaining = [job for job in remaining if job not in start.ended]
            stopped = start.stopped
            if stopped is None:
                if any(job in remaining for job in start.requested):
                    return
                continue
            late = time.monotonic() > deadline
            forged = stopped.cause is Cause.FORGED
            if forged and len(start.requested) > 1:
                names = {job.name for job in start.started or start.requested[:1]}
                suspects |= names
                again = [job for job in jobs if job.name in names]
                remaining = [*again, *(job for job in remaining if job.name not in names)]
                yield Retracted(stopped.at, tuple(again))
                if late:
                    yield stopped
                    return
                continue
            running = start.running
            if forged and running is None:  # it has forged its end, too
                running = start.requested[0]
                yield Begin(stopped.at, running)
            remaining = [job for job in remaining if job != running]
            if stopped.cause in _FINAL or late or (running is None and not start.started):
                yield stopped
                return
            rest = self._not_begun(running, start.begun, deadline, stop) if running and not forged else []
            if not rest and not remaining:
                yield stopped
                return
            if running is not None:
                yield End(stopped.at, running, 0, stopped.cause)
            remaining[:0] = rest

    def _follow(self, start: _Start, starts: int, deadline: float, stop: threading.Event) -> Iterator[Event]:
        """Run what is requested; the last event of a machine that stops is kept back. Raises CiError as `run`."""
        try:
            for event in self._start(deadline).run(start.requested, stop):
                start.take(event)
                match event:
                    case Stopped():
                        continue
                    case Booted(at, facts) if starts > 1:
                        event = Booted(at, {**facts, "starts": str(starts)})
                yield event
        except CiError as err:
            if starts == 1:
                raise
            start.stopped = Stopped(time.monotonic(), Cause.NO_BOOT, str(err))

    def _start(self, deadline: float) -> Machine:
        return self.start(Limits(deadline - time.monotonic(), self.limits.silence))

    def _not_begun(self, job: Job, begun: set[str], deadline: float, stop: threading.Event) -> list[Job]:
        """The job with the tests that had not begun; [] if there are none, or the program cannot run them alone."""
        names = chosen(job)
        if not names:
            if job.args or not begun or not has_harness(job.program):
                return []
            names = self._list_tests(job, deadline, stop)
        rest = [name for name in names if name not in begun]
        return [only(job, rest)] if rest and begun else []

    def _list_tests(self, job: Job, deadline: float, stop: threading.Event) -> list[str]:
        """The tests of a harness program, which lists them on a start of its own; [] when that fails."""
        try:
            events = list(self._start(deadline).run([replace(job, args=LIST)], stop))
        except CiError:
            return []
        return tests(event.text for event in events if isinstance(event, Line))


def _together(jobs: Sequence[Job], suspects: set[str]) -> list[Job]:
    """The jobs for one start: the first if it is suspected, else all up to the first that is."""
    if jobs[0].name in suspects:
        return [jobs[0]]
    return list(itertools.takewhile(lambda job: job.name not in suspects, jobs))
