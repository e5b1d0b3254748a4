# SPDX-License-Identifier: GPL-2.0-only
"""Levels that open and close, and results that may not be lost when they do."""

from hypothesis import given
from hypothesis import strategies as st

from ksftci.ktap.levels import ALL, Levels, skip_of_all
from ksftci.ktap.nesting import Level, flat
from ksftci.results.model import TestResult, Verdict

DEPTHS = st.lists(st.integers(0, 6), max_size=12)


def result(name: str, verdict: Verdict = Verdict.PASS) -> TestResult:
    return TestResult("p", name, verdict)


def outcome(levels: Levels) -> dict[str, str]:
    """Name to verdict of all results, when there are no more lines."""
    levels.end()
    return {result.name: result.verdict.value for result in flat(levels.lowest.items)}


@given(DEPTHS)
def test_levels_lie_in_order_of_depth(depths: list[int]) -> None:
    levels = Levels("p")
    for depth in depths:
        level = levels.level(depth)
        assert level.depth == depth and levels.level(depth) is level
    assert [level.depth for level in levels.stack] == sorted({0, *depths})
    assert levels.stack[0] is levels.lowest


@given(st.lists(st.tuples(st.integers(0, 6), st.sampled_from(["put", "close", "flush", "end"])), max_size=20))
def test_no_result_is_lost(steps: list[tuple[int, str]]) -> None:
    levels = Levels("p")
    names = []
    for number, (depth, step) in enumerate(steps):
        if step == "put":
            names.append(f"test{number}")
            levels.add(levels.level(depth), result(names[-1]))
        elif step == "close":
            inner = levels.close(depth)
            assert levels.stack[-1].depth <= depth
            if inner is not None:
                assert inner.depth > depth
                levels.level(depth).take_in(inner)
        elif step == "flush":
            levels.flush(depth)
            assert levels.stack[-1].depth < depth or levels.stack == [levels.lowest]
        else:
            levels.end()
            assert levels.stack == [levels.lowest]
    assert sorted(outcome(levels)) == sorted(names)
    assert levels.finished == len(names)


def test_results_are_counted_once_each() -> None:
    levels = Levels("p")
    inner = levels.level(2)
    inner.plan = 3
    for name, verdict in (("good", Verdict.PASS), ("bad", Verdict.FAIL)):
        inner.note(None)
        levels.add(inner, result(name, verdict))
    assert (levels.finished, levels.failed, inner.failed, levels.lowest.failed) == (2, 1, True, False)
    assert outcome(levels) == {"good": "pass", "bad": "fail", "test 3": "not_run"}
    assert (levels.finished, levels.failed, levels.lowest.failed) == (3, 2, True)
    levels.count(result("elsewhere", Verdict.ERROR))
    assert (levels.finished, levels.failed, len(levels.lowest.items)) == (4, 3, 3)


def test_the_results_inside_one_to_come_are_given() -> None:
    levels = Levels("p")
    levels.add(levels.level(4), result("deep"))
    inner = levels.level(2)
    levels.add(inner, result("inner"))
    assert levels.close(4) is None
    assert levels.close(0) is inner
    assert [item.name for item in flat(inner.items)] == ["inner", "deep"]
    assert levels.close(0) is None


def test_a_title_stands_for_a_result_that_never_came() -> None:
    levels = Levels("p")
    for title in ("cut", "failed", "empty"):
        level = levels.level(2)
        level.title = title
        if title != "empty":
            levels.add(level, result("inner", Verdict.FAIL if title == "failed" else Verdict.PASS))
        levels.flush(2)
    assert outcome(levels) == {
        "cut/inner": "pass",
        "cut": "not_run",
        "failed/inner": "fail",
        "empty": "not_run",
    }


def test_a_program_that_skips_all_of_itself_needs_no_result() -> None:
    levels = Levels("p")
    level = levels.level(2)
    level.title = "skipped"
    levels.add(level, result(ALL, Verdict.SKIP))
    assert skip_of_all(level) is level.items[0]
    assert outcome(levels) == {"skipped": "skip"}


def test_what_is_no_skip_of_all() -> None:
    for items in ([], [result(ALL)], [result("x", Verdict.SKIP)], [result(ALL, Verdict.SKIP), result("x")]):
        assert skip_of_all(Level(0, items=[*items])) is None


def planned(plan: int | None, *numbers: int, title: str = "") -> Levels:
    """Levels with passing results of these numbers in one level."""
    levels = Levels("p")
    level = levels.level(2)
    level.plan, level.title = plan, title
    for number in numbers:
        level.note(number)
        levels.add(level, result(f"test {number}"))
    return levels


def test_anomalies_of_plan_and_numbers() -> None:
    for levels, anomalies in (
        (planned(2, 1, 2), []),
        (planned(None, 1, 2), ["p: no plan"]),
        (planned(None), []),
        (planned(3, 2), ["p: 3 tests planned, 1 reported"]),
        (planned(2, 2, 4), ["p: numbers 1 are missing"]),
        (planned(2, 1, 3, title="t"), ["p: t: numbers 2 are missing", "p: no plan"]),
    ):
        levels.end()
        assert list(levels.anomalies) == anomalies


def test_anomalies_are_kept_once_and_not_without_end() -> None:
    levels = Levels("p")
    for number in range(200):
        levels.add_anomaly("the same")
        levels.add_anomaly(f"number {number}")
    assert list(levels.anomalies)[:3] == ["p: the same", "p: number 0", "p: number 1"]
    assert len(levels.anomalies) == 100


def test_what_is_missing_after_a_skip_was_skipped() -> None:
    for last, inner_skipped, verdict in (
        (Verdict.SKIP, True, "skip"),
        (Verdict.SKIP, False, "not_run"),
        (Verdict.PASS, True, "not_run"),
    ):
        levels = planned(2)
        level = levels.level(2)
        level.note(1)
        levels.add(level, result("last", last))
        inner = levels.close(0, inner_skipped)
        assert inner is level
        assert [(r.name, r.verdict.value) for r in flat(level.items)][1:] == [("test 2", verdict)]


def test_a_test_without_a_result_that_said_skip() -> None:
    levels = planned(3, 1, 3)
    levels.level(2).silent[2] = "khugepaged all:file"
    assert outcome(levels) == {"test 1": "pass", "test 3": "pass", "khugepaged all:file": "skip"}
    assert levels.anomalies == {}


def test_very_many_missing_results_are_one() -> None:
    for plan, count in ((1000, 1000), (1001, 1)):
        levels = planned(plan)
        levels.end()
        assert levels.finished == levels.failed == count
