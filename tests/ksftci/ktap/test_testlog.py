# SPDX-License-Identifier: GPL-2.0-only
"""What is kept of a long log, and what a log says about a result."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ksftci.ktap.place import Place
from ksftci.ktap.testlog import KEPT, TestLog, explain
from ksftci.results.model import Measurement, TestResult, Verdict

COUNTS = st.integers(0, 6 * KEPT)


def kept(lines: list[str]) -> list[str]:
    """What a log must keep of lines."""
    left_out = len(lines) - 2 * KEPT
    return [*lines[:KEPT], f"[{left_out} lines left out]", *lines[-KEPT:]] if left_out > 0 else lines


@given(COUNTS)
def test_the_first_and_the_last_lines_are_kept(count: int) -> None:
    lines = [f"line {number}" for number in range(count)]
    log = TestLog()
    for line in lines:
        log.add(line)
    assert log.all() == kept(lines)
    assert log.all() == kept(lines)


@given(st.lists(st.tuples(st.integers(1, 3 * KEPT), st.booleans()), max_size=6))
def test_many_lines_at_once_are_as_line_by_line(blocks: list[tuple[int, bool]]) -> None:
    log = TestLog()
    lines: list[str] = []
    for count, with_empty_line in blocks:
        block = [f"line {len(lines) + number}" for number in range(count)]
        log.extend("\n".join([block[0], "", *block[1:]] if with_empty_line else block))
        lines += block
    assert log.all() == kept(lines)


def test_a_very_long_line_is_cut() -> None:
    log = TestLog()
    log.extend("x" * 4097)
    log.add("y" * 4096)
    assert log.all() == ["x" * 4096 + " [1 characters left out]", "y" * 4096]


@example(count=1400, places=[600])
@example(count=1400, places=[600, 1390])
@given(COUNTS, st.lists(COUNTS, max_size=3))
def test_the_place_is_that_of_the_first_assertion(count: int, places: list[int]) -> None:
    log = TestLog()
    for number in range(count):
        log.add(f"# a/b.c:{number}:test:Expected {number}" if number in places else "# chatter")
    first = min((place for place in places if place < count), default=None)
    expected = None if first is None else Place("a/b.c", first, f"Expected {first}")
    assert log.place() == expected


def test_a_skipped_assertion_is_no_place() -> None:
    log = TestLog()
    log.add("# a.c:1:test:SKIP      no swap")
    log.add("# a.c:2:Expected 1 == 2")
    assert log.place() == Place("a.c", 2, "Expected 1 == 2")


def test_of_measurements_with_one_name_the_last_counts() -> None:
    log = TestLog()
    for name, value in (("time", 1.0), ("faults", 2.0), ("time", 3.0)):
        log.measure(Measurement(name, value, "ns"))
    measured = (log.measured or {}).values()
    assert [(measurement.name, measurement.value) for measurement in measured] == [("faults", 2.0), ("time", 3.0)]


def test_rules() -> None:
    log = TestLog()
    assert not log.ends_with_rule()
    for line, rule in (("# ----------", True), ("# running ./x", False), ("---", True), ("--", False)):
        log.add(line)
        assert log.ends_with_rule() is rule


def explained(verdict: Verdict, *lines: str, reason: str = "") -> TestResult:
    log = TestLog()
    for line in lines:
        log.add(line)
    result = TestResult("p", "name", verdict, reason, log=log.all())
    explain(result, log)
    return result


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (("# first words", "# last words"), "last words"),
        (("# words", "# [SKIP]", "# ok 1 inner", "#"), "words"),
        (("# [SKIP]",), "name"),
        ((), "name"),
    ],
)
def test_the_reason_of_a_skip(lines: tuple[str, ...], reason: str) -> None:
    assert explained(Verdict.SKIP, *lines).reason == reason
    assert explained(Verdict.SKIP, *lines, reason="no swap").reason == "no swap"


@pytest.mark.parametrize(
    ("line", "verdict", "reason"),
    [
        ("# name: Test terminated by timeout", Verdict.TIMEOUT, "the test's own limit"),
        ("# name: Test terminated unexpectedly by signal 11", Verdict.CRASH, "signal 11"),
        ("# name: Test terminated by assertion", Verdict.FAIL, ""),
    ],
)
def test_how_the_harness_ended_a_test(line: str, verdict: Verdict, reason: str) -> None:
    result = explained(Verdict.FAIL, "# words", line, "# words")
    assert (result.verdict, result.reason) == (verdict, reason)
    assert explained(Verdict.ERROR, line).verdict is Verdict.ERROR


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Expected 'ok' == 'page 2: it's 'r', not 'w''.", "page 2: it's 'r', not 'w'"),
        ("Expected 'ok' == ''.", "Expected 'ok' == ''."),
        ("Expected 'ok' == 'page 2", "Expected 'ok' == 'page 2"),
        ("Expected 'ok' != 'ok'.", "Expected 'ok' != 'ok'."),
        ("Expected 'r' == 'w'.", "Expected 'r' == 'w'."),
    ],
)
def test_the_reason_is_what_came_where_ok_was_expected(text: str, reason: str) -> None:
    result = explained(Verdict.FAIL, f"# a.c:7:write:{text}")
    assert (result.line, result.reason) == (7, reason)


def test_a_failure_has_the_place_of_its_assertion() -> None:
    line = "# cow.c:12:fork:Expected 1 (1) == 2 (2)"
    result = explained(Verdict.FAIL, line)
    assert (result.file, result.line, result.reason) == ("cow.c", 12, "Expected 1 (1) == 2 (2)")
    assert explained(Verdict.FAIL, line, reason="exit=1").reason == "exit=1"
    assert explained(Verdict.FAIL, "# cow.c:0:fork:x").line is None
    for verdict in (Verdict.PASS, Verdict.XFAIL, Verdict.SKIP):
        assert explained(verdict, line).file is None


@pytest.mark.parametrize("stamp", ["", "[    1.234567] "])
def test_how_kunit_ended_a_test(stamp: str) -> None:
    lines = [f"{stamp}    # two: try timed out", f"{stamp}    # two: test case timed out", f"{stamp}    # two: words"]
    result = explained(Verdict.FAIL, *lines)
    assert (result.verdict, result.reason) == (Verdict.FAIL, "test case timed out")
    assert explained(Verdict.FAIL, *lines, reason="exit=1").reason == "exit=1"


def test_many_measurements_take_linear_time() -> None:
    log, number = TestLog(), 100_000
    for repeat in range(2):
        for index in range(number):
            log.measure(Measurement(f"m{index}", repeat, "ns"))
    assert log.measured is not None
    assert len(log.measured) == number
    assert {measurement.value for measurement in log.measured.values()} == {1}
