# SPDX-License-Identifier: GPL-2.0-only
"""KTAP as kernel programs really print it, line by line, into results.

Sources: Documentation/dev-tools/ktap.rst, tools/testing/selftests/{kselftest.h,
kselftest_harness.h,kselftest/runner.sh,mm/run_vmtests.sh}. Nothing that is read here raises, and a
`not ok` always comes out as a result.
"""

from collections.abc import Sequence

from ksftci import prefix
from ksftci.ktapline import LOOK, Said, glued, judge
from ksftci.ktapline import read as read_line
from ksftci.nesting import Group, Item, Level, named
from ksftci.results import TestResult, Verdict
from ksftci.splat import FIRST, Finder, Splat
from ksftci.testlog import TestLog, explain

ALL = "all"  # the name of what `1..0 # SKIP` skips
KERNEL_LOG = "kernel_log"  # the name of a kernel's complaint, inside of the test that ran

_MOST_MISSING = 1000  # results of one level that are told one by one
_MOST_ODD = 100  # anomalies of one program
_BROKEN = (Verdict.TIMEOUT, Verdict.CRASH)
_EXPECTED_EXITS = ("exit=2", "exit=3")  # KSFT_XFAIL and KSFT_XPASS, for which runners print "not ok"
_STAMPS = frozenset("[<0123456789JFMASONDk")  # what a time stamp and its like may begin with
_DEPTH_OF_STAMPS = 4  # records of records


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
        self.finished = 0  # results so far, nested ones included
        self.failed = 0
        self.outermost = 0  # lines so far that ended a test which is in no other one
        self.told: set[tuple[float | None, str]] = set()  # (stamp, headline) of splats in the lines
        self._odd: dict[str, None] = {}
        self._stack = [Level(0)]
        self._since: float | None = None
        self._splats = Finder()
        self._panic = ""

    @property
    def anomalies(self) -> list[str]:
        """What is odd in the KTAP, though every result could be read."""
        return list(self._odd)

    @property
    def settled(self) -> Sequence[Item]:
        """What is inside no other test so far, oldest first; the last may still be added to."""
        return self._stack[0].items

    def feed(self, raw: str, at: float | None = None) -> None:
        """Take one line, and the time in seconds at which it came if that is known."""
        if self._since is None:
            self._since = at
        for part in (raw,) if raw.isprintable() else prefix.tidy(raw):
            rest = self._line(part, at)
            while rest:
                rest = self._line(rest, at)

    def add(self, name: str, verdict: Verdict, reason: str, at: float | None = None) -> None:
        """Put in a result that the program did not print; it gets the lines since the last one."""
        self._leaf(self._stack[0], name, verdict, reason, at)

    def broke_off(self, name: str, verdict: Verdict, reason: str, at: float | None = None) -> None:
        """The program ended in the middle of its next test, which is `running` or else `name`."""
        if splats := self._splats.take():
            self.told |= {(splat.stamp, splat.headline) for splat in splats}
            reason = f"{reason}: {splats[0].headline}"
        self._panic = ""
        level = self._stack[-1]
        level.note(None)
        self._leaf(level, self.running or name, verdict, reason, at)

    def finish(self, skipped: bool = False) -> None:
        """There are no more lines. What was planned and did not come is not-run, or skipped.

        `skipped` says that the program called all of itself skipped.
        """
        self._end_of_stream(skipped)
        self.results += named(self._stack[0].items)

    def take(self, prefix_of_name: str) -> list[TestResult]:
        """Remove what the last outermost tests hold and give it, if their names begin so."""
        items = self._stack[0].items
        taken: list[Item] = []
        while len(self._stack) == 1 and items and items[-1].name.startswith(prefix_of_name):
            taken.append(items.pop())
        return named(reversed(taken))

    def _line(self, line: str, at: float | None) -> str:
        """Take a line without line ends and escapes. Gives what must be read as one more line."""
        text = line.lstrip(prefix.NESTING)
        first = text[:1]
        stamp = None
        if first in _STAMPS:
            line, stamp = _unstamped(line)
            text = line.lstrip(prefix.NESTING)
            first = text[:1]
        look = LOOK.get(first)
        if look is not None and look(text):
            return self._ktap(line, text, at)
        if not text:
            return ""
        if stamp is not None and line[0] != "#":
            line = f"[{stamp:>12}] {line}"  # the kernel's word
        kernels = stamp is not None or ((self._splats.open or first in FIRST) and line[0] != "#")
        if kernels and self._splats.feed(line, text, stamp):
            if text.startswith("Kernel panic - not syncing"):
                self._panic = text
        elif "not ok" in text and (rest := glued(text)):
            self._note("a result in the middle of a line")
            self.log.add(line[: -len(rest)])
            return line[: len(line) - len(text)] + rest
        self.log.add(line)
        return ""

    def _ktap(self, line: str, text: str, at: float | None) -> str:
        depth = len(line) - len(text)
        text, rest = prefix.split(text)
        said = read_line(text)
        if said is None or (said.kind == "result" and not self._counts(said, depth)):
            self.log.add(line)
            return rest
        match said.kind:
            case "result":
                self._result(said, depth, at)
            case "plan":
                self._plan(said, depth, at)
            case "version":
                self._version(depth)
            case "bail":
                self._bail(said, line, depth, at)
            case "running":
                self.running, self._since = said.text, at
                self.log.add(line)
            case "title":
                self._title(said, line, text, depth)
                self.log.add(line)
            case "silent":
                level = self._level(max(depth - len("# "), 0))
                level.silent[level.highest + 1] = said.text
                self.log.add(line)
        return rest

    def _counts(self, said: Said, depth: int) -> bool:
        """Only within KTAP, and not nested, does a bare "ok" without a number count."""
        return said.number is not None or said.failed or (self.spoke and depth == 0)

    def _result(self, said: Said, depth: int, at: float | None) -> None:
        self.spoke = True
        name, verdict, reason = judge(said.failed, said.text)
        if self.running and verdict in _BROKEN and self._stack[-1].depth > depth:
            self.broke_off(self.running, verdict, reason, at)
            verdict = Verdict.FAIL  # which is explained by that
        inner = self._close(depth, verdict is Verdict.SKIP) if self._stack[-1].depth > depth else None
        level = self._level(depth)
        number, again = level.note(said.number)
        if again:
            self._note(f"number {number} comes twice", level)
        if level.plan is not None and level.count == level.plan + 1:
            self._note(f"more results than the {level.plan} planned", level)
        name = name or f"test {number}"
        if inner is not None and (skip := _skip_of_all(inner)):
            reason, inner = reason or skip.reason, None
        if inner is None or not inner.items:
            self._leaf(level, name, verdict, reason, at)
        else:
            self._parent(level, inner, name, verdict, reason, at)
        if level is self._stack[0]:
            self.outermost += 1

    def _leaf(self, level: Level, name: str, verdict: Verdict, reason: str, at: float | None) -> None:
        result = self._made(name, verdict, reason, at)
        level.failed |= result.verdict.bad
        level.expected |= verdict is Verdict.XFAIL or verdict is Verdict.XPASS
        level.items.append(result)
        if self._splats.found:
            self._complain(level, f"{name}/{KERNEL_LOG}")

    def _parent(self, level: Level, inner: Level, name: str, verdict: Verdict, reason: str, at: float | None) -> None:
        """A result with results inside: its verdict is theirs, unless it is worse."""
        if self._splats.found:
            self._complain(inner, KERNEL_LOG)
        group = Group(name, inner.items)
        excused = (
            verdict is Verdict.FAIL
            and not inner.failed
            and (inner.excused or (inner.expected and reason in _EXPECTED_EXITS))
        )
        if excused:
            self._note(f"{name} says fail, what failed inside it was expected to")
        elif verdict.bad and (verdict is not Verdict.FAIL or not (inner.failed or inner.complained)):
            reason = reason or "failed, and no test inside it did"
            group.own = self._made(name, verdict, reason, at)
            level.failed = True
        elif inner.failed and not verdict.bad:
            self._note(f"{name} says {verdict.value}, a test inside it failed")
        level.items.append(group)
        level.failed |= inner.failed
        level.complained |= inner.complained
        level.expected |= inner.expected
        level.excused |= inner.excused or excused
        self.log, self._since, self.running = TestLog(), at, None

    def _made(self, name: str, verdict: Verdict, reason: str, at: float | None) -> TestResult:
        seconds = at - self._since if at is not None and self._since is not None else None
        result = TestResult(self.program, name, verdict, reason, seconds)
        explain(result, self.log)
        self.log, self._since, self.running = TestLog(), at, None
        self.finished += 1
        self.failed += result.verdict.bad
        self.last = result
        return result

    def _complain(self, level: Level, name: str) -> None:
        """What the kernel said in the lines of a test is a failure beside it."""
        splats = self._splats.take()
        self.told |= {(splat.stamp, splat.headline) for splat in splats}
        level.items.append(kernel_log(self.program, name, splats))
        level.complained = True
        self.finished += 1
        self.failed += 1

    def _plan(self, said: Said, depth: int, at: float | None) -> None:
        self.spoke = True
        level = self._level(depth)
        count = said.number or 0
        if level.plan is not None:
            if level.count < level.plan:
                self._note("a second plan", level)
            else:
                level.restart()  # of a second stream, that has no version line
        level.plan = max(count, level.plan or 0)
        if count == 0 and said.failed:  # 1..0 # SKIP
            self._leaf(level, ALL, Verdict.SKIP, said.text or "no reason given", at)
        elif count == 0:
            self._note("no tests planned", level)

    def _bail(self, said: Said, line: str, depth: int, at: float | None) -> None:
        self.spoke = True
        level = self._level(depth)
        if self.failed and level.plan is not None and level.count >= level.plan:
            self.log.add(line)  # the way in which many C programs end that have failed
            return
        level.note(None)
        self._leaf(level, self.running or "bail out", Verdict.ERROR, f"Bail out! {said.text}".strip(), at)

    def _version(self, depth: int) -> None:
        """Another stream begins, if there was one before at this depth: it counts from 1 again."""
        self.spoke = True
        level = self._level(depth)
        if not level.count and level.plan is None:
            return
        if level is self._stack[0]:
            self._end_of_stream()
            level.restart()
        elif level.plan is not None and level.count >= level.plan:  # of the same program: nothing was cut
            self._flush(depth + 1)
            level.restart()
        else:
            self._flush(depth)

    def _title(self, said: Said, line: str, text: str, depth: int) -> None:
        """The name of what is about to come at a depth, of use if it is cut."""
        if text[0] == "S" and line[:depth].endswith("# "):
            depth -= len("# ")  # KUnit's comment is of the level that it is written in
        elif text[0] == "r" and not _is_rule(self.log.lines):
            return  # run_vmtests.sh draws a line before
        if depth <= self._stack[0].depth:
            return
        level = self._level(depth)
        if level.count or level is not self._stack[-1] or level.title not in ("", said.text):
            self._flush(depth)
            level = self._level(depth)
        level.title = said.text

    def _level(self, depth: int) -> Level:
        """The level of this depth, opened if need be; those inside it stay."""
        place = len(self._stack)
        while place and self._stack[place - 1].depth > depth:
            place -= 1
        if place and self._stack[place - 1].depth == depth:
            return self._stack[place - 1]
        self._stack.insert(place, Level(depth))
        return self._stack[place]

    def _close(self, depth: int, skipped: bool = False) -> Level:
        """End all levels inside this one, into one that holds what is inside the result to come."""
        while True:
            level = self._stack.pop()
            if self._stack[-1].depth <= depth:
                self._not_run(level, skipped)
                return level
            self._orphan(level, skipped)

    def _flush(self, depth: int) -> None:
        """The results that the levels from this depth on are inside will not come."""
        while len(self._stack) > 1 and self._stack[-1].depth >= depth:
            self._orphan(self._stack.pop())

    def _orphan(self, level: Level, skipped: bool = False) -> None:
        """Keep what is in a level whose result did not come, by its title, as the next one's."""
        outer = self._stack[-1]
        self._not_run(level, skipped)
        if level.title:
            outer.note(None)
            if skip := _skip_of_all(level):
                skip.name = ""
            elif not level.failed:
                level.items.append(TestResult(self.program, "", Verdict.NOT_RUN, "its result never came"))
                level.failed = True
                self.finished += 1
                self.failed += 1
        outer.take_in(level)

    def _end_of_stream(self, skipped: bool = False) -> None:
        if self._panic:
            self.broke_off("crash", Verdict.CRASH, "the kernel panicked")
        while len(self._stack) > 1:
            self._orphan(self._stack.pop(), skipped)
        if self._splats.found:
            self._complain(self._stack[0], KERNEL_LOG)
        self._not_run(self._stack[0], skipped)

    def _not_run(self, level: Level, skipped: bool) -> None:
        """Make results of what was planned and did not come, and tell what else is odd."""
        short = (level.plan or 0) - level.count
        if level.plan is None and level.count:
            self._note("no plan", level)
        elif short <= 0 and (gaps := level.gaps(9)):
            self._note(f"numbers {', '.join(map(str, gaps))} are missing", level)
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
            self._note(f"{level.plan} tests planned, {level.count} reported", level)
        level.items += made
        failed = sum(result.verdict.bad for result in made)
        level.failed |= failed > 0
        self.finished += len(made)
        self.failed += failed

    def _note(self, text: str, level: Level | None = None) -> None:
        scope = f"{level.title}: " if level is not None and level.title else ""
        if len(self._odd) < _MOST_ODD:
            self._odd[f"{self.program}: {scope}{text}"] = None


def kernel_log(program: str, name: str, splats: Sequence[Splat]) -> TestResult:
    """The failure that splats are."""
    more = f" (and {len(splats) - 1} more)" if len(splats) > 1 else ""
    log = TestLog()
    for splat in splats:
        for line in splat.lines:
            log.add(line)
    return TestResult(program, name, Verdict.FAIL, splats[0].headline + more, log=log.all())


def _unstamped(line: str) -> tuple[str, str | None]:
    """A line without stamps, at any depth, and the kernel's stamp."""
    stamp = None
    for _ in range(_DEPTH_OF_STAMPS):
        text = line.lstrip(prefix.NESTING)
        bare, found = prefix.strip(text)
        if len(bare) == len(text):
            break
        line, stamp = line[: len(line) - len(text)] + bare, found or stamp
    return line, stamp


def _skip_of_all(level: Level) -> TestResult | None:
    """The only result in a level, if it is that of `1..0 # SKIP`."""
    only = level.items[0] if len(level.items) == 1 else None
    return only if isinstance(only, TestResult) and only.name == ALL and only.verdict is Verdict.SKIP else None


def _is_rule(lines: list[str]) -> bool:
    return bool(lines) and lines[-1].lstrip(prefix.NESTING).startswith("---")
