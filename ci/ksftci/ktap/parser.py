# SPDX-License-Identifier: GPL-2.0-only
"""KTAP as programs and kernels print it, line by line, into results.

Nothing that is read here raises, and a `not ok` always becomes a result. Sources: see `line`.
"""

import re
from collections.abc import Iterator

from ksftci.ktap.block import WORTH_A_LOOK, hides, is_odd
from ksftci.ktap.builder import Builder
from ksftci.ktap.directive import judge
from ksftci.ktap.line import (
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
from ksftci.ktap.prefix import NESTING, split, tidy, unstamped
from ksftci.ktap.shape import encloses
from ksftci.ktap.torn import Torn
from ksftci.ktap.wrappers import Wrappers, may_announce
from ksftci.ktap.yamlblock import YamlBlock
from ksftci.results.model import UNREAD, Verdict

_COMMENT = len("# ")
_STATES = re.compile(r"\bok\b|\b1\.\.\d")


class Parser(Builder):
    """A Builder that reads the lines of one program. Each is a statement of KTAP, a line of a splat, or chatter."""

    def __init__(self, program: str) -> None:
        super().__init__(program)
        self._wrappers = Wrappers()
        self._torn: Torn | None = None
        self._yaml: YamlBlock | None = None  # the block that is open
        self._watchful = False  # whether each line must be looked at: some line is torn, or a wrapper is known

    @property
    def anomalies(self) -> list[str]:
        """As in Builder; and after `finish`, that lines look like results and were not read."""
        unread = self._wrappers.unread
        more = [f"{self.program}: {UNREAD}: {unread.count}, the first is {unread.first}"] if unread.count else []
        return [*super().anomalies, *more]

    def feed(self, text: str, at: float | None = None) -> None:
        """Take whole lines, one or many, and the time in seconds at which they came if that is known.

        Most lines are not KTAP. One search passes over them, and they go to the log together.
        """
        current = self.current
        if current.since is None:
            current.since = at
        text = f"\n{tidy(text)}"
        if len(text) == 1:
            self.settle()
        start, odd = 1, is_odd(text)
        for match in WORTH_A_LOOK.finditer(text):
            if running := match["running"]:
                current.begin(running, at)
                continue  # the line goes to the log with the lines around it
            begin = match.start() + 1
            if begin > start:
                self._chatter(text[start : begin - 1], at, odd)
            if (name := match["name"]) and self._torn is None and self._yaml is None:
                verdict = Verdict.FAIL if match["no"] else Verdict.PASS
                self.result(len(match["nesting"]), int(match["number"]), at, name, verdict)
                start = match.end() + 1
                continue
            end = text.find("\n", begin)
            if end < 0:
                end = len(text)
            self._lines(text[begin:end], at)
            start = end + 1
        if start < len(text):
            self._chatter(text[start:], at, odd)

    def settle(self) -> None:
        """Take what waits for its end: the first half of a line, a YAML block."""
        if torn := self._untorn():
            self._lines(torn.line, torn.at)
        self._end_yaml()

    def _untorn(self) -> Torn | None:
        """The first half of a line, which waits no longer."""
        torn = self._torn
        if torn is not None:
            self._torn, self._watchful = None, self._wrappers.known
        return torn

    def broke_off(self, name: str, verdict: Verdict, reason: str, at: float | None = None) -> None:
        """As in Builder. All lines so far were printed before."""
        self.settle()
        super().broke_off(name, verdict, reason, at)

    def close(self, skipped: bool = False) -> None:
        """As in Builder."""
        self.settle()
        super().close(skipped)

    def finish(self, skipped: bool = False) -> None:
        """As in Builder."""
        self.settle()
        for line in list(self._above()):
            self._learns(line, None, read=True)
        self._wrappers.end()
        super().finish(skipped)

    def _chatter(self, text: str, at: float | None, odd: bool) -> None:
        """Take lines that are not worth a look by themselves; `odd` as in `hides`."""
        each = self._watchful or self._yaml is not None or self.current.finder.open
        if each or ((odd or "ok " in text or not self.spoke) and hides(text, odd, not self.spoke)):
            for line in text.split("\n"):
                self._lines(line, at)
        else:
            self.current.log.extend(text)

    def _lines(self, line: str, at: float | None) -> None:
        """Take a line, and the lines that it hides."""
        if not line:
            self.settle()
        while line:
            line = self._line(line, at)

    def _line(self, line: str, at: float | None) -> str:
        """Take a line. Gives the rest of it that must be read as one more line, or ""."""
        text = line.lstrip(NESTING)
        if self._torn is None and may_be(text):
            return self._ktap(line, text, None, at)
        bare, stamp = unstamped(line)
        if self._wrappers.known:
            bare, stamp, at = self._unwrapped(bare, stamp, at)
            if "\n" in bare:  # a quoted line may be several
                for part in bare.split("\n"):
                    self._lines(part, at)
                return ""
        text = bare.lstrip(NESTING)
        if not text:
            if stamp is None and self._torn is not None:
                self.settle()
            return ""
        if stamp is None and (torn := self._untorn()):
            if joined := torn.joined(bare, self.levels.least):
                return joined
            self._lines(torn.line, torn.at)
        if may_be(text):
            return self._ktap(bare, text, stamp, at)
        if "[" in bare and (halves := split(bare))[1] and not encloses(*halves):
            return self._tear(*halves, stamp, at)
        return self._other(bare, text, stamp, at)

    def _unwrapped(self, line: str, stamp: str | None, at: float | None) -> tuple[str, str | None, float | None]:
        """A line without wrappers, the stamp of the kernel's in them, the time: the wrapper's if no other is known."""
        line, printk, clock = self._wrappers.peel(line)
        return line, printk or stamp, self.current.tick(clock) if at is None and clock is not None else at

    def _tear(self, head: str, rest: str, stamp: str | None, at: float | None) -> str:
        """Take a line that a line of the kernel's tore apart: the head waits for its other half. Gives `rest`."""
        if self._wrappers.worth_a_look(rest) and self._learns(
            head + rest, at, read=True
        ):  # the "head" is what a wrapper puts before all lines
            return head + rest
        if stamp is None:
            self._torn, self._watchful = Torn(head, at), True
        else:
            self._lines(f"[{stamp:>12}] {head}", at)
        return rest

    def _learns(self, line: str, at: float | None, read: bool) -> bool:
        """Whether a line is the proof of a wrapper. Then lines that have it and came before are read."""
        if not self._wrappers.learn(line, at, self.levels.follows, self._above(), read=read):
            return False
        self._watchful = True
        self._again(at)
        return True

    def _other(self, line: str, text: str, stamp: str | None, at: float | None) -> str:
        """Take a line that is no KTAP as it stands: a splat's, chatter, or a line in a wrapper. Gives as `_line`."""
        depth, hides_ktap = len(line) - len(text), self._wrappers.worth_a_look(text)
        rest = glued(text) if hides_ktap and "</" not in text else ""
        if hides_ktap and self._learns(line, at, read=bool(rest)):
            return line
        may_be_kernels = line[0] != "#"  # else a program printed it, as a comment
        if stamp is not None and may_be_kernels:
            line = f"[{stamp:>12}] {line}"
        if (may_be_kernels or stamp is not None) and self.current.add_splat_line(line, text, stamp):
            return ""
        if rest:
            self.levels.add_anomaly("a result in the middle of a line")
            self.current.log.add(line[: -len(rest)])
            return line[: len(line) - len(text)] + rest
        if self._yaml is None and not text.startswith("---"):
            self.current.log.add(line)
        else:
            self._near_yaml(line, depth, text)
        return ""

    def _near_yaml(self, line: str, depth: int, text: str) -> None:
        """Take a line that may begin or end a YAML block, or be in one."""
        begins = text.rstrip() == "---"
        if begins and self._yaml is not None and depth <= self._yaml.depth:
            self._end_yaml()  # a block has no second beginning
        if self._yaml is not None:
            if self._yaml.ends(depth, text):
                self._yaml.close()
                self._yaml = None
            else:
                self._yaml.add(line, depth)
        elif begins and self.reported is not None and depth >= self.reported:
            self._yaml = YamlBlock(depth, self.reported, self.told)
            self._yaml.add(line, depth)
        else:
            self.current.log.add(line)

    def _end_yaml(self) -> None:
        """Take the lines of a YAML block that has no end."""
        if self._yaml is None:
            return
        lines, self._yaml = self._yaml.held(), None
        for line, ktap in lines:
            if ktap:
                self._lines(line, None)
            else:
                self.current.log.add(line)

    def _ktap(self, line: str, text: str, stamp: str | None, at: float | None) -> str:
        """Take a line that may be KTAP, and its text without nesting. Gives as `_line`."""
        depth = len(line) - len(text)
        if self._yaml is not None:
            if self._yaml.holds(depth):
                self._yaml.add(line, depth, ktap=True)
                return ""
            self._end_yaml()
        text, rest = split(text) if "[" in text or "<" in text else (text, "")
        if rest and stamp is None:
            self._torn, self._watchful = Torn(line[:depth] + text, at), True
            return rest
        self.reported = None
        match read(text):
            case Result() as result if self._counts(result, depth):
                self.result(depth, result.number, at, *judge(result.failed, result.text))
                return rest
            case Plan(count, skip_reason):
                self.plan(depth, count, skip_reason, at)
                return rest
            case Version():
                self.version(depth)
                return rest
            case BailOut(reason):
                if self.bail_out(depth, reason, at):
                    return rest
            case Running(test):
                self.current.begin(test, at)
            case Subtest(name):  # a comment of the level that it announces, or of that around it
                self.announce(depth - _COMMENT if line[:depth].endswith("# ") else depth, name)
            case RunnerTitle(name):
                self.title(depth, name)
            case VmtestsTitle(name) if self.current.log.ends_with_rule():
                self.title(depth, name)
            case SkippedSilently(name):  # a comment of the level that counts it
                self.skipped_silently(max(depth - _COMMENT, 0), name)
            case Measured(measurement) if "#" in line[:depth]:
                self.current.log.measure(measurement)
        self.current.log.add(line)
        return rest

    def _above(self) -> Iterator[str]:
        """The lines since the last result, without stamps."""
        return (unstamped(line)[0] for line in self.current.log.lines if may_announce(line))

    def _again(self, at: float | None) -> None:
        """Take lines once more that have the wrapper which was learned just now, and were taken as chatter.

        Where lines between them were read, it is too late for titles and versions.
        """
        late = self._wrappers.varied
        logged = self.current.log.remove(
            lambda line: self._wrappers.wraps(unstamped(line)[0]) and not (late and not _STATES.search(line))
        )
        bare = {unstamped(line)[0] for line in logged}
        for line, then in self._wrappers.take():
            if line not in bare:
                self._lines(line, then)
        for line in logged:
            self._lines(line, at)

    def _counts(self, result: Result, depth: int) -> bool:
        """Whether this is a result. A bare "ok" is chatter before any KTAP, and where nested tests have numbers."""
        return result.failed or not result.bare or (self.levels.unnumbered(depth) if depth else self.spoke)
