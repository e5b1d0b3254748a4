# SPDX-License-Identifier: GPL-2.0-only
"""The test that runs: what a program and the kernel printed since the last result."""

from ksftci.ktap import splat
from ksftci.ktap.testlog import TestLog, explain
from ksftci.results.model import TestResult, Verdict


class CurrentTest:
    """Collects lines until the result to which they belong comes; then the next test is the current one."""

    __slots__ = ("finder", "log", "name", "panicked", "program", "since")

    def __init__(self, program: str) -> None:
        self.program = program
        self.name: str | None = None  # None: no line announced the test
        self.since: float | None = None  # seconds; when it began
        self.log = TestLog()
        self.finder = splat.Finder()
        self.panicked = False  # the kernel panicked, and no result says so yet

    def begin(self, name: str, at: float | None) -> None:
        """Take the name of the test, which a line announced. The lines since the last result stay in its log."""
        self.name, self.since = name, at

    def tick(self, seconds: float) -> float:
        """Take the time of a clock that begins with the program: when it goes back, a program began. Gives the time."""
        if self.since is None or seconds < self.since:
            self.since = seconds
        return seconds

    def add_splat_line(self, line: str, text: str, stamp: str | None) -> bool:
        """Add a line if it is part of a splat. Gives whether it is; see `splat.Finder.feed`."""
        if not self.finder.feed(line, text, stamp, self.log.lines):
            return False
        self.panicked |= text.startswith("Kernel panic - not syncing")
        self.log.add(line)
        return True

    def end(self, name: str, verdict: Verdict, reason: str, at: float | None) -> TestResult:
        """Make the result, with the log, the seconds and the measurements. Splats stay until they are taken."""
        seconds = round(at - self.since, 6) if at is not None and self.since is not None else None
        log = self.log
        result = TestResult(self.program, name, verdict, reason, seconds, log.all())
        if log.measured is not None:
            result.measured = tuple(log.measured.values())
        if verdict is not Verdict.PASS:
            explain(result, log)
        self.log, self.since, self.name = TestLog(), at, None
        return result

    def drop(self, at: float | None) -> None:
        """Drop the lines: they are the log of an outer result that is not kept."""
        self.log, self.since, self.name = TestLog(), at, None
