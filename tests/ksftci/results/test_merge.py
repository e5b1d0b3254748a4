# SPDX-License-Identifier: GPL-2.0-only
"""Parts of a run and attempts of its tests become one run."""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ksftci.results.merge import add_attempt, join, merge
from ksftci.results.model import Run, TestResult, Verdict

PASS, FAIL, SKIP, NOT_RUN = Verdict.PASS, Verdict.FAIL, Verdict.SKIP, Verdict.NOT_RUN
CRASH, TIMEOUT, ERROR = Verdict.CRASH, Verdict.TIMEOUT, Verdict.ERROR


def run_with(results: dict[str, Verdict] | None = None, kernel: str = "k", repeat: int = 1, **facts: str) -> Run:
    """A run with results by id; `facts` are its environment."""
    run = Run(kernel, "arm64", dict(facts), repeat=repeat)
    for test, verdict in (results or {}).items():
        program, _, name = test.partition(".")
        run.results.append(TestResult(program, name, verdict, f"reason of {verdict.value}", log=[verdict.value]))
    return run


def verdicts(run: Run) -> dict[str, Verdict]:
    return {result.id: result.verdict for result in run.results}


def earlier(run: Run) -> dict[str, list[Verdict]]:
    return {result.id: result.earlier for result in run.results}


def test_shards_of_a_kernel_are_one_run_and_other_kernels_stay() -> None:
    parts = [run_with({"a.x": PASS}, shard="1/2"), run_with(kernel="other"), run_with({"a.y": FAIL}, shard="2/2")]
    merged, other = merge(parts)
    assert verdicts(merged) == {"a.x": PASS, "a.y": FAIL}
    assert (merged.kernel, other.kernel) == ("k", "other")
    assert merged.anomalies == []
    assert "shard" not in merged.environment


def test_repeats_and_architectures_stay_apart() -> None:
    x86 = run_with()
    x86.arch = "x86_64"
    merged = merge([run_with(repeat=2), x86, run_with(), run_with(repeat=2)])
    assert [(run.arch, run.repeat) for run in merged] == [("arm64", 2), ("x86_64", 1), ("arm64", 1)]


def test_logs_without_a_kernel_are_not_taken_for_one_run() -> None:
    assert len(merge([run_with({"a.x": PASS}, kernel=""), run_with({"a.x": FAIL}, kernel="")])) == 2


@pytest.mark.parametrize(
    ("present", "missing"),
    [
        (["3/4", "1/4"], "2/4, 4/4"),
        (["2/2"], "1/2"),
        (["1/3", "", "odd"], "2/3, 3/3"),
        (["1/2", "1/3"], "2/3, 3/3"),
    ],
)
def test_a_missing_shard_is_an_anomaly(present: list[str], missing: str) -> None:
    (merged,) = merge([run_with(shard=shard) for shard in present])
    assert merged.anomalies == [f"missing shards: {missing}"]
    shards = [shard for shard in present if "/" in shard]
    assert merged.environment["shard"] == ", ".join(shards)


def test_runs_without_shards_miss_none() -> None:
    (merged,) = merge([run_with(), run_with()])
    assert (merged.anomalies, merged.environment) == ([], {})


def test_attempts_are_added_in_their_order() -> None:
    attempts = [run_with({"a.x": verdict}, attempt=n) for n, verdict in (("10", PASS), ("2", TIMEOUT))]
    (merged,) = merge([attempts[0], run_with({"a.x": FAIL}), attempts[1]])
    assert verdicts(merged) == {"a.x": PASS}
    assert earlier(merged) == {"a.x": [FAIL, TIMEOUT]}


@pytest.mark.parametrize("attempt", ["", "two", "-2", "1234"])
def test_what_is_no_number_of_an_attempt_is_the_first(attempt: str) -> None:
    (merged,) = merge([run_with({"a.x": PASS}), run_with({"a.x": FAIL}, attempt=attempt)])
    assert verdicts(merged) == {"a.x": FAIL}
    assert merged.anomalies == ["in more than one part, the worse verdict is kept: a.x"]


def test_a_single_part_is_the_run() -> None:
    part = run_with({"a.x": PASS})
    assert join([part]) is part


@given(st.dictionaries(st.sampled_from([f"{p}.{t}" for p in "abc" for t in "uvwxyz"]), st.sampled_from(Verdict)))
def test_parts_without_a_test_in_common_lose_nothing(results: dict[str, Verdict]) -> None:
    tests = list(results)
    parts = [run_with({test: results[test] for test in tests[number::3]}) for number in range(3)]
    joined = join(parts)
    assert verdicts(joined) == results
    assert joined.anomalies == []


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (PASS, SKIP),
        (SKIP, Verdict.XFAIL),
        (Verdict.XPASS, NOT_RUN),
        (NOT_RUN, FAIL),
        (FAIL, TIMEOUT),
        (ERROR, CRASH),
    ],
)
def test_a_test_in_two_parts_keeps_the_worse_verdict(better: Verdict, worse: Verdict, order: int) -> None:
    parts = [run_with({"a.x": better}, shard="1/2"), run_with({"a.x": worse}, shard="2/2")]
    joined = join(parts[::order])
    assert verdicts(joined) == {"a.x": worse}
    assert joined.results[0].reason == f"reason of {worse.value}"
    assert joined.anomalies == ["in more than one part, the worse verdict is kept: a.x"]


def test_an_anomaly_names_no_more_than_five_tests() -> None:
    results = {f"a.{name}": PASS for name in "uvwxyz"}
    joined = join([run_with(results), run_with(results)])
    assert joined.anomalies == ["in more than one part, the worse verdict is kept: a.u, a.v, a.w, a.x, a.y and 1 more"]


def test_failures_about_the_program_are_kept_from_every_part() -> None:
    joined = join([run_with({"a.kernel_log": FAIL}) for _ in range(3)])
    assert list(verdicts(joined)) == ["a.kernel_log", "a.kernel_log#2", "a.kernel_log#3"]
    assert joined.anomalies == []


def test_a_program_that_ended_alike_in_every_part_is_one_result() -> None:
    joined = join([run_with({"a.all": SKIP}), run_with({"a.all": SKIP})])
    assert (verdicts(joined), joined.anomalies) == ({"a.all": SKIP}, [])


@pytest.mark.parametrize("ends", [(FAIL, PASS), (PASS, FAIL)])
def test_a_program_that_ended_differently_is_one_result_and_an_anomaly(ends: tuple[Verdict, Verdict]) -> None:
    joined = join([run_with({"a.exit": end}) for end in ends])
    assert verdicts(joined) == {"a.exit": FAIL}
    assert joined.anomalies == ["in more than one part, the worse verdict is kept: a.exit"]


def test_an_expired_known_issue_is_in_every_shard_and_that_is_not_odd() -> None:
    joined = join([run_with({"known-issues.cow.*": FAIL}), run_with({"known-issues.cow.*": FAIL})])
    assert (len(joined.results), joined.anomalies) == (1, [])


@pytest.mark.parametrize("key", ["release", "page_size"])
def test_parts_of_different_kernels_under_one_name_are_an_anomaly(key: str) -> None:
    joined = join([Run("k", environment={key: value} if value else {}) for value in ("1", "", "2", "1")])
    assert joined.anomalies == [f"parts differ in {key}: 1, 2"]


def test_a_joined_run_has_what_its_parts_have() -> None:
    parts = [run_with(cpus="2"), run_with(cpus="4", nodes="0-1")]
    parts[0].splats, parts[1].splats = [("a", "WARNING")], [("b", "BUG")]
    parts[0].console, parts[1].console = ["ok 1"], ["ok 2"]
    parts[1].interrupted = True
    parts[0].anomalies, parts[1].anomalies = ["odd"], ["odd", "odder"]
    parts[0].seconds, parts[1].seconds = 1, 2
    before = deepcopy(parts)
    joined = join(parts)
    assert joined.splats == [("a", "WARNING"), ("b", "BUG")]
    assert joined.console == ["ok 1", "ok 2"]
    assert joined.interrupted
    assert joined.environment == {"cpus": "2", "nodes": "0-1"}
    assert joined.anomalies == ["odd", "odder"]
    assert joined.seconds == 3
    assert parts == before


def test_the_new_verdict_counts_and_the_old_verdict_is_kept() -> None:
    run = run_with({"a.x": FAIL, "a.y": FAIL, "b.z": PASS})
    add_attempt(run, run_with({"a.x": PASS, "a.y": FAIL}))
    assert verdicts(run) == {"a.x": PASS, "a.y": FAIL, "b.z": PASS}
    assert earlier(run) == {"a.x": [FAIL], "a.y": [FAIL], "b.z": []}
    add_attempt(run, run_with({"a.y": PASS}))
    assert earlier(run) == {"a.x": [FAIL], "a.y": [FAIL, FAIL], "b.z": []}


def test_a_flaky_test_has_the_log_of_every_attempt() -> None:
    run = run_with({"a.x": FAIL})
    for verdict in (PASS, TIMEOUT):
        add_attempt(run, run_with({"a.x": verdict}))
    assert run.results[0].log == [
        "attempt 1: fail reason of fail",
        "fail",
        "attempt 2: pass reason of pass",
        "pass",
        "attempt 3: timeout reason of timeout",
        "timeout",
    ]


def test_a_steady_test_has_its_last_log() -> None:
    run = run_with({"a.x": FAIL})
    add_attempt(run, run_with({"a.x": FAIL}))
    assert run.results[0].log == ["fail"]


def test_a_test_that_the_attempt_did_not_reach_stays_as_it_was() -> None:
    run = run_with({"a.x": FAIL, "a.y": NOT_RUN})
    add_attempt(run, run_with({"a.x": CRASH, "a.y": NOT_RUN}))
    assert verdicts(run) == {"a.x": CRASH, "a.y": NOT_RUN}
    assert earlier(run) == {"a.x": [FAIL], "a.y": []}


@pytest.mark.parametrize(("end", "left"), [(PASS, {}), (CRASH, {"a.test 2": NOT_RUN})])
def test_a_result_without_a_tests_name_is_dropped_when_the_program_completes(
    end: Verdict, left: dict[str, Verdict]
) -> None:
    run = run_with({"a.x": CRASH, "a.test 2": NOT_RUN})
    add_attempt(run, run_with({"a.x": end}))
    assert verdicts(run) == {"a.x": end, **left}


@pytest.mark.parametrize("name", ["exit", "kernel_log", "x/kernel_log", "settings"])
@pytest.mark.parametrize(("end", "verdict"), [(PASS, PASS), (FAIL, PASS), (TIMEOUT, FAIL)])
def test_a_failure_of_the_program_is_gone_when_the_program_completes_without_it(
    name: str, end: Verdict, verdict: Verdict
) -> None:
    run = run_with({"a.x": PASS, f"a.{name}": FAIL})
    add_attempt(run, run_with({"a.x": end}))
    assert verdicts(run) == {"a.x": end, f"a.{name}": verdict}
    assert earlier(run)[f"a.{name}"] == ([FAIL] if verdict is PASS else [])


def test_a_failing_test_that_did_not_run_again_still_fails() -> None:
    run = run_with({"a.x": FAIL, "a.y": FAIL})
    add_attempt(run, run_with({"a.x": PASS}))
    assert verdicts(run) == {"a.x": PASS, "a.y": FAIL}


def test_a_new_result_was_not_run_before() -> None:
    run = run_with({"a.x": FAIL})
    add_attempt(run, run_with({"a.x": PASS, "a.kernel_log": FAIL}))
    assert earlier(run) == {"a.x": [FAIL], "a.kernel_log": [NOT_RUN]}
    assert not run.results[1].flaky


def test_what_is_odd_in_an_attempt_is_odd_in_the_run() -> None:
    run, attempt = run_with(), run_with()
    run.anomalies, attempt.anomalies = ["odd"], ["odd", "odder"]
    run.splats, attempt.splats = [("a", "WARNING")], [("a", "WARNING")]
    attempt.interrupted = True
    add_attempt(run, attempt)
    assert run.anomalies == ["odd", "odder"]
    assert run.splats == [("a", "WARNING")] * 2
    assert run.interrupted
