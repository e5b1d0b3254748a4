# SPDX-License-Identifier: GPL-2.0-only
"""The tests of a kselftest_harness.h program: listed by its option -l, chosen by -r."""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ksftci.machine.machine import Job

_RUN = "-r"
LIST = ("-l",)
_MARKS = (b"# FIXTURE", b"VARIANT")  # texts of test_harness_list_tests()
_HEAD = re.compile(r"# FIXTURE\s+VARIANT\s+TEST")
_RULE = re.compile(r"-{20,}")


def has_harness(program: Path) -> bool:
    """Whether a program understands -l and -r: it contains the texts that the harness prints for -l."""
    data = program.read_bytes()
    return all(mark in data for mark in _MARKS)


def only(job: Job, names: Iterable[str]) -> Job:
    """The job of a harness program, with arguments that make it run the named tests only."""
    return replace(job, args=tuple(word for name in names for word in (_RUN, name)))


def chosen(job: Job) -> list[str]:
    """The tests that the arguments of a job choose; [] when there are no arguments or others than -r NAME."""
    words, names = job.args[::2], job.args[1::2]
    return list(names) if len(words) == len(names) and set(words) == {_RUN} else []


def tests(lines: Iterable[str]) -> list[str]:
    """The names fixture.variant.test or fixture.test, in the order in which they run.

    test_harness_list_tests() of kselftest_harness.h (Linux 7.3) prints a section for each fixture. A row has the
    next variant beside the next test, but they do not belong together: each test runs in each variant.
    """
    names: list[str] = []
    fixture, variants, fixture_tests = "", list[str](), list[str]()

    def end_section() -> None:
        for variant in variants or [""]:
            names.extend(".".join(filter(None, (fixture, variant, test))) for test in fixture_tests)

    in_listing = False
    for line in lines:
        line = line.rstrip()
        if _HEAD.match(line):
            in_listing = True
        elif in_listing and _RULE.fullmatch(line):
            end_section()
            fixture, variants, fixture_tests = "", [], []
        elif in_listing and line:
            first, variant, test = _columns(line)
            fixture = first or fixture
            variants += [variant] if variant else []
            fixture_tests += [test] if test else []
    end_section()
    return names


def _columns(line: str) -> tuple[str, str, str]:
    """Split a row that was printed by "%-20s %-25s %s". A name longer than its column moves the rest to the right."""
    fixture, rest = _split_column(line, 20)
    variant, test = _split_column(rest, 25)
    return fixture, variant, test.strip()


def _split_column(text: str, width: int) -> tuple[str, str]:
    if not text[:width].strip():  # an empty name fills its column with blanks
        return "", text[width + 1 :]
    end = text.find(" ")
    if end < 0:
        return text, ""
    return text[:end], text[max(end, width) + 1 :]
