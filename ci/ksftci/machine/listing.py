# SPDX-License-Identifier: GPL-2.0-only
"""The tests of a kselftest_harness.h program, from its own `-l`."""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ksftci.machine.machine import Job

_RUN = "-r"
LIST = ("-l",)
_MARKS = (b"# FIXTURE", b"VARIANT")
_HEAD = re.compile(r"# FIXTURE\s+VARIANT\s+TEST")
_RULE = re.compile(r"-{20,}")


def has_harness(program: Path) -> bool:
    """Whether a program understands -l and -r: the harness's own words are in it."""
    data = program.read_bytes()
    return all(mark in data for mark in _MARKS)


def only(job: Job, names: Iterable[str]) -> Job:
    """The job of a harness program with nothing but these of its tests."""
    return replace(job, args=tuple(word for name in names for word in (_RUN, name)))


def chosen(job: Job) -> list[str]:
    """The tests that the arguments of a job choose; [] when they choose none, or say something else."""
    words, names = job.args[::2], job.args[1::2]
    return list(names) if len(words) == len(names) and set(words) == {_RUN} else []


def tests(lines: Iterable[str]) -> list[str]:
    """The names fixture.variant.test or fixture.test, in the order in which they run.

    The harness prints, fixture by fixture, variants and tests beside each other in two columns of
    which each has its own length; every test runs in every variant.
    """
    names: list[str] = []
    fixture, variants, of_fixture = "", list[str](), list[str]()

    def close() -> None:
        for variant in variants or [""]:
            names.extend(".".join(filter(None, (fixture, variant, test))) for test in of_fixture)

    listing = False
    for line in lines:
        line = line.rstrip()
        if _HEAD.match(line):
            listing = True
        elif listing and _RULE.fullmatch(line):
            close()
            fixture, variants, of_fixture = "", [], []
        elif listing and line:
            first, variant, test = _columns(line)
            fixture = first or fixture
            variants += [variant] if variant else []
            of_fixture += [test] if test else []
    close()
    return names


def _columns(line: str) -> tuple[str, str, str]:
    """Take "%-20s %-25s %s" apart. A name longer than its column moves the rest to the right."""
    fixture, rest = _cut(line, 20)
    variant, test = _cut(rest, 25)
    return fixture, variant, test.strip()


def _cut(text: str, width: int) -> tuple[str, str]:
    if not text[:width].strip():  # an empty field is exactly its width
        return "", text[width + 1 :]
    end = text.find(" ")
    if end < 0:
        return text, ""
    return text[:end], text[max(end, width) + 1 :]
