# SPDX-License-Identifier: GPL-2.0-only
"""KTAP as kernel programs really print it, line by line, into results.

Sources: Documentation/dev-tools/ktap.rst, tools/testing/selftests/{kselftest.h,
kselftest_harness.h,kselftest/runner.sh,mm/run_vmtests.sh}. Nothing that is read here raises, and a
`not ok` always comes out as a result.
"""

import re
from collections.abc import Sequence

from ksftci.ktap import prefix, splat
from ksftci.ktap.directive import judge
from ksftci.ktap.levels import ALL, Levels, skip_of_all
from ksftci.ktap.line import (
    BEGINNINGS,
    FIRST,
    BailOut,
    Measured,
    Plan,
    Result,
    RunnerTitle,
    Running,
    SkippedSilently,
    Subtest,
    Version,
    VmtestsTitle,
    glued,
    may_be,
    read,
)
from ksftci.ktap.nesting import Group, Item, Level, flat
from ksftci.ktap.testlog import TestLog, explain
from ksftci.results.model import KERNEL_LOG, TestResult, Verdict
from ksftci.results.names import make_unique

_BROKEN = (Verdict.TIMEOUT, Verdict.CRASH)
_EXPECTED_EXITS = ("exit=2", "exit=3")  # KSFT_XFAIL and KSFT_XPASS, for which runners print "not ok"


# A line end, and after it what may be KTAP, a stamp or a splat; what most lines of KTAP look like is
# taken apart at once. Of all other lines the first few characters are looked at here, and never again.
_FIRST = re.escape("".join(sorted(FIRST | prefix.FIRST | splat.FIRST)))
_PLAIN = r"(?P<no>not )?ok (?P<number>\d{1,9}) (?:- )?(?P<name>(?![-\s])[^\n#\\\[<]*[^\n#\\\[<\s])(?=\n|\Z)"
_RUNNING = r"RUN +(?P<running>\S+) \.\.\.(?=\n|\Z)"
_OTHERS = "|".join((*BEGINNINGS, *prefix.BEGINNINGS, *splat.BEGINNINGS))
_WORTH_A_LOOK = re.compile(rf"\n(?P<nesting>[# \t]*)(?=[{_FIRST}])(?:{_PLAIN}|{_RUNNING}|{_OTHERS})")


class Parser:
    """Reads the lines of one program. `results` is complete after `finish`.

    A nested result is called after the tests that it is in, "outer/inner". The outer result is
    kept only when it says what no inner one does.
    """

    def __init__(self, program: str) -> None:
        self.program = program
        self.results: list[TestResult] = []
        self.running: str | None = None  # the test that has begun and not ended, if that is known
        self.last: TestResult | None = None  # the test that ended last
        self.spoke = False  # whether there was any KTAP
        self.log = TestLog()  # lines since the last result
        self.told: set[tuple[float | None, str]] = set()  # (stamp, headline) of splats in the lines
        self._levels = Levels(program)
        self._kept = 0  # of the outermost, those that no `take` wanted
        self._since: float | None = None
        self._splats = splat.Finder()
        self._panic = False

    @property
    def anomalies(self) -> list[str]:
        """What is odd in the KTAP, though every result could be read."""
        return list(self._levels.odd)

    @property
    def finished(self) -> int:
        """Results so far, nested ones included."""
        return self._levels.finished

    @property
    def failed(self) -> int:
        """Bad results so far."""
        return self._levels.failed

    @property
    def settled(self) -> Sequence[Item]:
        """What is inside no other test so far, oldest first; the last may still be added to."""
        return self._levels.lowest.items

    def feed(self, text: str, at: float | None = None) -> None:
        """Take whole lines, one or many, and the time in seconds at which they came if that is known.

        Most lines are not KTAP. They are passed over by one search, and go to the log together.
        """
        if self._since is None:
            self._since = at
        text = f"\n{prefix.tidy(text)}"
        start = 1
        for match in _WORTH_A_LOOK.finditer(text):
            nesting, no, number, name, running = match.group("nesting", "no", "number", "name", "running")
            if running:
                self.running, self._since = running, at
                continue  # the line goes to the log with those around it
            begin = match.start() + 1
            if begin > start:
                self._chatter(text[start : begin - 1], at)
            if name:
                self._result(len(nesting), int(number), name, Verdict.FAIL if no else Verdict.PASS, "", at)
                start = match.end() + 1
                continue
            end = text.find("\n", begin)
            if end < 0:
                end = len(text)
            self._lines(text[begin:end], at)
            start = end + 1
        if start < len(text):
            self._chatter(text[start:], at)

    def add(self, name: str, verdict: Verdict, reason: str, at: float | None = None) -> None:
        """Put in a result that the program did not print; it gets the lines since the last one."""
        self._leaf(self._levels.lowest, name, verdict, reason, at)

    def broke_off(self, name: str, verdict: Verdict, reason: str, at: float | None = None) -> None:
        """The program ended in the middle of its next test, which is `running` or else `name`."""
        if splats := self._splats.take():
            self.told |= {(found.stamp, found.headline) for found in splats}
            reason = f"{reason}: {splats[0].headline}"
        self._panic = False
        level = self._levels.stack[-1]
        level.note(None)
        self._leaf(level, self.running or name, verdict, reason, at)

    def close(self, skipped: bool = False) -> None:
        """A stream is over. What was planned and did not come is not-run, or skipped.

        `skipped` says that the program called all of itself skipped.
        """
        if self._panic:
            self.broke_off("crash", Verdict.CRASH, "the kernel panicked")
        if self._splats.found:
            self._levels.flush(0)
            self._complain(self._levels.lowest, KERNEL_LOG)
        self._levels.end(skipped)

    def finish(self, skipped: bool = False) -> None:
        """There are no more lines; see `close`."""
        self.close(skipped)
        self.results += flat(self._levels.lowest.items)
        make_unique(self.results)

    def take(self, beginning: str) -> list[tuple[str, list[TestResult]]]:
        """Remove what has ended and is in no other test, if its name begins so.

        Gives its name, and its results under the names that they have inside of it; its own has none.
        """
        items = self._levels.lowest.items
        taken: list[tuple[str, list[TestResult]]] = []
        kept: list[Item] = []
        for item in items[self._kept :]:
            if not item.name.startswith(beginning):
                kept.append(item)
            elif isinstance(item, Group):
                taken.append((item.name, flat([Group("", item.items, item.own)])))
            elif taken and item.name == f"{taken[-1][0]}/{KERNEL_LOG}":
                taken[-1][1].append(item)
                item.name = KERNEL_LOG
            else:
                taken.append((item.name, [item]))
                item.name = ""
        if taken:
            items[self._kept :] = kept
        self._kept = len(items)
        return taken

    def _chatter(self, text: str, at: float | None) -> None:
        """Lines that are not worth a look by themselves."""
        if self._splats.open or "not ok" in text:
            for line in text.split("\n"):
                self._lines(line, at)
        else:
            self.log.extend(text)

    def _lines(self, line: str, at: float | None) -> None:
        while line:
            line = self._line(line, at)

    def _line(self, line: str, at: float | None) -> str:
        """Take a line. Gives what must be read as one more."""
        text = line.lstrip(prefix.NESTING)
        if may_be(text):
            return self._ktap(line, text, at)
        bare, stamp = prefix.unstamped(line)
        if bare != line:
            line, text = bare, bare.lstrip(prefix.NESTING)
            if may_be(text):
                return self._ktap(line, text, at)
        if not text:
            return ""
        kernels = line[0] != "#"
        if stamp is not None and kernels:
            line = f"[{stamp:>12}] {line}"
        if (kernels or stamp is not None) and self._splats.feed(line, text, stamp):
            self._panic |= text.startswith("Kernel panic - not syncing")
        elif "not ok" in text and (rest := glued(text)):
            self._levels.note("a result in the middle of a line")
            self.log.add(line[: -len(rest)])
            return line[: len(line) - len(text)] + rest
        self.log.add(line)
        return ""

    def _ktap(self, line: str, text: str, at: float | None) -> str:
        depth = len(line) - len(text)
        text, rest = prefix.split(text)
        match read(text):
            case Result() as result if self._counts(result, depth):
                self._result(depth, result.number, *judge(result.failed, result.text), at)
                return rest
            case Plan(count, skip_reason):
                self._plan(depth, count, skip_reason, at)
                return rest
            case Version():
                self._version(depth)
                return rest
            case BailOut(reason):
                if self._bail_out(depth, reason, at):
                    return rest
            case Running(test):
                self.running, self._since = test, at
            case Subtest(name):  # a comment of the level that it announces
                self._title(depth - len("# ") if line[:depth].endswith("# ") else depth, name)
            case RunnerTitle(name):
                self._title(depth, name)
            case VmtestsTitle(name) if self.log.ends_with_rule():
                self._title(depth, name)
            case SkippedSilently(name):  # a comment of the level that counts it
                level = self._levels.level(max(depth - len("# "), 0))
                level.silent[level.highest + 1] = name
            case Measured(measurement) if "#" in line[:depth]:
                self.log.measure(measurement)
        self.log.add(line)
        return rest

    def _counts(self, result: Result, depth: int) -> bool:
        """Whether this is a result. A bare "ok" without a number is chatter before any KTAP, and where it is nested."""
        return result.number is not None or result.failed or (self.spoke and depth == 0)

    def _result(
        self, depth: int, number: int | None, name: str, verdict: Verdict, reason: str, at: float | None
    ) -> None:
        self.spoke = True
        levels = self._levels
        inner = None
        if levels.stack[-1].depth > depth:
            if self.running and verdict in _BROKEN:
                self.broke_off(self.running, verdict, reason, at)
                verdict = Verdict.FAIL  # which is explained by that
            inner = levels.close(depth, verdict is Verdict.SKIP)
        level = levels.stack[-1] if levels.stack[-1].depth == depth else levels.level(depth)
        number, again = level.note(number)
        if again:
            levels.note(f"number {number} comes twice", level)
        if level.plan is not None and level.count == level.plan + 1:
            levels.note(f"more results than the {level.plan} planned", level)
        name = name or f"test {number}"
        if inner is not None and (skip := skip_of_all(inner)):
            reason, inner = reason or skip.reason, None
        if inner is None or not inner.items:
            self._leaf(level, name, verdict, reason, at)
        else:
            self._parent(level, inner, name, verdict, reason, at)

    def _leaf(self, level: Level, name: str, verdict: Verdict, reason: str, at: float | None) -> None:
        result = self._made(name, verdict, reason, at)
        level.items.append(result)
        if verdict is not Verdict.PASS:
            level.failed |= result.verdict.bad
            level.expected |= verdict is Verdict.XFAIL or verdict is Verdict.XPASS
        if self._splats.found:
            self._complain(level, f"{name}/{KERNEL_LOG}")

    def _parent(self, level: Level, inner: Level, name: str, verdict: Verdict, reason: str, at: float | None) -> None:
        """A result with results inside: its verdict is theirs, unless it is worse."""
        if self._splats.found:
            self._complain(inner, KERNEL_LOG)
        group = Group(name, inner.items)
        excused = inner.excused or (inner.expected and reason in _EXPECTED_EXITS)
        excused = excused and verdict is Verdict.FAIL and not inner.failed
        if excused:
            self._levels.note(f"{name} says fail, what failed inside it was expected to")
        elif verdict.bad and (verdict is not Verdict.FAIL or not (inner.failed or inner.complained)):
            reason = reason or "failed, and no test inside it did"
            group.own = self._made(name, verdict, reason, at)
            level.failed = True
        elif inner.failed and not verdict.bad:
            self._levels.note(f"{name} says {verdict.value}, a test inside it failed")
        level.items.append(group)
        level.failed |= inner.failed
        level.complained |= inner.complained
        level.expected |= inner.expected
        level.excused |= inner.excused or excused
        self.log, self._since, self.running = TestLog(), at, None

    def _made(self, name: str, verdict: Verdict, reason: str, at: float | None) -> TestResult:
        """A result that has what was logged since the last one."""
        seconds = at - self._since if at is not None and self._since is not None else None
        result = self.last = TestResult(self.program, name, verdict, reason, seconds, self.log.all())
        result.measured = self.log.measured
        self._levels.finished += 1
        if verdict is not Verdict.PASS:
            explain(result, self.log)
            self._levels.failed += result.verdict.bad
        self.log, self._since, self.running = TestLog(), at, None
        return result

    def _complain(self, level: Level, name: str) -> None:
        """What the kernel said in the lines of a test is a failure beside it."""
        splats = self._splats.take()
        self.told |= {(found.stamp, found.headline) for found in splats}
        level.items.append(splat.result(self.program, name, splats))
        level.complained = True
        self._levels.finished += 1
        self._levels.failed += 1

    def _plan(self, depth: int, count: int, skip_reason: str | None, at: float | None) -> None:
        self.spoke = True
        level = self._levels.level(depth)
        if level.plan is not None:
            if level.count < level.plan:
                self._levels.note("a second plan", level)
            else:
                level.restart()  # of a second stream, that has no version line
        level.plan = max(count, level.plan or 0)
        if count == 0 and skip_reason is not None:
            self._leaf(level, ALL, Verdict.SKIP, skip_reason or "no reason given", at)
        elif count == 0:
            self._levels.note("no tests planned", level)

    def _bail_out(self, depth: int, reason: str, at: float | None) -> bool:
        """Add the error of a program that bailed out. Gives False, and adds nothing, at the end of a failed program.

        There all results were reported, and programs use ksft_exit_fail_msg() of kselftest.h just to exit.
        """
        self.spoke = True
        level = self._levels.level(depth)
        if self.failed and level.plan is not None and level.count >= level.plan:
            return False
        level.note(None)
        self._leaf(level, self.running or "bail out", Verdict.ERROR, f"Bail out! {reason}".strip(), at)
        return True

    def _version(self, depth: int) -> None:
        """Another stream begins, if there was one before at this depth: it counts from 1 again."""
        self.spoke = True
        level = self._levels.level(depth)
        if not level.count and level.plan is None:
            return
        if level is self._levels.lowest:
            self.close()
        elif level.plan is not None and level.count >= level.plan:  # of the same program: nothing was cut
            self._levels.flush(depth + 1)
            level.restart()
        else:
            self._levels.flush(depth)

    def _title(self, depth: int, name: str) -> None:
        """Keep the name of the test around the level to come, in case its result is never reported."""
        if depth <= self._levels.lowest.depth:
            return
        level = self._levels.level(depth)
        if level.count or level is not self._levels.stack[-1] or level.title not in ("", name):
            self._levels.flush(depth)
            level = self._levels.level(depth)
        level.title = name
