# SPDX-License-Identifier: GPL-2.0-only
"""The lines that init.sh prints for the host, turned into events."""

import base64
import binascii
import gzip
import re
import zlib
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from ksftci.machine.machine import Begin, Booted, Cause, Counted, End, Event, Job, KernelLine, Line

_PANIC = re.compile(r"Kernel panic - not syncing")
_TAIL_LINES = 15


class GuestOutput:
    """Turns the lines of a guest's console into events, and knows how far the guest has got.

    `facts` are added to those that the guest reports. Only lines with the token of this boot are init.sh's.
    """

    def __init__(self, jobs: Sequence[Job], token: str, facts: Mapping[str, str]) -> None:
        self.booted = False
        self.panicked = False
        self.done = False  # the last job is over
        self.tail: deque[str] = deque(maxlen=_TAIL_LINES)  # the last lines of the console
        self._jobs = jobs
        self._mark = re.compile(rf"@@{token} (\w+) ?(.*)")
        self._facts = dict(facts)
        self._data: list[str] = []  # the lines of one .gcda file

    def events(self, at: float, text: str) -> list[Event]:
        """The events of a line that arrived `at`, in monotonic seconds."""
        text = text.rstrip("\r")
        self.tail.append(text)
        mark = self._mark.search(text)
        if mark is None:
            self.panicked = self.panicked or _PANIC.search(text) is not None
            return [Line(at, text)] if self.booted else []
        unfinished = text[: mark.start()].strip("\r")  # a program's last line, without a line end
        event = self._event(at, mark[1], mark[2])
        return [*([Line(at, unfinished)] if unfinished else []), *([event] if event else [])]

    def _event(self, at: float, word: str, rest: str) -> Event | None:
        """The event of a line of init.sh, by its first `word` and the `rest`; None for a part of a later event."""
        match word:
            case "fact":
                name, _, value = rest.partition(" ")
                self._facts[name] = value.strip()
            case "boot":
                self.booted = True
                return Booted(at, self._facts)
            case "begin":
                number, _, clock = rest.partition(" ")
                return Begin(at, self._jobs[int(number)], float(clock) if clock else None)
            case "splat":
                return KernelLine(at, rest)
            case "data":
                self._data.append(rest)
            case "counted":
                data, self._data = unpack(self._data), []
                return Counted(at, Path(rest), data)
            case "end":
                number, status, *late = rest.split()
                return End(at, self._jobs[int(number)], int(status), Cause.TIMEOUT if late else None)
            case "done":
                self.done = True
        return None


def unpack(lines: Sequence[str]) -> bytes:
    """The file that init.sh sent, gzipped and in base64; b"" when a line is damaged, as by a message of the kernel."""
    try:
        return gzip.decompress(base64.b64decode("".join(lines), validate=True))
    except (binascii.Error, OSError, EOFError, zlib.error):
        return b""
