# SPDX-License-Identifier: GPL-2.0-only
"""Limits of what a program prints: of bytes, and of lines in a second. What is beyond them is counted and left out."""

import re
from collections.abc import Iterator

LINES, LINES_A_SECOND = 200_000, 500  # at once, and as many more in each second
BYTES, BYTES_A_SECOND = 32 << 20, 64 << 10
KEPT = 200_000  # lines that may be results, beyond the limits; with more of them the program is stopped
_QUIET = 2.0  # seconds below the limits until lines are shown again
# Lines that are never left out: they may have a result, a plan, the guest's protocol or the kernel's log.
_WORTH = re.compile(rb"@@|\bok\b|\b\d+\.\.\d|TAP version|Bail out!|\[ *\d+\.\d{6}\]|#  RUN  ")
_BEGIN = (
    f"[more than {LINES} lines or {BYTES >> 20} MB at once: from here on only lines that may be results are kept]"
).encode()
_END = b"[from here on all lines are kept]"


class Flood:
    """Takes lines as they come, and gives those that are kept."""

    def __init__(self) -> None:
        self.over = False  # too much came even of what is never left out
        self._cutting = False
        self._lines = self._bytes = 0.0  # that came lately; they flow off with time
        self._last: float | None = None
        self._kept = 0  # lines beyond the limits
        self._cut = [0, 0]  # lines and bytes since the last `taken`

    def begin(self) -> None:
        """A new program begins, with limits of its own."""
        self._cutting, self._lines, self._bytes, self._kept = False, 0.0, 0.0, 0

    def take(self, text: bytes, now: float) -> list[bytes]:
        """The lines to keep of text that has no line end at its end, with notes where lines are left out."""
        count = text.count(b"\n") + 1
        passed = now - self._last if self._last is not None else 0.0
        self._last = now
        self._lines = min(max(self._lines - passed * LINES_A_SECOND, 0) + count, LINES + 1)
        self._bytes = min(max(self._bytes - passed * BYTES_A_SECOND, 0) + len(text), BYTES + 1)
        if not self._cutting:
            if self._lines <= LINES and self._bytes <= BYTES:
                return text.split(b"\n")
            self._cutting = True
            return [_BEGIN, *self._filtered(text, count)]
        low = self._lines <= LINES - _QUIET * LINES_A_SECOND and self._bytes <= BYTES - _QUIET * BYTES_A_SECOND
        if low:
            self._cutting = False
            return [_END, *text.split(b"\n")]
        return list(self._filtered(text, count))

    def taken(self) -> tuple[int, int]:
        """How many lines and bytes have been left out since the last call."""
        lines, size = self._cut
        self._cut = [0, 0]
        return lines, size

    def _filtered(self, text: bytes, count: int) -> list[bytes]:
        kept = list(_worth(text))
        self._kept += len(kept)
        self.over = self.over or self._kept > KEPT
        self._cut[0] += count - len(kept)
        self._cut[1] += len(text) - sum(map(len, kept))
        return kept


def _worth(text: bytes) -> Iterator[bytes]:
    """The lines that are never left out."""
    end = 0
    for match in _WORTH.finditer(text):
        if match.start() >= end:
            begin = text.rfind(b"\n", 0, match.start()) + 1
            end = text.find(b"\n", match.end())
            end = len(text) if end < 0 else end
            yield text[begin:end]
