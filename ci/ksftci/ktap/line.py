# SPDX-License-Identifier: GPL-2.0-only
"""What one line of KTAP says, without regard to the lines before it."""

import re
from typing import NamedTuple

from ksftci.results.model import Measurement, Verdict

_RESULT = re.compile(r"(?P<no>not )?ok(?![^\s#])(?:[ \t]+(?P<number>\d{1,9})(?![^\s#]))?(?P<text>.*)", re.DOTALL)
_PLAN = re.compile(r"1\.\.(?P<count>\d{1,9})(?![^\s#])\s*(?P<text>.*)")
_SKIP_ALL = re.compile(r"#\s*skip\w*\b:?\s*(?P<reason>.*)", re.IGNORECASE)
_VERSION = re.compile(r"K?TAP version \d+\s*")
_RUNNING = re.compile(r"RUN\s+(?P<harness>\S.*?) \.\.\.|\[ ?RUN ?\] (?P<plain>.*\S)\s*")
_MEASURE = re.compile(
    r"measure (?P<name>\w[\w.-]{0,59}) (?P<value>-?\d{1,15}(?:\.\d{1,15})?) (?P<unit>[A-Za-z%][\w%/-]{0,19})\s*",
    re.ASCII,
)
_DIRECTIVE = re.compile(
    r"(?:^|(?<=\s))#\s*(?P<word>SKIP|TODO|XFAIL|XPASS|TIMEOUT|ERROR)\b:?\s*(?P<rest>.*)",
    re.IGNORECASE,
)
_EXIT = re.compile(r"#\s*(?P<text>exit=(?P<status>\d{1,9}))$")
_GLUED = re.compile(r"(?<=[^\s\"'(`])not ok \d{1,9}(?![^\s#])")
_VERDICTS = {
    "SKIP": Verdict.SKIP,
    "TODO": Verdict.XFAIL,
    "XFAIL": Verdict.XFAIL,
    "XPASS": Verdict.XPASS,
    "TIMEOUT": Verdict.TIMEOUT,
    "ERROR": Verdict.ERROR,
}

BEGINNINGS = (
    r"(?:not )?ok(?![^\s#])",
    r"1\.\.\d",
    r"K?TAP version \d",
    "Bail out!",
    r"Subtest: ",
    r"selftests: \S",
    r"running \S",
    r"RUN\s",
    r"\[ ?RUN ?\] ",
    r"\[SKIP\] \S",
    r"measure \w",
)
FIRST = frozenset("on1KTBSsrRm[")
_MAY_BE = re.compile(f"(?=[on1KTBSsrRm[])(?:{'|'.join(BEGINNINGS)})")
may_be = _MAY_BE.match  # whether a line without what it begins with is worth reading


class Said(NamedTuple):
    """What a line is."""

    kind: str  # result, plan, version, bail, running, title, silent, measure
    text: str = ""
    number: int | None = None  # of a result; a plan's count
    failed: bool = False  # a result's "not"; that a plan is skipped
    measured: Measurement | None = None


def read(text: str) -> Said | None:
    """Understand what `may_be` KTAP: a line without stamps and nesting. None: it is none."""
    match text[0]:
        case "o" | "n":
            return _result(text)
        case "1":
            return _plan(text)
        case "B":
            return Said("bail", text[len("Bail out!") :].strip())
        case "S":
            return Said("title", text[len("Subtest: ") :].strip())
        case "s":
            return Said("title", text.strip())
        case "r":
            return Said("title", _pretty(text[len("running ") :]))
        case "m":
            found = measurement(text)
            return Said("measure", measured=found) if found else None
        case "[" if text.startswith("[SKIP] "):  # run_vmtests.sh counts it, and prints no result
            return Said("silent", _pretty(text[len("[SKIP] ") :]))
        case "K" | "T":
            return Said("version") if _VERSION.fullmatch(text) else None
    match_running = _RUNNING.fullmatch(text)
    return Said("running", match_running["harness"] or match_running["plain"]) if match_running else None


def measurement(text: str) -> Measurement | None:
    """The number in "measure NAME VALUE UNIT", or None when the text is something else."""
    match = _MEASURE.fullmatch(text)
    return Measurement(match["name"], float(match["value"]), match["unit"]) if match else None


def glued(text: str) -> str:
    """The "not ok 3 name" that stands behind something else in a line, or ""."""
    match = _GLUED.search(text)
    return text[match.start() :] if match else ""


def _pretty(command: str) -> str:
    """A command as run_vmtests.sh names it."""
    return command.strip().removeprefix("bash ").removeprefix("./")


def _result(text: str) -> Said | None:
    failed = text[0] == "n"
    start = len("not ok ") if failed else len("ok ")
    number, _, rest = text[start:].partition(" ")
    if not (text[start - 1 : start] == " " and number.isdecimal() and number.isascii() and len(number) < 10):
        match = _RESULT.fullmatch(text)
        if match is None:
            return None
        number, rest = match["number"], match["text"]
    rest = rest.strip()
    if rest[:1] == "-" and (len(rest) == 1 or rest[1].isspace()):
        rest = rest[1:].lstrip()
    return Said("result", rest, int(number) if number else None, failed)


def _plan(text: str) -> Said | None:
    match = _PLAN.fullmatch(text)
    if match is None or (match["text"] and match["text"][0] != "#"):
        return None
    skip = _SKIP_ALL.match(match["text"])
    return Said("plan", skip["reason"].strip() if skip else "", int(match["count"]), skip is not None)


def judge(failed: bool, text: str) -> tuple[str, Verdict, str]:
    """(name, verdict, reason) of a result's text: "name", "name # SKIP why", "# SKIP name"."""
    verdict = Verdict.FAIL if failed else Verdict.PASS
    if "#" not in text:
        return text, verdict, ""
    if match := _DIRECTIVE.search(text):
        word, name, rest = (
            match["word"].upper(),
            text[: match.start()].strip(),
            match["rest"].strip(),
        )
        verdict = _VERDICTS[word]
        if word == "TODO" and not failed:
            verdict = Verdict.XPASS
        name = name.replace("\\#", "#")
        if not name:  # a C program puts the directive first
            return rest.replace("\\#", "#"), verdict, ""
        reason = f"timeout after {rest}" if word == "TIMEOUT" and rest else rest
        return name, verdict, reason
    if match := _EXIT.search(text):
        if failed and int(match["status"]) > 128:
            verdict = Verdict.CRASH
        return text[: match.start()].strip(), verdict, match["text"]
    return text.replace("\\#", "#"), verdict, ""
