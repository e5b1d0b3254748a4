# SPDX-License-Identifier: GPL-2.0-only
"""The lines that init.sh prints for the host, turned into events.

A program in the guest is root there, and may print such lines itself. What does not fit is not believed: it is
`forged`, and the guest is not listened to any more. No line raises anything.
"""

import base64
import binascii
import re
import zlib
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from ksftci.machine.machine import Begin, Booted, Cause, Counted, End, Event, Job, KernelLine, Line
from plainprint.text import visible

_PANIC = re.compile(r"Kernel panic - not syncing")
_TAIL_LINES = 15
_STAMP = re.compile(r"\[ *\d+\.\d{6}\]", re.ASCII)  # a message of the kernel on the console, behind a line of init.sh
_BEGIN = re.compile(r"(?P<number>\d{1,9})(?: (?P<clock>\d{1,12}(?:\.\d{1,9})?)?)?", re.ASCII)
_END = re.compile(r"(?P<number>\d{1,9}) (?P<status>\d{1,3})(?: (?P<logged>\d{1,9}))? ?(?P<late>late)?", re.ASCII)
_COUNTED = re.compile(r"(?:/(?!\.\.?/)[^/\0]+)+\.gcda")
_FACT = re.compile(r"(?P<name>[a-z_]{1,40})(?: (?P<value>.*))?", re.ASCII)
_LONGEST_FACT = 1000  # characters
_DATA = 64 << 20  # characters of one sent file; and bytes of it unpacked


class GuestOutput:
    """Turns the lines of a guest's console into events, and knows how far the guest has got.

    `facts` are added to those that the guest reports. Only lines with the token of this boot are init.sh's. With `gcov`
    the guest sends counters.
    """

    def __init__(self, jobs: Sequence[Job], token: str, facts: Mapping[str, str], gcov: bool = False) -> None:
        self.booted = False
        self.panicked = False
        self.done = False  # the last job is over
        self.forged = ""  # a line with the token that cannot be init.sh's
        self.tail: deque[str] = deque(maxlen=_TAIL_LINES)  # the last lines of the console
        self._jobs = jobs
        self._next = 0  # number of the job that begins next
        self._running: Job | None = None
        self._mark = re.compile(rf"@@{token} (\w+) ?(.*)")
        self._facts, self._gcov = dict(facts), gcov
        self._logged = 0  # lines of the kernel's log that have come since the job began
        self._data: list[str] = []  # the lines of one .gcda file
        self._size = 0  # characters of them

    def events(self, at: float, text: str) -> list[Event]:
        """The events of a line that arrived `at`, in monotonic seconds."""
        text = text.rstrip("\r")
        self.tail.append(text)
        mark = self._mark.search(text)
        if mark is None:
            self.panicked = self.panicked or _PANIC.search(text) is not None
            return [Line(at, text)] if self.booted and not self.done else []
        unfinished = text[: mark.start()].strip("\r")  # a program's last line, without a line end
        event = self._event(at, mark[1], mark[2])
        return [*([Line(at, unfinished)] if unfinished and self.booted else []), *([event] if event else [])]

    def _event(self, at: float, word: str, rest: str) -> Event | None:
        """The event of a line of init.sh, by its first `word` and the `rest`; None for a part of a later event."""
        if not self.booted:  # no program has run yet
            return self._boot(at, word, rest)
        if self.done:
            self.forged = f"{word} {rest}"
            return None
        if self._running is not None and word == "splat":
            self._logged += 1
            return KernelLine(at, rest)
        if self._running is not None and self._gcov and word == "data":
            self._size += len(rest)
            if self._size <= _DATA:
                self._data.append(rest)
            return None
        if self._running is not None and self._gcov and word == "counted" and _COUNTED.fullmatch(rest):
            data = self._data if self._size <= _DATA else []
            self._data, self._size = [], 0
            return Counted(at, Path(rest), unpack(data))
        own = rest[: stamp.start()] if (stamp := _STAMP.search(rest)) else rest
        event = self._step(at, word, own.strip())
        if event is None and not self.done:
            self.forged = f"{word} {rest}"
        return event

    def _boot(self, at: float, word: str, rest: str) -> Event | None:
        """Take a line of the time before the first program."""
        if word == "fact" and (fact := _FACT.fullmatch(rest)):
            self._facts[fact["name"]] = visible((fact["value"] or "")[:_LONGEST_FACT]).strip()
        elif word == "splat":
            return KernelLine(at, rest)
        elif word == "boot":
            self.booted = True
            return Booted(at, self._facts)
        return None

    def _step(self, at: float, word: str, rest: str) -> Event | None:
        """The beginning or the end of a job, if it is that job's turn; None for what cannot come now."""
        job = self._jobs[self._next] if self._next < len(self._jobs) else None
        if word == "begin" and self._running is None and job and (begin := _BEGIN.fullmatch(rest)):
            if int(begin["number"]) == self._next:
                self._running, self._logged = job, 0
                return Begin(at, job, float(begin["clock"]) if begin["clock"] else None)
        elif word == "end" and self._running is not None and (end := _END.fullmatch(rest)):
            whole = self._logged <= int(end["logged"] or self._logged)  # else some of these lines are not init.sh's
            if int(end["number"]) == self._next and int(end["status"]) < 256 and whole:
                ended, self._running = self._running, None
                self._next, self._data, self._size = self._next + 1, [], 0
                return End(at, ended, int(end["status"]), Cause.TIMEOUT if end["late"] else None)
        elif word == "done" and self._running is None and job is None and not rest:
            self.done = True
        return None


def unpack(lines: Sequence[str]) -> bytes:
    """The file that init.sh sent, gzipped and in base64; b"" when a line is damaged, as by a message of the kernel."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)  # of gzip
    try:
        data = unpacker.decompress(base64.b64decode("".join(lines), validate=True), _DATA)
    except (binascii.Error, ValueError, zlib.error):
        return b""
    return data if unpacker.eof else b""
