# SPDX-License-Identifier: GPL-2.0-only
"""What one line of KTAP says, without regard to the lines before it."""

import re
from collections.abc import Callable
from typing import NamedTuple

from ksftci.results import Verdict

_RESULT = re.compile(r"(?P<no>not )?ok(?![^\s#])(?:[ \t]+(?P<number>\d{1,9})(?![^\s#]))?(?P<text>.*)", re.DOTALL)
_PLAN = re.compile(r"1\.\.(?P<count>\d{1,9})(?![^\s#])\s*(?P<text>.*)")
_SKIP_ALL = re.compile(r"#\s*skip\w*\b:?\s*(?P<reason>.*)", re.IGNORECASE)
_VERSION = re.compile(r"K?TAP version \d+\s*")
_RUNNING = re.compile(r"RUN\s+(?P<harness>\S.*?) \.\.\.|\[ ?RUN ?\] (?P<plain>.*\S)\s*")
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

# The first character, to what must match for the line to be worth a closer look.
LOOK: dict[str, Callable[[str], object]] = {
    "o": re.compile(r"ok(?![^\s#])").match,
    "n": re.compile(r"not ok(?![^\s#])").match,
    "1": re.compile(r"1\.\.\d").match,
    "K": re.compile(r"KTAP version \d").match,
    "T": re.compile(r"TAP version \d").match,
    "B": re.compile(r"Bail out!").match,
    "S": re.compile(r"Subtest: ").match,
    "s": re.compile(r"selftests: \S").match,
    "r": re.compile(r"running \S").match,
    "R": re.compile(r"RUN\s").match,
    "[": re.compile(r"\[ ?RUN ?\] |\[SKIP\] \S").match,
}


class Said(NamedTuple):
    """What a line is."""

    kind: str  # result, plan, version, bail, running, title, silent
    text: str = ""
    number: int | None = None  # of a result; a plan's count
    failed: bool = False  # a result's "not"; that a plan is skipped


def read(text: str) -> Said | None:
    """Understand a line without what it begins with: stamps and nesting. None: it is not KTAP."""
    look = LOOK.get(text[:1])
    if look is None or not look(text):
        return None
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
        case "[" if text.startswith("[SKIP] "):  # run_vmtests.sh counts it, and prints no result
            return Said("silent", _pretty(text[len("[SKIP] ") :]))
        case "K" | "T":
            return Said("version") if _VERSION.fullmatch(text) else None
    match_running = _RUNNING.fullmatch(text)
    return Said("running", match_running["harness"] or match_running["plain"]) if match_running else None


def glued(text: str) -> str:
    """The "not ok 3 name" that stands behind something else in a line, or ""."""
    match = _GLUED.search(text)
    return text[match.start() :] if match else ""


def _pretty(command: str) -> str:
    """A command as run_vmtests.sh names it."""
    return command.strip().removeprefix("bash ").removeprefix("./")


def _result(text: str) -> Said | None:
    failed = text[0] == "n"
    number, _, rest = text[7 if failed else 3 :].partition(" ")
    if not (number.isdecimal() and number.isascii() and len(number) < 10):  # not the usual form
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
