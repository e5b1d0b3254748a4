# SPDX-License-Identifier: GPL-2.0-only
"""The results of one program, built out of what its lines say."""

from collections.abc import Sequence

from ksftci.ktap import splat
from ksftci.ktap.current import CurrentTest
from ksftci.ktap.levels import ALL, Levels, skip_of_all
from ksftci.ktap.nesting import Group, Item, Level, flat
from ksftci.ktap.testlog import TestLog
from ksftci.results.model import KERNEL_LOG, NONE_INSIDE, TestResult, Verdict
from ksftci.results.names import make_unique

_BROKEN = (Verdict.TIMEOUT, Verdict.CRASH)
_NO_ROOT = "Kernel panic - not syncing: VFS: "
_BOOTS = "Linux version "
_EXPECTED = (Verdict.XFAIL, Verdict.XPASS)
_EXPECTED_EXITS = ("exit=2", "exit=3")  # KSFT_XFAIL and KSFT_XPASS, for which runners print "not ok"


class Builder:
    """Builds the results of one program. `results` is complete after `finish`.

    A nested result is named after the tests around it, "outer/inner". The outer result is kept only when it says what
    no inner result does. `at` is the time in seconds at which a line came, if that is known; `depth` is the number of
    characters of nesting before it.
    """

    def __init__(self, program: str) -> None:
        self.program = program
        self.results: list[TestResult] = []
        self.last: TestResult | None = None  # of the test that ended last
        self.spoke = False  # whether any KTAP came
        self.reported: int | None = None  # the depth of the result which the last line of KTAP reported, if it did
        self.told: TestResult | None = None  # that result, if it was kept
        self.current = CurrentTest(program)
        self.levels = Levels(program)
        self._announced: tuple[int, str] | None = None  # depth and name of a test whose first line is to come

    @property
    def anomalies(self) -> list[str]:
        """What is wrong with the KTAP, although every result could be read."""
        return list(self.levels.anomalies)

    @property
    def running(self) -> str | None:
        """The test that has begun and not ended, if a line announced it."""
        return self.current.name

    @property
    def log(self) -> TestLog:
        """The lines since the last result."""
        return self.current.log

    @property
    def splats_seen(self) -> set[splat.Key]:
        """The splats among the lines, which have results already."""
        return self.current.finder.seen

    @property
    def finished(self) -> int:
        """The number of results so far, nested ones included."""
        return self.levels.finished

    @property
    def failed(self) -> int:
        """The number of bad results so far."""
        return self.levels.failed

    @property
    def settled(self) -> Sequence[Item]:
        """The outermost tests so far, oldest first; the last one may still change."""
        return self.levels.lowest.items

    def add(self, name: str, verdict: Verdict, reason: str, at: float | None = None) -> None:
        """Add a result that the program did not print, with the lines since the last one."""
        self._leaf(self.levels.lowest, name, verdict, reason, at)

    def broke_off(self, name: str, verdict: Verdict, reason: str, at: float | None = None) -> None:
        """Add the result of the test in which the program ended; the test is called `name` if none was running."""
        if splats := self.current.finder.take():
            cause = next((splat for splat in splats if not splat.bare), splats[0])
            reason = f"{reason}: {cause.headline}"
        self.current.panicked = False
        level = self.levels.stack[-1]
        level.note(None)
        self._leaf(level, self.current.name or name, verdict, reason, at)

    def close(self, skipped: bool = False) -> None:
        """End the stream. What was planned and not reported is not-run, or skipped.

        `skipped` says that the program called all of itself skipped.
        """
        self._settle_announced()
        if self.current.panicked and self._is_over():
            self.current.panicked = False
            self.current.finder.take()
        if self.current.panicked:
            self.broke_off("crash", Verdict.CRASH, "the kernel panicked")
        if self.current.finder.splats:
            self.levels.flush(0)
            self._complain(self.levels.lowest, KERNEL_LOG)
        self.levels.end(skipped)

    def _is_over(self) -> bool:
        """Whether a panic is the end of a kernel that was booted for KUnit's tests alone, and without a root.

        kunit_parser.py's KTAP_END knows it, too. All tests have ended then, and no other kernel has booted since.
        """
        used = [level for level in self.levels.stack if level.count or level.plan is not None]
        if len(used) != 1 or used[0].title or not 0 < used[0].count >= (used[0].plan or 0):
            return False
        booted = any(_BOOTS in line for line in self.log.lines)
        complaints = self.current.finder.splats
        return not booted and all(splat.headline.startswith(_NO_ROOT) for splat in complaints)

    def finish(self, skipped: bool = False) -> None:
        """End the last stream as `close` does, and fill `results`."""
        self.close(skipped)
        self.results += flat(self.levels.lowest.items)
        make_unique(self.results)

    def result(
        self,
        depth: int,
        number: int | None,
        at: float | None,
        name: str,
        verdict: Verdict,
        reason: str = "",
        seconds: float | None = None,
    ) -> None:
        """Add a reported result. The results of deeper levels are inside it. Its line may name the `seconds`."""
        self.spoke, self.reported, self.told = True, depth, None
        if self._announced is not None:
            self._settle_announced(depth, name)
        levels = self.levels
        inner = None
        level = levels.stack[-1]
        if level.depth > depth:
            if self.current.name and verdict in _BROKEN:
                self.broke_off(self.current.name, verdict, reason, at)
                verdict = Verdict.FAIL  # the inner result says why
            if level.plan:
                levels.settle(depth, name)
            inner = levels.close(depth, verdict is Verdict.SKIP)
            level = levels.stack[-1]
        if level.depth != depth:
            level = levels.level(depth)
        if inner is not None and number == inner.highest + 1 != level.highest + 1 and level.goes_on_in(inner):
            levels.adopt(level, inner)
            inner = None
        number, again = level.note(number)
        if again:
            levels.add_anomaly(f"number {number} comes twice", level)
        if level.plan is not None and level.count == level.plan + 1:
            levels.add_anomaly(f"more results than the {level.plan} planned", level)
        name = name or f"test {number}"
        if inner is not None and (skip := skip_of_all(inner)):
            reason, inner = reason or skip.reason, None
        if inner is None or not inner.items:
            self._leaf(level, name, verdict, reason, at)
        else:
            self._parent(level, inner, name, verdict, reason, at)
        if seconds is not None and self.told is not None:
            self.told.seconds = seconds

    def plan(self, depth: int, count: int, skip_reason: str | None, at: float | None) -> None:
        """Take the plan of a level; skip_reason as in `line.Plan`."""
        self.spoke = True
        self._settle_announced(depth)
        level = self.levels.level(depth)
        if level.plan is not None:
            if level.count < level.plan:
                self.levels.add_anomaly("a second plan", level)
            else:  # the plan of a second stream, which has no version line
                again = level.plan == count
                level.restart()
                level.again = again
        level.plan = max(count, level.plan or 0)
        if count == 0 and skip_reason is not None:
            self._leaf(level, ALL, Verdict.SKIP, skip_reason or "no reason given", at)
        elif count == 0:
            self.levels.add_anomaly("no tests planned", level)

    def bail_out(self, depth: int, reason: str, at: float | None) -> bool:
        """Add the error of a program that bailed out. Gives False, and adds nothing, at the end of a failed program.

        There all results were reported, and programs use ksft_exit_fail_msg() of kselftest.h just to exit.
        """
        self.spoke = True
        level = self.levels.level(depth)
        if self.failed and level.plan is not None and level.count >= level.plan:
            return False
        level.note(None)
        self._leaf(level, self.current.name or "bail out", Verdict.ERROR, f"Bail out! {reason}".strip(), at)
        return True

    def version(self, depth: int) -> None:
        """Begin a stream. If there was one at this depth, it ends, and numbers count from 1 again."""
        self.spoke = True
        self._settle_announced(depth)
        level = self.levels.level(depth)
        level.version = True
        if not level.count and level.plan is None:
            return
        if level is self.levels.lowest:
            self.close()
        elif level.plan is not None and level.count >= level.plan:  # a second stream of the same test
            self.levels.flush(depth + 1)
            level.restart()
        else:
            self.levels.flush(depth)

    def title(self, depth: int, name: str) -> None:
        """Keep the name of the test around the level to come, in case its result is never reported."""
        if depth <= self.levels.lowest.depth:
            return
        level = self.levels.level(depth)
        if level.count or level is not self.levels.stack[-1] or level.title not in ("", name):
            self.levels.flush(depth)
            level = self.levels.level(depth)
        level.title = name

    def announce(self, depth: int, name: str) -> None:
        """Keep the name of the test to come: that around this level, or one in it.

        KUnit announces a test at the depth of the results inside it, TAP 14 at that of its own result. The next line
        of KTAP tells which.
        """
        self._settle_announced(depth)
        level = self.levels.stack[-1]
        fresh = level.depth < depth or (level.depth == depth and not level.count and not level.title)
        if fresh and depth > self.levels.lowest.depth:
            self.title(depth, name)
        else:
            self._announced = depth, name

    def _settle_announced(self, depth: int | None = None, name: str = "") -> None:
        """Title the level of the announced test, if the line that follows, of this depth, is not the test's result."""
        if self._announced is None:
            return
        (announced, title), self._announced = self._announced, None
        if depth is not None and depth > announced:
            self.title(depth, title)
        elif depth is None or (depth == announced and name != title):
            self.title(announced, title)

    def skipped_silently(self, depth: int, name: str) -> None:
        """Keep the name of a test that may have the next number of its level, and has no result."""
        level = self.levels.level(depth)
        level.silent[level.highest + 1] = name

    def _leaf(self, level: Level, name: str, verdict: Verdict, reason: str, at: float | None) -> None:
        """Add a result without results inside it."""
        result = self.last = self.told = self.current.end(name, verdict, reason, at)
        self.levels.add(level, result)
        if verdict in _EXPECTED:
            level.expected = True
        if self.current.finder.splats:
            self._complain(level, f"{name}/{KERNEL_LOG}")

    def _parent(self, level: Level, inner: Level, name: str, verdict: Verdict, reason: str, at: float | None) -> None:
        """Add a result with results inside it. Its verdict is theirs, unless its own is worse."""
        if self.current.finder.splats:
            self._complain(inner, KERNEL_LOG)
        group = Group(name, inner.items)
        excused = inner.excused or (inner.expected and reason.partition(" ")[0] in _EXPECTED_EXITS)
        excused = excused and verdict is Verdict.FAIL and not inner.failed
        if excused:
            self.levels.add_anomaly(f"{name} says fail, what failed inside it was expected to")
        elif verdict.bad and (verdict is not Verdict.FAIL or not inner.failed):
            group.own = self.last = self.told = self.current.end(name, verdict, reason or NONE_INSIDE, at)
            self.levels.count(group.own)
            level.failed = True
        elif inner.failed and not verdict.bad:
            self.levels.add_anomaly(f"{name} says {verdict.value}, a test inside it failed")
        level.items.append(group)
        level.failed |= inner.failed
        level.complained |= inner.complained
        level.expected |= inner.expected
        level.excused |= inner.excused or excused
        self.current.drop(at)

    def _complain(self, level: Level, name: str) -> None:
        """Add the splats since the last result: a failure beside the test that ran."""
        result = splat.result(self.program, name, self.current.finder.take())
        level.items.append(result)
        level.complained = True
        self.levels.count(result)
