# SPDX-License-Identifier: GPL-2.0-only
"""Turns the bytes of a file descriptor into lines with their times of arrival, under limits."""

import os
import select
import threading
import time
from collections.abc import Callable, Iterator

from ksftci.machine.machine import Cause, Limits

_LONGEST_LINE = 65536  # bytes; a longer line is cut into several
_READ = 65536  # bytes at once
_TICK = 0.2  # seconds between two checks of `stop` and the limits while no output arrives


class Console:
    """The lines that programs write to a file descriptor.

    When `lines()` has ended, `cause` is what ended it early: a limit or `stop`. It is None at the end of the output.
    """

    def __init__(
        self,
        fd: int,
        limits: Limits,
        stop: threading.Event,
        over: Callable[[], bool] = lambda: False,
    ) -> None:
        """`over()` is true when the program has ended; a child of it may still hold the descriptor open."""
        self.fd, self.limits, self.stop, self.over = fd, limits, stop, over
        self.silence = limits.silence  # seconds; may be changed during the iteration
        self.cause: Cause | None = None

    def lines(self) -> Iterator[tuple[float, str]]:
        """(monotonic time of arrival, text) until the output ends, a limit is reached or `stop` is set.

        Text after the last line end is a line, too.
        """
        last_output = time.monotonic()
        deadline = last_output + self.limits.total
        partial = b""
        while self.cause is None:
            ready, _, _ = select.select([self.fd], [], [], _TICK)
            now = time.monotonic()
            if ready:
                data = self._read()
                if not data:
                    break
                last_output = now
                *lines, partial = (partial + data).split(b"\n")
                for line in lines:
                    yield now, line.decode("utf-8", "replace")
                if len(partial) > _LONGEST_LINE:
                    yield now, partial.decode("utf-8", "replace")
                    partial = b""
            if self.stop.is_set():
                self.cause = Cause.INTERRUPTED
            elif not ready and self.over():
                break
            elif now > deadline:
                self.cause = Cause.TIMEOUT
            elif now - last_output > self.silence:
                self.cause = Cause.SILENCE
        if partial:
            yield time.monotonic(), partial.decode("utf-8", "replace")

    def _read(self) -> bytes:
        try:
            return os.read(self.fd, _READ)
        except OSError:  # EIO: the last writer has closed the pseudo-terminal
            return b""
