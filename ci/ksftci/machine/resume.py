# SPDX-License-Identifier: GPL-2.0-only
"""A machine that starts again for what is left, after a panic or a hang."""

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from ksftci.errors import CiError
from ksftci.machine.listing import LIST, chosen, has_harness, only, tests
from ksftci.machine.machine import Begin, Booted, Cause, End, Event, Job, Limits, Line, Machine, Stopped

_OVER = {Cause.INTERRUPTED, Cause.NO_BOOT}  # nothing would be different the next time
_RUN = re.compile(r"#\s+RUN\s+(\S+) \.\.\.")  # the harness, before each test


@dataclass
class Resume:
    """Starts a machine as often as it takes to run all jobs, each of them once.

    `start` gives a machine for the time that is left of `limits.total`. A job during which it stopped
    is over; the tests of a harness program that had not begun by then are a job again, of the same
    name. So every start leaves less to do, and one that gets to no job at all is the last.
    """

    label: str
    limits: Limits
    start: Callable[[Limits], Machine]

    def run(self, jobs: Sequence[Job], stop: threading.Event) -> Iterator[Event]:
        """Run the jobs. Raises CiError when the machine cannot be had the first time."""
        left = list(jobs)
        deadline = time.monotonic() + self.limits.total
        starts = 0
        while left:
            starts += 1
            before = left[:]
            running: Job | None = None
            stopped: Stopped | None = None
            begun: set[str] = set()
            try:
                for event in self._start(deadline).run(before, stop):
                    match event:
                        case Stopped():
                            stopped = event
                            continue
                        case Booted(at, facts) if starts > 1:
                            event = Booted(at, {**facts, "starts": str(starts)})
                        case Begin(job=running):
                            begun.clear()
                        case Line(text=text) if match := _RUN.match(text):
                            begun.add(match[1])
                        case End(job=job):
                            left.remove(job)
                            running = None
                    yield event
            except CiError as err:
                if starts == 1:
                    raise
                stopped = Stopped(time.monotonic(), Cause.NO_BOOT, str(err))
            if stopped is None:
                return
            if running is not None:
                left.remove(running)
            if stopped.cause in _OVER or time.monotonic() > deadline or left == before:
                yield stopped
                return
            rest = self._not_begun(running, begun, deadline, stop) if running else []
            if not rest and not left:
                yield stopped
                return
            if running is not None:
                yield End(stopped.at, running, 0, stopped.cause)
            left[:0] = rest

    def _start(self, deadline: float) -> Machine:
        return self.start(Limits(deadline - time.monotonic(), self.limits.silence))

    def _not_begun(self, job: Job, begun: set[str], deadline: float, stop: threading.Event) -> list[Job]:
        """The job with its other tests only, or nothing if there are none or it cannot be told them."""
        if names := chosen(job):
            pass
        elif job.args or not begun or not has_harness(job.program):
            return []
        else:
            names = self._list(job, deadline, stop)
        rest = [name for name in names if name not in begun]
        return [only(job, rest)] if rest and begun else []

    def _list(self, job: Job, deadline: float, stop: threading.Event) -> list[str]:
        """The tests of a harness program, which only it knows, from a start of its own."""
        try:
            events = list(self._start(deadline).run([replace(job, args=LIST)], stop))
        except CiError:
            return []
        return tests(event.text for event in events if isinstance(event, Line))
