# SPDX-License-Identifier: GPL-2.0-only
"""The levels that are open while KTAP is read, from the lowest to the innermost."""

from ksftci.ktap.nesting import Level
from ksftci.results.model import TestResult, Verdict

ALL = "all"  # the name of the result that stands for all tests of a program: `1..0 # SKIP`

_MOST_MISSING = 1000  # missing results of one level that get a result each
_MOST_ANOMALIES = 100  # of one program


class Levels:
    """A stack of levels, each deeper than the one below it. The lowest is always there."""

    def __init__(self, program: str) -> None:
        self.program = program
        self.stack = [Level(0)]
        self.lowest = self.stack[0]
        self.finished = 0  # results so far
        self.failed = 0  # bad results so far
        self.anomalies: dict[str, None] = {}  # in order, each of them once

    def level(self, depth: int) -> Level:
        """The level of this depth, opened if there is none; deeper levels stay open."""
        place = len(self.stack)
        while place and self.stack[place - 1].depth > depth:
            place -= 1
        if place and self.stack[place - 1].depth == depth:
            return self.stack[place - 1]
        self.stack.insert(place, Level(depth))
        return self.stack[place]

    def unnumbered(self, depth: int) -> bool:
        """Whether a version line or a plan opened a level of this depth, and no result in it has a number."""
        level = next((level for level in self.stack if level.depth == depth), None)
        return level is not None and (level.version or level.plan is not None) and not level.numbered

    @property
    def least(self) -> int:
        """The depth of the least deep level of which anything came."""
        used = (level.depth for level in self.stack if level.count or level.version or level.plan is not None)
        return next(used, 0)

    def follows(self, number: int) -> bool:
        """Whether a result of this number would be the next one of some level."""
        return any(level.highest + 1 == number for level in self.stack)

    def add(self, level: Level, result: TestResult) -> None:
        """Put a result into a level, and count it."""
        bad = result.verdict.bad
        level.items.append(result)
        level.failed |= bad
        self.finished += 1
        self.failed += bad

    def count(self, result: TestResult) -> None:
        """Count a result that the caller puts somewhere. A complaint of the kernel does not say that a test failed."""
        self.finished += 1
        self.failed += result.verdict.bad and not result.complaints

    def close(self, depth: int, skipped: bool = False) -> Level | None:
        """End all levels deeper than this. Gives the level of the tests inside the result to come, if there is any.

        `skipped` says that the result to come is SKIP. Results that are missing after a skipped one are SKIP then, too.
        """
        while self.stack[-1].depth > depth:
            level = self.stack.pop()
            if self.stack[-1].depth <= depth:
                self._add_missing(level, skipped)
                return level
            self._orphan(level, skipped, planned=True)
        return None

    def settle(self, depth: int, name: str) -> None:
        """Give the plan of the innermost level, if it has no results yet, to the less deep level of a result.

        A test whose own result has its `name` reported none of its results, and keeps its plan.
        """
        inmost = self.stack[-1]
        silent = not (inmost.count or inmost.items or inmost.title == name)
        if silent and self.stack[-2].depth < depth < inmost.depth:
            inmost.depth = depth
            self._jumps(inmost)

    def adopt(self, level: Level, inner: Level) -> None:
        """Put the results of an inner level into the one that goes on in it."""
        level.adopt(inner)
        self._jumps(level)

    def flush(self, depth: int) -> None:
        """End all levels from this depth on but the lowest: the results around them are never reported."""
        while len(self.stack) > 1 and self.stack[-1].depth >= depth:
            self._orphan(self.stack.pop())

    def end(self, skipped: bool = False) -> None:
        """End the stream; the next stream counts from 1 again."""
        while len(self.stack) > 1:
            self._orphan(self.stack.pop(), skipped)
        self._add_missing(self.lowest, skipped)
        self.lowest.restart()

    def add_anomaly(self, text: str, level: Level | None = None) -> None:
        """Keep an anomaly of a level, or of the whole program."""
        scope = f"{level.title}: " if level is not None and level.title else ""
        if len(self.anomalies) < _MOST_ANOMALIES:
            self.anomalies[f"{self.program}: {scope}{text}"] = None

    def _jumps(self, level: Level) -> None:
        self.add_anomaly("the nesting of its results jumps", level)

    def _orphan(self, level: Level, skipped: bool = False, planned: bool = False) -> None:
        """Put the items of a level into the next one, under its title: the result around it was not reported.

        `planned` says that a result around both is to come. Then the next level's plan, if nothing else was
        reported of it, is of these items.
        """
        outer = self.stack[-1]
        if (outer.count or (planned and outer.plan)) and outer.goes_on_in(level):
            self.adopt(outer, level)
            return
        self._add_missing(level, skipped)
        if level.title:
            outer.note(None)
            if skip := skip_of_all(level):
                skip.name = ""
            elif not level.failed:
                self.add(level, TestResult(self.program, "", Verdict.NOT_RUN, "its result never came"))
        outer.take_in(level)

    def _add_missing(self, level: Level, skipped: bool) -> None:
        """Add the results that were planned and not reported, and the anomalies of plan and numbers."""
        short = (level.plan or 0) - level.count
        if level.again and not level.count:
            self.add_anomaly("a second plan", level)
            return
        if level.plan is None and level.count:
            self.add_anomaly("no plan", level)
        elif short <= 0 and (gaps := level.gaps(9)):
            self.add_anomaly(f"numbers {', '.join(map(str, gaps))} are missing", level)
        if short <= 0:
            return
        last = level.items[-1] if level.items else None
        skipped = skipped and isinstance(last, TestResult) and last.verdict is Verdict.SKIP
        verdict = Verdict.SKIP if skipped else Verdict.NOT_RUN
        reason = "the program was skipped before" if skipped else "planned, never reported"
        added = [
            TestResult(self.program, level.silent[number], Verdict.SKIP, "no result, only [SKIP]")
            if number in level.silent
            else TestResult(self.program, f"test {number}", verdict, reason)
            for number in level.missing(_MOST_MISSING)
        ]
        if short > _MOST_MISSING:
            added = [TestResult(self.program, "tests", verdict, f"{short} {reason}")]
        if not all(result.verdict is Verdict.SKIP for result in added):
            self.add_anomaly(f"{level.plan} tests planned, {level.count} reported", level)
        for result in added:
            self.add(level, result)


def skip_of_all(level: Level) -> TestResult | None:
    """The result of `1..0 # SKIP`, if it is the only one in the level."""
    only = level.items[0] if len(level.items) == 1 else None
    return only if isinstance(only, TestResult) and only.name == ALL and only.verdict is Verdict.SKIP else None
