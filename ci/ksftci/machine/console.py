# SPDX-License-Identifier: GPL-2.0-only
"""Bytes of a terminal into lines with the time they came, under limits."""

import os
import select
import threading
import time
from collections.abc import Callable, Iterator

from ksftci.machine.machine import Cause, Limits

_LONGEST_LINE = 65536  # bytes; whatever prints more without a line end gets one
_TICK = 0.2  # seconds between two looks at `stop`


class Console:
    """Lines of a file descriptor. After the iteration `cause` says why it ended, None at its end."""

    def __init__(
        self,
        fd: int,
        limits: Limits,
        stop: threading.Event,
        over: Callable[[], bool] = lambda: False,
    ) -> None:
        """`over` says that the writer has ended, although a child of it may hold the terminal."""
        self.fd, self.limits, self.stop, self.over = fd, limits, stop, over
        self.silence = limits.silence  # seconds; may be changed on the way
        self.cause: Cause | None = None

    def lines(self) -> Iterator[tuple[float, str]]:
        """(monotonic arrival time, text) until the other side closes or a limit is met.

        A partial last line comes out as a line.
        """
        heard = time.monotonic()
        deadline = heard + self.limits.total
        rest = b""
        while self.cause is None:
            ready, _, _ = select.select([self.fd], [], [], _TICK)
            now = time.monotonic()
            if ready:
                data = self._read()
                if not data:
                    break
                heard = now
                *full, rest = (rest + data).split(b"\n")
                for line in full:
                    yield now, line.decode("utf-8", "replace")
                if len(rest) > _LONGEST_LINE:
                    yield now, rest.decode("utf-8", "replace")
                    rest = b""
            if self.stop.is_set():
                self.cause = Cause.INTERRUPTED
            elif not ready and self.over():
                break
            elif now > deadline:
                self.cause = Cause.TIMEOUT
            elif now - heard > self.silence:
                self.cause = Cause.SILENCE
        if rest:
            yield time.monotonic(), rest.decode("utf-8", "replace")

    def _read(self) -> bytes:
        try:
            return os.read(self.fd, 65536)
        except OSError:  # a pseudo-terminal says EIO when its last writer has gone
            return b""
