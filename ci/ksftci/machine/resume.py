# SPDX-License-Identifier: GPL-2.0-only
"""Starts a machine again after a panic or a hang, for the jobs and tests that are left."""

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from ksftci.errors import CiError
from ksftci.machine.listing import LIST, chosen, has_harness, only, tests
from ksftci.machine.machine import Begin, Booted, Cause, End, Event, Job, Limits, Line, Machine, Stopped

_FINAL = {Cause.INTERRUPTED, Cause.NO_BOOT}  # another start would not help
_RUN = re.compile(r"#\s+RUN\s+(\S+) \.\.\.")  # kselftest_harness.h prints it before each test


@dataclass
class Resume:
    """A machine that is requested as often as needed to run all jobs, each of them once.

    `start` makes a machine for the time that is left of `limits.total`. The job during which the machine
    stopped is not repeated; only the tests of a harness program that had not begun by then run on the next
    start, as a job of the same name. Each start leaves less to do, and a start that begins no job is the last.
    """

    label: str
    limits: Limits
    start: Callable[[Limits], Machine]

    def run(self, jobs: Sequence[Job], stop: threading.Event) -> Iterator[Event]:
        """Run the jobs. Raises CiError when the first start fails."""
        remaining = list(jobs)
        deadline = time.monotonic() + self.limits.total
        starts = 0
        while remaining:
            starts += 1
            requested = remaining[:]
            running: Job | None = None
            stopped: Stopped | None = None
            begun: set[str] = set()
            try:
                for event in self._start(deadline).run(requested, stop):
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
                            remaining.remove(job)
                            running = None
                    yield event
            except CiError as err:
                if starts == 1:
                    raise
                stopped = Stopped(time.monotonic(), Cause.NO_BOOT, str(err))
            if stopped is None:
                return
            if running is not None:
                remaining.remove(running)
            if stopped.cause in _FINAL or time.monotonic() > deadline or remaining == requested:
                yield stopped
                return
            rest = self._not_begun(running, begun, deadline, stop) if running else []
            if not rest and not remaining:
                yield stopped
                return
            if running is not None:
                yield End(stopped.at, running, 0, stopped.cause)
            remaining[:0] = rest

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
