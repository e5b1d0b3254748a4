# SPDX-License-Identifier: GPL-2.0-only
"""Which tests may provoke what, and where what they provoked goes."""

import pytest

from ksftci.results.model import NONE_INSIDE, Complaint, TestResult, Verdict
from ksftci.results.provoked import Provoked, built_in, settle

ENTRY = Provoked(test="p.a*", provokes=["WARNING: *demo_*"], reason="a broken descriptor")
WANTED = Complaint(
    "WARNING: demo.c:1 at demo_probe+0x1", ("[1.0] WARNING: demo.c:1 at demo_probe+0x1", "[1.0] Call Trace:")
)
OTHER = Complaint("BUG: Bad page state", ("[1.1] BUG: Bad page state",))


def passed(name: str, program: str = "p") -> TestResult:
    return TestResult(program, name, Verdict.PASS, log=["line"])


def complained(name: str, *complaints: Complaint, program: str = "p") -> TestResult:
    log = [line for complaint in complaints for line in complaint.log]
    result = TestResult(program, name, Verdict.FAIL, f"{complaints[0].headline} (and some more)", log=log)
    result.complaints = complaints
    return result


def test_what_is_provoked_moves_to_the_test() -> None:
    (test,) = settle([passed("a1"), complained("a1/kernel_log", WANTED)], [ENTRY])
    assert test.expected == (f"{WANTED.headline} (a broken descriptor)",)
    assert test.log == ["line", *WANTED.log, f"expected: {WANTED.headline} (a broken descriptor)"]


def test_lines_that_the_test_has_are_not_there_twice() -> None:
    test = passed("a1")
    test.log += WANTED.log
    settle([test, complained("a1/kernel_log", WANTED)], [ENTRY])
    assert test.log[:-1] == ["line", *WANTED.log]


@pytest.mark.parametrize(
    ("name", "complaint"), [("b1/kernel_log", WANTED), ("a1/kernel_log", OTHER), ("kernel_log", WANTED)]
)
def test_another_test_and_another_complaint_stay(name: str, complaint: Complaint) -> None:
    results = [passed("a1"), complained(name, complaint)]
    assert settle(results, [ENTRY]) == results
    assert results[0].expected == ()


def test_what_is_not_expected_stays_alone() -> None:
    test, rest = settle([passed("a1"), complained("a1/kernel_log", WANTED, OTHER)], [ENTRY])
    assert (rest.verdict, rest.reason, rest.log) == (Verdict.FAIL, OTHER.headline, list(OTHER.log))
    assert len(test.expected) == 1


def test_without_a_test_of_its_program_before_it_the_complaint_itself_passes() -> None:
    for before in ([], [passed("a1", "other")]):
        *_, result = settle([*before, complained("a1/kernel_log#2", WANTED)], [ENTRY])
        assert (result.verdict, result.reason, len(result.expected)) == (Verdict.PASS, "", 1)


def test_a_stack_alone_is_expected_anywhere() -> None:
    bare = Complaint("asked for it", ("Call Trace:",), bare=True)
    (test,) = settle([passed("x"), complained("x/kernel_log", bare)], [])
    assert test.expected == ("asked for it (a stack alone, as dump_stack() prints it)",)


def test_a_program_may_be_named_as_runner_sh_does() -> None:
    entry = Provoked(test="*lkdtm:BUG.sh*", provokes=["kernel BUG at *"], reason="r")
    for program, name in [("lkdtm:BUG.sh", "kernel_log"), ("log", "selftests: lkdtm: BUG.sh/kernel_log")]:
        assert entry.matches(complained(name, OTHER, program=program))
    assert not entry.matches(complained("kernel_log", OTHER, program="lkdtm:OTHER_BUG.sh"))


def test_a_parent_that_fails_because_of_a_complaint_is_settled_with_it() -> None:
    for complaint, kept in ((WANTED, ["a", "a/a1"]), (OTHER, ["a/a1", "a/a1/kernel_log"])):
        parent = TestResult("p", "a", Verdict.FAIL, NONE_INSIDE)
        results = settle([passed("a/a1"), complained("a/a1/kernel_log", complaint), parent], [ENTRY])
        assert sorted(result.name for result in results) == kept


def test_the_entries_that_are_built_in_are_read_and_name_a_file() -> None:
    assert len(built_in()) > 30
    assert [entry.test for entry in built_in() if "/" not in entry.reason] == []
