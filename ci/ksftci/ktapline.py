# SPDX-License-Identifier: GPL-2.0-only
"""What one line of KTAP says, without regard to the lines before it."""

import re
from dataclasses import dataclass

from ksftci.results import TestResult, Verdict

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_TIMESTAMP = re.compile(r"^(?:<\d+>)?\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? ?")
_NESTING = re.compile(r"(?:# ?| )*")
_RESULT = re.compile(
    r"(?P<no>not )?ok(?![^\s#])(?:[ \t]+(?P<number>\d{1,9})(?![^\s#]))?\s*(?:-(?:\s+|$))?(?P<text>.*)",
    re.DOTALL,
)
_PLAN = re.compile(r"1\.\.(?P<count>\d{1,9})(?:\s*#\s*(?P<skip>skip)\b:?\s*(?P<reason>.*))?\s*", re.IGNORECASE)
_VERSION = re.compile(r"K?TAP version \d+\s*")
_BAIL = re.compile(r"Bail out!\s*(?P<text>.*)")
_SUBTEST = re.compile(r"Subtest: (?P<text>.*\S)\s*")
_RUNNING = re.compile(r"RUN\s+(?P<harness>\S.*?) \.\.\.|\[RUN\] (?P<plain>.*\S)\s*")
_DIRECTIVE = re.compile(
    r"(?:^|(?<=\s))#\s*(?P<word>SKIP|TODO|XFAIL|XPASS|TIMEOUT|ERROR)\b:?\s*(?P<rest>.*)",
    re.IGNORECASE,
)
_EXIT = re.compile(r"(?:^|\s+)#\s*(?P<text>exit=\d+)\s*$")
_PLACE = re.compile(r"[# ]*(?P<file>[\w./+-]+\.[chS]):(?P<line>\d{1,9}):(?:\w+:)?(?P<text>.*)")
_SIGNAL = re.compile(r"Test terminated unexpectedly by signal (\d+)")
_VERDICTS = {
    "SKIP": Verdict.SKIP,
    "TODO": Verdict.XFAIL,
    "XFAIL": Verdict.XFAIL,
    "XPASS": Verdict.XPASS,
    "TIMEOUT": Verdict.TIMEOUT,
    "ERROR": Verdict.ERROR,
}


@dataclass(frozen=True)
class Said:
    """What a line is. `depth` grows with nesting, by spaces or by "# ", whatever the step."""

    kind: str  # result, plan, version, bail, running, subtest, other
    depth: int = 0
    text: str = ""
    number: int | None = None  # of a result; a plan's count
    failed: bool = False  # a result's "not"; that a plan is skipped


def clean(line: str) -> str:
    """A line without ANSI escapes, carriage returns, NUL and the time stamp of the kernel's log."""
    line = _ESCAPE.sub("", line.rstrip("\r\n")).replace("\0", "")
    return _TIMESTAMP.sub("", line.rsplit("\r", 1)[-1])


def read(line: str, ktap: bool) -> Said:
    """Understand a clean line. Only within KTAP does a bare "ok" without a number count."""
    nesting = _NESTING.match(line)
    depth = nesting.end() if nesting else 0
    text = line[depth:]
    match = _RESULT.fullmatch(text)
    if match and (match["number"] or match["no"] or (ktap and depth == 0)):
        number = int(match["number"]) if match["number"] else None
        return Said("result", depth, match["text"].strip(), number, match["no"] is not None)
    if match := _PLAN.fullmatch(text):
        reason = (match["reason"] or "").strip()
        return Said("plan", depth, reason, int(match["count"]), match["skip"] is not None)
    if _VERSION.fullmatch(text):
        return Said("version", depth)
    if match := _BAIL.fullmatch(text):
        return Said("bail", depth, match["text"].strip())
    if match := _RUNNING.fullmatch(text):
        return Said("running", depth, match["harness"] or match["plain"])
    if match := _SUBTEST.fullmatch(text):
        comment = 2 if line[:depth].endswith("# ") else 0  # it is of the level that it is written in
        return Said("subtest", depth - comment, match["text"])
    return Said("other", depth, text)


def judge(failed: bool, text: str) -> tuple[str, Verdict, str]:
    """(name, verdict, reason) of a result's text: "name", "name # SKIP why", "# SKIP name"."""
    verdict = Verdict.FAIL if failed else Verdict.PASS
    if match := _DIRECTIVE.search(text):
        word, name, rest = (
            match["word"].upper(),
            text[: match.start()].strip(),
            match["rest"].strip(),
        )
        verdict = _VERDICTS[word]
        if word == "TODO" and not failed:
            verdict = Verdict.XPASS
        if not name:  # a C program puts the directive first
            return rest, verdict, ""
        reason = f"timeout after {rest}" if word == "TIMEOUT" and rest else rest
        return name, verdict, reason
    if match := _EXIT.search(text):
        return text[: match.start()].strip(), verdict, match["text"]
    return text.replace("\\#", "#").strip(), verdict, ""


def why_skipped(result: TestResult) -> None:
    """Find the reason of a skip that gives none: the last thing the test said, or else its name."""
    if result.reason:
        return
    said = (read(line, True) for line in reversed(result.log))
    words = (line.text.strip() for line in said if line.kind == "other")
    result.reason = next((text for text in words if text and text[0] != "["), result.name)


def outcome_in(result: TestResult) -> None:
    """Tell a time-out and a crash, which the harness only describes, from a failure."""
    if result.verdict is not Verdict.FAIL:
        return
    for line in reversed(result.log):
        if "Test terminated by timeout" in line:
            result.verdict, result.reason = Verdict.TIMEOUT, result.reason or "the test's own limit"
        elif match := _SIGNAL.search(line):
            result.verdict, result.reason = Verdict.CRASH, result.reason or f"signal {match[1]}"
        else:
            continue
        return


def place_in(result: TestResult) -> None:
    """Take file, line and reason from the first assertion in a bad result's log."""
    for line in result.log:
        if (match := _PLACE.match(line)) and "SKIP" not in match["text"][:12]:
            result.file, result.line = match["file"], int(match["line"]) or None
            result.reason = result.reason or match["text"].strip()
            return
