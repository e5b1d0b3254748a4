# SPDX-License-Identifier: GPL-2.0-only
"""The levels that are open while KTAP is read, from the lowest to the one inside all others."""

from ksftci.ktap.nesting import Level
from ksftci.results.model import TestResult, Verdict

ALL = "all"  # the name of what `1..0 # SKIP` skips

_MOST_MISSING = 1000  # results of one level that are told one by one
_MOST_ODD = 100  # anomalies of one program


class Levels:
    """A stack of levels that grow deeper. The lowest is always there."""

    def __init__(self, program: str) -> None:
        self.program = program
        self.stack = [Level(0)]
        self.lowest = self.stack[0]
        self.finished = 0  # results so far
        self.failed = 0
        self.odd: dict[str, None] = {}  # notes on what is odd, in order

    def level(self, depth: int) -> Level:
        """The level of this depth, opened if need be; those inside it stay."""
        place = len(self.stack)
        while place and self.stack[place - 1].depth > depth:
            place -= 1
        if place and self.stack[place - 1].depth == depth:
            return self.stack[place - 1]
        self.stack.insert(place, Level(depth))
        return self.stack[place]

    def close(self, depth: int, skipped: bool = False) -> Level | None:
        """End all levels inside this depth, into one that holds what is inside the result to come."""
        while self.stack[-1].depth > depth:
            level = self.stack.pop()
            if self.stack[-1].depth <= depth:
                self._not_run(level, skipped)
                return level
            self._orphan(level, skipped)
        return None

    def flush(self, depth: int) -> None:
        """The results that the levels from this depth on are inside will not come."""
        while len(self.stack) > 1 and self.stack[-1].depth >= depth:
            self._orphan(self.stack.pop())

    def end(self, skipped: bool = False) -> None:
        """A stream is over; the next one counts from 1 again."""
        while len(self.stack) > 1:
            self._orphan(self.stack.pop(), skipped)
        self._not_run(self.lowest, skipped)
        self.lowest.restart()

    def note(self, text: str, level: Level | None = None) -> None:
        """Something is odd, in a level or in all."""
        scope = f"{level.title}: " if level is not None and level.title else ""
        if len(self.odd) < _MOST_ODD:
            self.odd[f"{self.program}: {scope}{text}"] = None

    def _orphan(self, level: Level, skipped: bool = False) -> None:
        """Keep what is in a level whose result did not come, by its title, in the next one."""
        outer = self.stack[-1]
        self._not_run(level, skipped)
        if level.title:
            outer.note(None)
            if skip := skip_of_all(level):
                skip.name = ""
            elif not level.failed:
                self._put(level, [TestResult(self.program, "", Verdict.NOT_RUN, "its result never came")])
        outer.take_in(level)

    def _not_run(self, level: Level, skipped: bool) -> None:
        """Make results of what was planned and did not come, and tell what else is odd."""
        short = (level.plan or 0) - level.count
        if level.plan is None and level.count:
            self.note("no plan", level)
        elif short <= 0 and (gaps := level.gaps(9)):
            self.note(f"numbers {', '.join(map(str, gaps))} are missing", level)
        if short <= 0:
            return
        last = level.items[-1] if level.items else None
        skipped = skipped and isinstance(last, TestResult) and last.verdict is Verdict.SKIP
        verdict = Verdict.SKIP if skipped else Verdict.NOT_RUN
        reason = "the program was skipped before" if skipped else "planned, never reported"
        made = [
            TestResult(self.program, level.silent[n], Verdict.SKIP, "no result, only [SKIP]")
            if n in level.silent
            else TestResult(self.program, f"test {n}", verdict, reason)
            for n in level.missing(_MOST_MISSING)
        ]
        if short > _MOST_MISSING:
            made = [TestResult(self.program, "tests", verdict, f"{short} {reason}")]
        if not all(result.verdict is Verdict.SKIP for result in made):
            self.note(f"{level.plan} tests planned, {level.count} reported", level)
        self._put(level, made)

    def _put(self, level: Level, results: list[TestResult]) -> None:
        failed = sum(result.verdict.bad for result in results)
        level.items += results
        level.failed |= failed > 0
        self.finished += len(results)
        self.failed += failed


def skip_of_all(level: Level) -> TestResult | None:
    """The only result in a level, if it is that of `1..0 # SKIP`."""
    only = level.items[0] if len(level.items) == 1 else None
    return only if isinstance(only, TestResult) and only.name == ALL and only.verdict is Verdict.SKIP else None
