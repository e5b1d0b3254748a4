# SPDX-License-Identifier: GPL-2.0-only
"""What one line of KTAP says, without regard to the lines before it.

Sources, as of v7.3: Documentation/dev-tools/ktap.rst, lib/kunit/test.c, and in tools/testing/selftests kselftest.h,
kselftest_harness.h, kselftest/runner.sh, mm/run_vmtests.sh.
"""

import re
from dataclasses import dataclass

from ksftci.results.model import Measurement

_RESULT = re.compile(r"(?P<no>not )?ok(?![^\s#])(?:[ \t]+(?P<number>\d{1,9})(?![^\s#]))?(?P<text>.*)", re.DOTALL)
_PLAN = re.compile(r"1\.\.(?P<count>\d{1,9})(?![^\s#])\s*(?P<text>.*)")
_SKIP_ALL = re.compile(r"#\s*skip\w*\b:?\s*(?P<reason>.*)", re.IGNORECASE)
_VERSION = re.compile(r"K?TAP version \d+\s*")
_RUNNING = re.compile(r"RUN\s+(?P<harness>\S.*?) \.\.\.|\[ ?RUN ?\] (?P<plain>.*\S)\s*")
_MEASURE = re.compile(
    r"measure (?P<name>\w[\w.-]{0,59}) (?P<value>-?\d{1,15}(?:\.\d{1,15})?) (?P<unit>[A-Za-z%][\w%/-]{0,19})\s*",
    re.ASCII,
)
_GLUED = re.compile(r"(?<=[^\s\"'(`])not ok \d{1,9}(?![^\s#])")

# What a line of KTAP begins with, as regular expressions, and the first characters of them all.
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
_MAY_BE = re.compile(f"(?=[{re.escape(''.join(sorted(FIRST)))}])(?:{'|'.join(BEGINNINGS)})")
may_be = _MAY_BE.match  # whether a line without stamps and nesting is worth a `read`


# Not frozen: a frozen object takes four times as long to make, and a stamped log has one for each result.
@dataclass(slots=True)
class Result:
    """`ok 3 name # SKIP why`, `not ok name`."""

    number: int | None  # None: the line has no number
    failed: bool  # whether the line begins with "not"
    text: str  # the name and the directive, for `directive.judge`
    bare: bool = False  # neither a number nor a dash stands before the text, which may be of no test


@dataclass(slots=True)
class Plan:
    """`1..3`, or `1..0 # SKIP no swap` of a program that skips all of its tests."""

    count: int
    skip_reason: str | None  # None: nothing is skipped; "": no reason is given


@dataclass(slots=True)
class Version:
    """`KTAP version 1`, `TAP version 13`: a stream begins."""


@dataclass(slots=True)
class BailOut:
    """`Bail out! cannot mount debugfs`: the program ends before its time."""

    reason: str


@dataclass(slots=True)
class Running:
    """`RUN cow.thp ...` of kselftest_harness.h, `[RUN] cow` of other programs: a test begins."""

    test: str


@dataclass(slots=True)
class Subtest:
    """`Subtest: name`: a test whose inner tests follow, as KUnit's kunit_print_suite_start() prints it."""

    name: str


@dataclass(slots=True)
class RunnerTitle:
    """`selftests: mm: cow`: a program whose tests follow, as runner.sh's run_one() prints it."""

    name: str  # the whole line, which is the name of the result to come


@dataclass(slots=True)
class VmtestsTitle:
    """`running ./cow -x`: a program whose tests follow, as run_test() of run_vmtests.sh prints it between two rules."""

    name: str  # the name of the result to come


@dataclass(slots=True)
class SkippedSilently:
    """`[SKIP] ./khugepaged all:file`: run_vmtests.sh counts this test, and prints no result of it."""

    name: str


@dataclass(slots=True)
class Measured:
    """`measure time 31.25 ns/page`: a test measured something; docs/measurements.md."""

    measurement: Measurement


Statement = (
    Result | Plan | Version | BailOut | Running | Subtest | RunnerTitle | VmtestsTitle | SkippedSilently | Measured
)


def read(text: str) -> Statement | None:
    """What a line says for which `may_be` is true. None: the line is no KTAP."""
    match text[0]:
        case "o" | "n":
            return _result(text)
        case "1":
            return _plan(text)
        case "B":
            return BailOut(text[len("Bail out!") :].strip())
        case "S":
            return Subtest(text[len("Subtest: ") :].strip())
        case "s":
            return RunnerTitle(text.strip())
        case "r":
            return VmtestsTitle(_pretty_name(text[len("running ") :]))
        case "m":
            taken = measurement(text)
            return Measured(taken) if taken else None
        case "[" if text.startswith("[SKIP] "):
            return SkippedSilently(_pretty_name(text[len("[SKIP] ") :]))
        case "K" | "T":
            return Version() if _VERSION.fullmatch(text) else None
    match = _RUNNING.fullmatch(text)
    return Running(match["harness"] or match["plain"]) if match else None


def measurement(text: str) -> Measurement | None:
    """The number in "measure NAME VALUE UNIT", or None when the text is something else."""
    match = _MEASURE.fullmatch(text)
    return Measurement(match["name"], float(match["value"]), match["unit"]) if match else None


def glued(text: str) -> str:
    """The "not ok 3 name" that follows other words in a line, or ""."""
    match = _GLUED.search(text)
    return text[match.start() :] if match else ""


def _pretty_name(command: str) -> str:
    """The name of a command in run_vmtests.sh's results: its pretty_name()."""
    return command.strip().removeprefix("bash ").removeprefix("./")


def _result(text: str) -> Result | None:
    failed = text[0] == "n"
    start = len("not ok ") if failed else len("ok ")
    number, _, rest = text[start:].partition(" ")
    if not (text[start - 1 : start] == " " and number.isdecimal() and number.isascii() and len(number) < 10):
        match = _RESULT.fullmatch(text)
        if match is None:
            return None
        number, rest = match["number"], match["text"]
    rest = rest.strip()
    dash = rest[:1] == "-" and (len(rest) == 1 or rest[1].isspace())
    if dash:
        rest = rest[1:].lstrip()
    return Result(int(number) if number else None, failed, rest, not (number or dash))


def _plan(text: str) -> Plan | None:
    match = _PLAN.fullmatch(text)
    if match is None or (match["text"] and match["text"][0] != "#"):
        return None
    skip = _SKIP_ALL.match(match["text"])
    return Plan(int(match["count"]), skip["reason"].strip() if skip else None)
