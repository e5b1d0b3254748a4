# SPDX-License-Identifier: GPL-2.0-only
"""A machine that starts again for what is left, after a panic or a hang."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from ksftci.errors import CiError
from ksftci.machine import Begin, Booted, Cause, End, Event, Job, Limits, Machine, Stopped

_OVER = {Cause.INTERRUPTED, Cause.NO_BOOT}  # nothing would be different the next time


@dataclass
class Resume:
    """Starts a machine as often as it takes to run all jobs, each of them once.

    `start` gives a machine for the time that is left of `limits.total`. A job during which it stopped
    is over, so every start leaves fewer jobs; one that gets to no job at all is the last.
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
            before, running = len(left), None
            stopped: Stopped | None = None
            try:
                limits = Limits(deadline - time.monotonic(), self.limits.silence)
                for event in self.start(limits).run(left[:], stop):
                    if isinstance(event, Stopped):
                        stopped = event
                        continue
                    if isinstance(event, Booted) and starts > 1:
                        event = replace(event, facts={**event.facts, "starts": str(starts)})
                    elif isinstance(event, Begin):
                        running = event.job
                    elif isinstance(event, End):
                        left.remove(event.job)
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
            if not left or len(left) == before or stopped.cause in _OVER or time.monotonic() > deadline:
                yield stopped
                return
            if running is not None:
                yield End(stopped.at, running, 0, stopped.cause)
