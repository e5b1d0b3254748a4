# SPDX-License-Identifier: GPL-2.0-only
"""KTAP as programs and kernels print it, line by line, into results.

Nothing that is read here raises, and a `not ok` always becomes a result. Sources: see `line`.
"""

from ksftci.ktap.block import WORTH_A_LOOK
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
from ksftci.results.model import Verdict

_COMMENT = len("# ")


class Parser(Builder):
    """A Builder that reads the lines of one program. Each is a statement of KTAP, a line of a splat, or chatter."""

    def feed(self, text: str, at: float | None = None) -> None:
        """Take whole lines, one or many, and the time in seconds at which they came if that is known.

        Most lines are not KTAP. One search passes over them, and they go to the log together.
        """
        current = self.current
        if current.since is None:
            current.since = at
        text = f"\n{tidy(text)}"
        start = 1
        for match in WORTH_A_LOOK.finditer(text):
            if running := match["running"]:
                current.begin(running, at)
                continue  # the line goes to the log with the lines around it
            begin = match.start() + 1
            if begin > start:
                self._chatter(text[start : begin - 1], at)
            if name := match["name"]:
                verdict = Verdict.FAIL if match["no"] else Verdict.PASS
                self.result(len(match["nesting"]), int(match["number"]), name, verdict, "", at)
                start = match.end() + 1
                continue
            end = text.find("\n", begin)
            if end < 0:
                end = len(text)
            self._lines(text[begin:end], at)
            start = end + 1
        if start < len(text):
            self._chatter(text[start:], at)

    def _chatter(self, text: str, at: float | None) -> None:
        """Take lines that are not worth a look by themselves."""
        if self.current.finder.open or "not ok" in text:
            for line in text.split("\n"):
                self._lines(line, at)
        else:
            self.current.log.extend(text)

    def _lines(self, line: str, at: float | None) -> None:
        """Take a line, and the lines that it hides."""
        while line:
            line = self._line(line, at)

    def _line(self, line: str, at: float | None) -> str:
        """Take a line. Gives the rest of it that must be read as one more line, or ""."""
        text = line.lstrip(NESTING)
        if may_be(text):
            return self._ktap(line, text, at)
        bare, stamp = unstamped(line)
        if bare != line:
            line, text = bare, bare.lstrip(NESTING)
            if may_be(text):
                return self._ktap(line, text, at)
        if not text:
            return ""
        may_be_kernels = line[0] != "#"  # else a program printed it, as a comment
        if stamp is not None and may_be_kernels:
            line = f"[{stamp:>12}] {line}"
        if (may_be_kernels or stamp is not None) and self.current.add_splat_line(line, text, stamp):
            return ""
        if "not ok" in text and (rest := glued(text)):
            self.levels.add_anomaly("a result in the middle of a line")
            self.current.log.add(line[: -len(rest)])
            return line[: len(line) - len(text)] + rest
        self.current.log.add(line)
        return ""

    def _ktap(self, line: str, text: str, at: float | None) -> str:
        """Take a line that may be KTAP, and its text without nesting. Gives as `_line`."""
        depth = len(line) - len(text)
        text, rest = split(text)
        match read(text):
            case Result() as result if self._counts(result, depth):
                self.result(depth, result.number, *judge(result.failed, result.text), at)
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
            case Subtest(name):  # a comment of the level that it announces
                self.title(depth - _COMMENT if line[:depth].endswith("# ") else depth, name)
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

    def _counts(self, result: Result, depth: int) -> bool:
        """Whether this is a result. A bare "ok" without a number is chatter before any KTAP, and where it is nested."""
        return result.number is not None or result.failed or (self.spoke and depth == 0)
