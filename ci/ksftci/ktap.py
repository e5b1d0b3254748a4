# SPDX-License-Identifier: GPL-2.0-only
"""KTAP as kernel programs really print it, line by line, into results.

Sources: Documentation/dev-tools/ktap.rst, tools/testing/selftests/{kselftest.h,
kselftest_harness.h,kselftest/runner.sh,mm/run_vmtests.sh}. Nothing that is read here raises, and a
`not ok` always comes out as a result.
"""

from dataclasses import dataclass, field

from ksftci.ktapline import Said, clean, judge, outcome_in, place_in, why_skipped
from ksftci.ktapline import read as read_line
from ksftci.results import TestResult, Verdict

ALL = "all"  # the name of what `1..0 # SKIP` skips


@dataclass
class _Level:
    """What is open at one depth of nesting."""

    plan: int | None = None
    seen: set[int] = field(default_factory=set)
    count: int = 0
    title: str = ""  # of a "Subtest:" line
    results: list[TestResult] = field(default_factory=list)

    def missing(self) -> list[int]:
        """The numbers that were planned and never came."""
        if self.plan is None or self.count >= self.plan:
            return []
        absent = sorted(set(range(1, self.plan + 1)) - self.seen)
        return absent[-(self.plan - self.count) :]


class Parser:
    """Reads the lines of one program. `results` is complete after `finish`.

    A nested result is called after the tests that it is in, "outer/inner". The outer result is
    kept only when it says what no inner one does.
    """

    def __init__(self, program: str) -> None:
        self.program = program
        self.results: list[TestResult] = []
        self.anomalies: list[str] = []
        self.running: str | None = None  # the test that has begun and not ended, if that is known
        self.spoke = False  # whether there was any KTAP
        self.log: list[str] = []  # lines since the last result
        self.finished = 0  # results so far, nested ones included
        self.failed = 0
        self._levels: dict[int, _Level] = {}
        self._since: float | None = None

    @property
    def outermost(self) -> list[TestResult]:
        """The results so far that are inside no other; the last of them is the newest."""
        return self._level(0).results

    def feed(self, raw: str, at: float | None = None) -> None:
        """Take one line, and the time in seconds at which it came if that is known."""
        text = clean(raw)
        if not text.strip():
            return
        if self._since is None:
            self._since = at
        said = read_line(text, self.spoke)
        match said.kind:
            case "result":
                self._result(said, at)
            case "plan":
                self._plan(said, at)
            case "version":
                self._version(said)
            case "bail":
                self._bail(said, text, at)
            case "running":
                self.running = said.text
                self._since = at
                self.log.append(text)
            case "subtest":
                self._level(said.depth).title = said.text
                self.log.append(text)
            case _:
                self.log.append(text)

    def add(self, name: str, verdict: Verdict, reason: str, at: float | None = None) -> None:
        """Put in a result that the program did not print; it gets the lines since the last one."""
        self._append(0, name, verdict, reason, at)

    def broke_off(self, name: str, verdict: Verdict, reason: str, at: float | None = None) -> None:
        """The program ended in the middle of its next test, which is `running` or else `name`."""
        self._count(0)
        self._append(0, self.running or name, verdict, reason, at)

    def finish(self) -> None:
        """There are no more lines: what was planned and did not come becomes not-run."""
        inner = self._close_deeper(-1)
        self.results += inner
        _make_unique(self.results)

    def _result(self, said: Said, at: float | None) -> None:
        self.spoke = True
        level = self._level(said.depth)
        inner = self._close_deeper(said.depth)
        if said.number in level.seen:
            self._odd(f"number {said.number} comes twice")
        number = self._count(said.depth, said.number)
        if level.plan is not None and level.count == level.plan + 1:
            self._odd(f"more results than the {level.plan} planned")
        name, verdict, reason = judge(said.failed, said.text)
        name = name or f"test {number}"
        if len(inner) == 1 and inner[0].name == ALL and inner[0].verdict is Verdict.SKIP:
            reason, inner = reason or inner[0].reason, []
        if not inner:
            self._append(said.depth, name, verdict, reason, at)
            return
        for result in inner:
            result.name = f"{name}/{result.name}"
        level.results += inner
        explained = any(result.verdict.bad for result in inner)
        if verdict.bad and (not explained or verdict is not Verdict.FAIL):
            reason = reason or "failed, and no test inside it did"
            self._append(said.depth, name, verdict, reason, at)
            return
        if explained and not verdict.bad:
            self._odd(f"{name} says {verdict.value}, a test inside it failed")
        self.log, self._since, self.running = [], at, None

    def _append(self, depth: int, name: str, verdict: Verdict, reason: str, at: float | None) -> None:
        seconds = at - self._since if at is not None and self._since is not None else None
        result = TestResult(self.program, name, verdict, reason, seconds, self.log)
        if verdict is Verdict.SKIP:
            why_skipped(result)
        elif verdict.bad:
            outcome_in(result)
            place_in(result)
        self._level(depth).results.append(result)
        self.log, self._since, self.running = [], at, None
        self.finished += 1
        self.failed += result.verdict.bad

    def _plan(self, said: Said, at: float | None) -> None:
        self.spoke = True
        level = self._level(said.depth)
        if level.plan is not None:
            self._odd("a second plan")
        level.plan = max(said.number or 0, level.plan or 0)
        if said.number == 0:
            if said.failed:  # 1..0 # SKIP
                self._append(said.depth, ALL, Verdict.SKIP, said.text or "no reason given", at)
            else:
                self._odd("no tests planned")

    def _bail(self, said: Said, text: str, at: float | None) -> None:
        self.spoke = True
        level = self._level(said.depth)
        if self.failed and level.plan is not None and level.count >= level.plan:
            self.log.append(text)  # the way in which many C programs end that have failed
            return
        reason = f"Bail out! {said.text}".strip()
        self._count(said.depth)
        self._append(said.depth, self.running or "bail out", Verdict.ERROR, reason, at)

    def _version(self, said: Said) -> None:
        self.spoke = True
        level = self._levels.get(said.depth)
        if level is None or level.plan is None or said.depth > 0:
            return
        # A second stream, for example of a second program: it counts from 1 again.
        level.results += self._close_deeper(said.depth)
        self._not_run(level)
        level.plan, level.count, level.seen = None, 0, set()

    def _level(self, depth: int) -> _Level:
        return self._levels.setdefault(depth, _Level())

    def _count(self, depth: int, number: int | None = None) -> int:
        level = self._level(depth)
        level.count += 1
        number = number if number is not None else max(level.seen, default=0) + 1
        level.seen.add(number)
        return number

    def _close_deeper(self, depth: int) -> list[TestResult]:
        """End all levels inside this one: what they hold is inside the result to come."""
        inner: list[TestResult] = []
        ended = sorted((d for d in self._levels if d > depth), reverse=True)
        for deeper in ended:
            level = self._levels.pop(deeper)
            self._not_run(level)
            inner = level.results + inner
            cut = deeper != ended[-1] or depth < 0  # the result that this is inside never came
            if cut and level.title:
                for result in inner:
                    result.name = f"{level.title}/{result.name}"
        return inner

    def _not_run(self, level: _Level) -> None:
        missing = level.missing()
        if missing:
            self._odd(f"{level.plan} tests planned, {level.count} reported")
        elif level.plan is None and level.count:
            self._odd("no plan")
        elif gaps := set(range(1, level.count + 1)) - level.seen:
            self._odd(f"numbers {', '.join(map(str, sorted(gaps)[:9]))} are missing")
        for number in missing:
            reason = "planned, never reported"
            level.results.append(TestResult(self.program, f"test {number}", Verdict.NOT_RUN, reason))
            self.finished += 1
            self.failed += 1

    def _odd(self, text: str) -> None:
        note = f"{self.program}: {text}"
        if note not in self.anomalies:
            self.anomalies.append(note)


def _make_unique(results: list[TestResult]) -> None:
    """Number the second and later results of one name: name, name#2, name#3."""
    taken: set[str] = set()
    times: dict[str, int] = {}
    for result in results:
        name = result.name
        while result.name in taken:
            times[name] = times.get(name, 1) + 1
            result.name = f"{name}#{times[name]}"
        taken.add(result.name)
