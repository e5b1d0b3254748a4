# SPDX-License-Identifier: GPL-2.0-only
"""What follows the name in a result's text: `# SKIP no swap`, `# exit=139`, `# time=12ms`, and what it says.

Sources, as of v7.3: Documentation/dev-tools/ktap.rst, and in tools/testing/selftests kselftest.h, kselftest/runner.sh,
ftrace/ftracetest, net/mptcp/mptcp_lib.sh. TAP 14 escapes "#" in a name; bats prints the time before it.
"""

import re

from ksftci.results.model import Verdict

_WORDS = {
    "SKIP": Verdict.SKIP,
    "TODO": Verdict.XFAIL,
    "XFAIL": Verdict.XFAIL,
    "XPASS": Verdict.XPASS,
    "TIMEOUT": Verdict.TIMEOUT,
    "ERROR": Verdict.ERROR,
}
_WORD = r"(?:SKIP(?:PED)?|TODO|XFAIL|XPASS|TIMEOUT|ERROR)\b"
_MARK = re.compile(rf"(?:^|(?<=\s))#(?=\s|$|{_WORD}|exit=|time=|duration)", re.IGNORECASE)
_DIRECTIVE = re.compile(rf"(?P<word>{_WORD})(?P<sign>[:=]?)\s*(?P<rest>.*)", re.IGNORECASE)
_EXIT = re.compile(r"\bexit(?:=| code | status )(?P<status>\d{1,9})\b")
_SIGNAL = re.compile(
    r"(?:killed by |ended by )?(?:SIG(?:ABRT|BUS|FPE|ILL|KILL|SEGV|SYS|TRAP)\b|signal[ =]\d)|Segmentation fault",
    re.IGNORECASE,
)
_UNIT = r"(?P<unit>ms|msecs?|milliseconds?|[uµμ]s|usecs?|ns|nsecs?|s|secs?|seconds?)"
_COUNT = r"(?P<count>\d{1,12}(?:\.\d{1,9})?)"
_SPENT = re.compile(
    rf"(?:^|(?<=[\s(,;]))(?:time|duration|elapsed)(?P<ms>_ms)?(?P<sign>[=: ])\s*{_COUNT}(?: ?{_UNIT})?(?![\w.])[,;]?",
    re.IGNORECASE,
)
_TIME_ALONE = re.compile(rf"\(?(?:took |in )?{_COUNT} ?{_UNIT}\)?")
_BATS = re.compile(r"\s+in (?P<count>\d{1,9})(?P<unit>ms)$")
_MOST_SIGNALS = 64  # SIGRTMAX


# Name, verdict, reason, and seconds or None. A plain tuple, because most results of a stamped log get one.
Outcome = tuple[str, Verdict, str, float | None]


def judge(failed: bool, text: str) -> Outcome:
    """What a result's text says; `failed` says that its line begins with "not".

    The text is "name", "name # SKIP reason" as in ktap.rst and runner.sh, or "# SKIP name" as kselftest.h prints it.
    The name ends where the first mark "#" stands; each mark begins a directive, a time or words that are the reason.
    """
    if "#" not in text and not text.endswith("ms"):
        return text, Verdict.FAIL if failed else Verdict.PASS, "", None
    name, *parts = _split(text)
    said = _Said(failed)
    for part in parts:
        said.take(part)
    if not name and said.directive and said.words:  # ksft_test_result_skip() and its like print it first
        name = said.words.pop(0)
    elif not name and not said.directive and parts and said.words:
        return text.replace("\\#", "#"), said.verdict, "", said.seconds
    if timed := _BATS.search(name):
        said.seconds, name = _seconds(timed["count"], "ms"), name[: timed.start()]
    return name.replace("\\#", "#"), said.verdict, said.reason, said.seconds


def crashed(status: int) -> bool:
    """Whether a shell's exit status is 128 + signal: 129 to 192. Programs exit with 254 and 255 by themselves."""
    return 128 < status <= 128 + _MOST_SIGNALS


class _Said:
    """Collects what the parts of a text say that stand behind marks."""

    def __init__(self, failed: bool) -> None:
        self.failed = failed
        self.verdict = Verdict.FAIL if failed else Verdict.PASS
        self.directive = ""  # the first one
        self.words: list[str] = []  # the reason, part by part
        self.seconds: float | None = None

    @property
    def reason(self) -> str:
        """All words."""
        reason = " # ".join(self.words)
        if self.directive == "TIMEOUT" and reason:
            return f"timeout after {reason.removeprefix('after ')}"
        return reason

    def take(self, part: str) -> None:
        """Take one part, without its mark."""
        if alone := _TIME_ALONE.fullmatch(part):
            self.seconds = _seconds(alone["count"], alone["unit"])
            return
        spent = _SPENT.search(part)
        if spent and (spent["sign"] == "=" or spent["ms"] or spent["unit"]):  # else "time: 3" is of the words
            self.seconds = _seconds(spent["count"], "ms" if spent["ms"] else spent["unit"])
            part = f"{part[: spent.start()].rstrip()} {part[spent.end() :].lstrip()}".strip(" ()")
        match = None if self.directive else _DIRECTIVE.match(part)
        if match and not (match["sign"] == "=" and not self.failed):  # `ok 1 x # timeout=45` tells its limit
            self._direct(match["word"].upper().removesuffix("PED"))
            part = match["rest"].strip()
        elif self.failed and self.verdict is Verdict.FAIL:
            match = _EXIT.search(part)
            if crashed(int(match["status"])) if match else _SIGNAL.match(part):
                self.verdict = Verdict.CRASH
        if part:
            self.words.append(part)

    def _direct(self, word: str) -> None:
        self.directive, self.verdict = word, _WORDS[word]
        if word == "TODO" and not self.failed:
            self.verdict = Verdict.XPASS


def _split(text: str) -> list[str]:
    """The name, and the parts of the text behind each mark."""
    parts: list[str] = []
    start = 0
    for mark in _MARK.finditer(text):
        parts.append(text[start : mark.start()].strip())
        start = mark.end()
    return [*parts, text[start:].strip()]


def _seconds(count: str, unit: str | None) -> float:
    letter = (unit or "s")[0].lower()
    if unit and unit.lower().startswith(("ms", "milli")):
        letter = "m"
    return float(count) / {"m": 1e3, "u": 1e6, "µ": 1e6, "μ": 1e6, "n": 1e9}.get(letter, 1)
