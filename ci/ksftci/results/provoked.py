# SPDX-License-Identifier: GPL-2.0-only
"""Complaints of the kernel that a test is there to provoke: they are expected, and fail nothing.

provoked.yaml has those of Linux's own tests; a file of known issues may have more. An entry covers the tests and the
complaints that it names: any other complaint during the test is a failure, as everywhere.
"""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import as_file, files
from typing import Annotated

from pydantic import BeforeValidator, Field

from ksftci.host.yamlfile import read_list
from ksftci.results.entry import Entry, Text
from ksftci.results.model import KERNEL_LOG, NONE_INSIDE, Complaint, TestResult, Verdict, reason_of

_STACK = "a stack alone, as dump_stack() prints it"


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


class Provoked(Entry):
    """One entry: what some tests provoke, and why that is right."""

    provokes: Annotated[list[Text], Field(min_length=1), BeforeValidator(_as_list)]  # fnmatch patterns for headlines

    def matches(self, result: TestResult) -> bool:
        """Whether the entry is about the test, or about the test during which the kernel complained."""
        pattern = _subject(self.test)
        return any(fnmatchcase(_subject(name), pattern) for name in (result.id, _test_of(result)))

    def covers(self, complaint: Complaint) -> bool:
        """Whether the entry is about the complaint."""
        return any(fnmatchcase(complaint.headline, pattern) for pattern in self.provokes)


@cache
def built_in() -> Sequence[Provoked]:
    """What Linux's own tests provoke."""
    with as_file(files("ksftci.results").joinpath("provoked.yaml")) as path:
        return [entry for _, entry in read_list(path, Provoked)]


def settle(results: Iterable[TestResult], entries: Sequence[Provoked] | None = None) -> list[TestResult]:
    """The results, where complaints that were provoked are part of the test that provoked them.

    Without `entries` those that are built in count. A test that says "not ok" for no other reason than a complaint
    inside it stays only if that complaint is gone.
    """
    settled: list[TestResult] = []
    for result in results:
        rest: TestResult | None = result
        if result.complaints:
            rest = _excuse(result, settled, built_in() if entries is None else entries)
        if rest is not None and not (rest.reason == NONE_INSIDE and _has_complaint(settled, rest)):
            settled.append(rest)
    return settled


def _excuse(result: TestResult, before: Sequence[TestResult], entries: Sequence[Provoked]) -> TestResult | None:
    """Move what is expected to the test. Gives the result for the rest; None if there is none."""
    entries = [entry for entry in entries if entry.matches(result)]
    reasons = [_reason(complaint, entries) for complaint in result.complaints]
    if not any(reasons):
        return result
    complaints = result.complaints
    result.complaints = tuple(c for c, reason in zip(complaints, reasons, strict=True) if not reason)
    test = next((other for other in reversed(before) if not other.of_kernel), None)
    if test is None or test.program != result.program:
        test, result.complaints, rest = result, (), result.complaints
        if rest:
            result.complaints, result.reason = rest, reason_of(rest)
        else:
            result.verdict, result.reason = Verdict.PASS, ""
    elif result.complaints:
        result.reason = reason_of(result.complaints)
        result.log = [line for complaint in result.complaints for line in complaint.log] or result.log
    for complaint, reason in zip(complaints, reasons, strict=True):
        if reason:
            _expect(test, complaint, reason)
    return result if result.complaints or test is result else None


def _expect(test: TestResult, complaint: Complaint, reason: str) -> None:
    """Note in a test, and in its log, what it provoked."""
    text = f"{complaint.headline} ({reason})"
    test.expected = (*test.expected, text)
    new = [line for line in complaint.log if line not in test.log]
    test.log = [*test.log, *new, f"expected: {text}"]


def _reason(complaint: Complaint, entries: Sequence[Provoked]) -> str:
    """Why a complaint is expected, or ""."""
    if complaint.bare:
        return _STACK
    return next((entry.explanation for entry in entries if entry.covers(complaint)), "")


def _has_complaint(results: Sequence[TestResult], parent: TestResult) -> bool:
    """Whether the kernel complained inside a test."""
    inside = "" if parent.of_program else f"{parent.name}/"
    return any(
        result.of_kernel and result.verdict.bad and result.program == parent.program and result.name.startswith(inside)
        for result in results
    )


def _test_of(result: TestResult) -> str:
    """The id of the test during which the kernel complained; of the program, if it is about all of that."""
    name, _, last = result.name.rpartition("/")
    if last.partition("#")[0] != KERNEL_LOG:
        return result.id
    return f"{result.program}.{name}" if name else result.program


def _subject(name: str) -> str:
    """A name in which a program is FOLDER:PROGRAM, as in ids and not as runner.sh prints it."""
    return name.replace("selftests: ", "").replace(": ", ":")
