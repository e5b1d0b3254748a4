# SPDX-License-Identifier: GPL-2.0-only
"""Turns the bytes of a file descriptor into lines with their times of arrival, under limits."""

import os
import select
import threading
import time
from collections.abc import Callable, Iterator

from ksftci.machine.flood import Flood
from ksftci.machine.machine import Cause, Cut, Limits

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
        flood: Flood | None = None,
    ) -> None:
        """`over()` is true when the program has ended; a child of it may still hold the descriptor open.

        `flood` limits how much is kept of the output.
        """
        self.fd, self.limits, self.stop, self.over, self.flood = fd, limits, stop, over, flood
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
                lines, ends, partial = (partial + data).rpartition(b"\n")
                if len(partial) > _LONGEST_LINE:
                    lines, ends, partial = lines + ends + partial, b"\n", b""
                for line in self._kept(lines, now) if ends else ():
                    yield now, line.decode("utf-8", "replace")
            if self.stop.is_set():
                self.cause = Cause.INTERRUPTED
            elif self.flood is not None and self.flood.over:
                self.cause = Cause.FLOOD
            elif not ready and self.over():
                break
            elif now > deadline:
                self.cause = Cause.TIMEOUT
            elif now - last_output > self.silence:
                self.cause = Cause.SILENCE
        if partial:
            yield time.monotonic(), partial.decode("utf-8", "replace")

    def begin(self) -> None:
        """A new program begins, with a flood of its own."""
        if self.flood is not None:
            self.flood.begin()

    def cuts(self) -> Iterator[Cut]:
        """What has been left out since the last call, if anything."""
        lines, size = self.flood.taken() if self.flood is not None else (0, 0)
        if lines:
            yield Cut(time.monotonic(), lines, size)

    def _kept(self, lines: bytes, now: float) -> list[bytes]:
        return lines.split(b"\n") if self.flood is None else self.flood.take(lines, now)

    def _read(self) -> bytes:
        try:
            return os.read(self.fd, _READ)
        except OSError:  # EIO: the last writer has closed the pseudo-terminal
            return b""
