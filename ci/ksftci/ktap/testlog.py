# SPDX-License-Identifier: GPL-2.0-only
"""What a test printed, within bounds, and the reasons and places that are in it."""

import re
from collections.abc import Callable

from ksftci.ktap.line import may_be
from ksftci.ktap.place import Place, best, find
from ksftci.ktap.prefix import NESTING, unstamped
from ksftci.results.model import Measurement, TestResult, Verdict

KEPT = 250  # lines at the beginning, and as many at the end
_MOST_BETWEEN = 100  # lines of the kernel's
_LONGEST = 4096  # characters of one line
# Of ASSERT_STREQ("ok", f()) in kselftest_harness.h, where f() returns "ok" or what is wrong.
_NOT_OK = re.compile(r"Expected 'ok' == '(.+)'\.")
# What kunit_catch_run_case() and its like in lib/kunit print of a test that did not run to its end.
_KUNIT = re.compile(r"# \S+: ((?:try|test case) timed out|internal error occurred .*|failed to initialize: .*)")
_SIGNAL = re.compile(r"Test terminated unexpectedly by signal (\d+)")


class TestLog:
    """The first and last KEPT lines of a test, and from all lines the first assertion's place and the measurements."""

    __test__ = False
    __slots__ = ("_left_out", "_place", "lines", "measured")

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.measured: dict[str, Measurement] | None = None  # by name, in the order of their lines; None: no such line
        self._left_out = 0
        self._place: Place | None = None

    def add(self, line: str) -> None:
        """Add a line; it is cut if it is very long."""
        if len(line) > _LONGEST:
            line = f"{line[:_LONGEST]} [{len(line) - _LONGEST} characters left out]"
        self.lines.append(line)
        if len(self.lines) > 4 * KEPT:
            self._shorten()

    def extend(self, text: str) -> None:
        """Add many lines at once, without those that are empty."""
        lines = text.split("\n")
        if len(text) > _LONGEST or "" in lines:
            for line in lines:
                if line:
                    self.add(line)
            return
        self.lines += lines
        if len(self.lines) > 4 * KEPT:
            self._shorten()

    def remove(self, chosen: Callable[[str], bool]) -> list[str]:
        """Remove the lines that are chosen, and give them."""
        removed = [line for line in self.lines if chosen(line)]
        if removed:
            self.lines = [line for line in self.lines if not chosen(line)]
        return removed

    def measure(self, new: Measurement) -> None:
        """Add a measurement; it replaces an earlier one of the same name."""
        if self.measured is None:
            self.measured = {}
        self.measured.pop(new.name, None)
        self.measured[new.name] = new

    def ends_with_rule(self) -> bool:
        """Whether the last line is a rule of dashes; the kernel may have logged after it."""
        for line in reversed(self.lines[-_MOST_BETWEEN:]):
            text, stamp = unstamped(line)
            if (text := text.lstrip(NESTING)).startswith("---"):
                return True
            if stamp is None:
                break
        return False

    def all(self) -> list[str]:
        """The lines; if some are left out, a line in the middle says how many."""
        if len(self.lines) > 2 * KEPT:
            self._shorten()
        if not self._left_out:
            return self.lines
        return [*self.lines[:KEPT], f"[{self._left_out} lines left out]", *self.lines[KEPT:]]

    def place(self) -> Place | None:
        """The place of the first assertion, or None."""
        if len(self.lines) <= KEPT:
            return find(self.lines)
        return best(find(self.lines[:KEPT]), self._place, find(self.lines[KEPT:]))

    def _shorten(self) -> None:
        middle = self.lines[KEPT:-KEPT]
        self._place = best(self._place, find(middle))
        self._left_out += len(middle)
        del self.lines[KEPT:-KEPT]


def explain(result: TestResult, log: TestLog) -> None:
    """Add to a result the reason and the place that its log gives for not passing."""
    if result.verdict is Verdict.SKIP:
        result.reason = result.reason or _last_words(log.lines) or result.name
    elif result.verdict.bad:
        _set_outcome(result)
        if found := log.place():
            result.file, result.line = found.file, found.line or None
            not_ok = _NOT_OK.fullmatch(found.text)
            result.reason = result.reason or (not_ok[1] if not_ok else found.text)
        elif not result.reason:
            said = (_KUNIT.search(line) for line in reversed(result.log))
            result.reason = next((match[1].strip() for match in said if match), "")


def _last_words(lines: list[str]) -> str:
    """The text of the last line that is neither KTAP nor "[SKIP]" and its like."""
    for line in reversed(lines):
        text = line.lstrip(NESTING).strip()
        if text and text[0] != "[" and not may_be(text):
            return text
    return ""


def _set_outcome(result: TestResult) -> None:
    """Make a time-out or a crash of a failure, if __wait_for_test() of kselftest_harness.h says so in the log."""
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
