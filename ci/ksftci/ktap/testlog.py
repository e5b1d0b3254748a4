# SPDX-License-Identifier: GPL-2.0-only
"""What a test printed, within bounds, and what can be learnt from it."""

import re
from collections.abc import Iterable

from ksftci.ktap.line import may_be
from ksftci.ktap.prefix import NESTING
from ksftci.results.model import Measurement, TestResult, Verdict

KEPT = 250  # lines of the beginning, and as many of the end
_LONGEST = 4096  # characters of one line
_PLACE = re.compile(r"[# \t]*(?P<file>[\w./+-]{1,250}\.[chS]):(?P<line>\d{1,9}):(?:\w+:)?(?P<text>.*)")
_SIGNAL = re.compile(r"Test terminated unexpectedly by signal (\d+)")

Place = tuple[str, int, str]  # file, line, what was asserted


class TestLog:
    """The first and last KEPT lines; of all of them the first assertion's place, and what was measured."""

    __test__ = False
    __slots__ = ("_left_out", "_place", "lines", "measured")

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.measured: tuple[Measurement, ...] = ()
        self._left_out = 0
        self._place: Place | None = None

    def add(self, line: str) -> None:
        """Take a line; a very long one is cut."""
        if len(line) > _LONGEST:
            line = f"{line[:_LONGEST]} [{len(line) - _LONGEST} characters left out]"
        self.lines.append(line)
        if len(self.lines) > 4 * KEPT:
            self._shorten()

    def extend(self, text: str) -> None:
        """Take many lines at once, empty ones left out."""
        lines = text.split("\n")
        if len(text) > _LONGEST or "" in lines:
            for line in lines:
                if line:
                    self.add(line)
            return
        self.lines += lines
        if len(self.lines) > 4 * KEPT:
            self._shorten()

    def measure(self, found: Measurement) -> None:
        """Take a number; of several with one name the last counts."""
        self.measured = (*(one for one in self.measured if one.name != found.name), found)

    def ends_with_rule(self) -> bool:
        """Whether the last line is one of dashes."""
        return bool(self.lines) and self.lines[-1].lstrip(NESTING).startswith("---")

    def all(self) -> list[str]:
        """The lines, with one in their middle that says how many are left out."""
        if len(self.lines) > 2 * KEPT:
            self._shorten()
        if not self._left_out:
            return self.lines
        return [*self.lines[:KEPT], f"[{self._left_out} lines left out]", *self.lines[KEPT:]]

    def place(self) -> Place | None:
        """File, line and text of the first assertion."""
        return _place(self.lines[:KEPT]) or self._place or _place(self.lines[KEPT:])

    def _shorten(self) -> None:
        middle = self.lines[KEPT:-KEPT]
        self._place = self._place or _place(middle)
        self._left_out += len(middle)
        del self.lines[KEPT:-KEPT]


def explain(result: TestResult, log: TestLog) -> None:
    """Add to a result what its log says of why it did not pass."""
    if result.verdict is Verdict.SKIP:
        result.reason = result.reason or _last_said(log.lines) or result.name
    elif result.verdict.bad:
        _outcome(result)
        if place := log.place():
            result.file, result.line = place[0], place[1] or None
            result.reason = result.reason or place[2]


def _place(lines: Iterable[str]) -> Place | None:
    for line in lines:
        if (match := _PLACE.match(line)) and "SKIP" not in match["text"][:12]:
            return match["file"], int(match["line"]), match["text"].strip()
    return None


def _last_said(lines: list[str]) -> str:
    for line in reversed(lines):
        text = line.lstrip(NESTING).strip()
        if text and text[0] != "[" and not may_be(text):
            return text
    return ""


def _outcome(result: TestResult) -> None:
    """Tell a time-out and a crash, which the harness only describes, from a failure."""
    if result.verdict is not Verdict.FAIL:
        return
    for line in reversed(result.log):
        if "Test terminated by timeout" in line:
            result.verdict, result.reason = Verdict.TIMEOUT, result.reason or "the test's own limit"
        elif match := _SIGNAL.search(line):
            result.verdict, result.reason = Verdict.CRASH, result.reason or f"signal {match[1]}"
        else:
            continue
        return
