# SPDX-License-Identifier: GPL-2.0-only
"""Shares of the work, what they are measured by, and the whole that they make."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ksftci.errors import CiError
from ksftci.results.merge import join, merge
from ksftci.results.model import Run, TestResult, Verdict
from ksftci.results.shard import Shard, split
from ksftci.session.durations import Durations

PASS, FAIL = Verdict.PASS, Verdict.FAIL
SECONDS = st.lists(st.floats(0, 1000, allow_nan=False), max_size=60)


@given(SECONDS, st.integers(1, 12))
def test_parts_are_disjoint_complete_and_the_same_each_time(seconds: list[float], parts: int) -> None:
    found = split(seconds, parts)
    assert len(found) == parts
    assert sorted(place for part in found for place in part) == list(range(len(seconds)))
    assert all(part == sorted(part) for part in found)
    assert split(seconds, parts) == found


@given(SECONDS, st.integers(1, 12))
def test_no_part_is_longer_than_its_share_and_one_test(seconds: list[float], parts: int) -> None:
    longest = max(sum(seconds[place] for place in part) for part in split(seconds, parts))
    assert longest <= sum(seconds) / parts + max(seconds, default=0) + 1e-6


def test_shards_planned_by_one_real_run_are_balanced_in_another_one() -> None:
    lines = Path(__file__).with_name("seconds.txt").read_text().splitlines()[2:]
    first, second = ([float(line.split()[run]) for line in lines] for run in (0, 1))
    assert len(first) == 1716
    in_order = [list(range(start, start + 215)) for start in range(0, 1716, 215)]

    def imbalance(parts: list[list[int]], seconds: list[float]) -> float:
        """The longest part in terms of the mean."""
        loads = [sum(seconds[place] for place in part if place < len(seconds)) for part in parts]
        return max(loads) / (sum(loads) / len(loads))

    planned = split(first, 8)
    assert imbalance(planned, first) < 1.001
    assert imbalance(planned, second) < 1.15
    assert imbalance(in_order, second) > 2


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "1/0", "-1/3", "1/3 ", "²/3"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(CiError, match="allowed: I/N"):
        Shard.parse(text)


def test_durations_are_means_and_the_median_for_the_unknown() -> None:
    runs = [run(("a.x", PASS, seconds), ("a.y", PASS, 1.0), ("b.exit", PASS, 5.0)) for seconds in (2.0, 4.0)]
    durations = Durations.of_runs(runs)
    assert durations.of_test("a.x") == 3
    assert durations.of_test("new") == 3
    assert (durations.of_program("a"), durations.of_program("new")) == (4, 4.5)
    assert Durations.of_runs([run(("a.x", PASS, 2), ("a.y", PASS, None))]).tests == {"a.x": 2}
    assert Durations().of_test("x") == Durations().of_program("y")


def test_a_log_without_times_has_no_durations(tmp_path: Path) -> None:
    (tmp_path / "x.ktap").write_text("1..1\nok 1 x\n")
    with pytest.raises(CiError, match="no test in it has a time"):
        Durations.read(tmp_path / "x.ktap")


def run(*results: tuple[str, Verdict, float | None], kernel: str = "k", shard: str = "") -> Run:
    found = Run(kernel, "arm64", {"shard": shard} if shard else {})
    for test, verdict, seconds in results:
        program, _, name = test.partition(".")
        found.results.append(TestResult(program, name, verdict, seconds=seconds))
    return found


def verdicts(run: Run) -> dict[str, Verdict]:
    return {result.id: result.verdict for result in run.results}


def test_shards_of_a_kernel_are_one_run_and_other_kernels_stay() -> None:
    parts = [run(("a.x", PASS, 1), shard="1/2"), run(kernel="other"), run(("a.y", FAIL, 1), shard="2/2")]
    whole, other = merge(parts)
    assert verdicts(whole) == {"a.x": PASS, "a.y": FAIL}
    assert (whole.kernel, other.kernel) == ("k", "other")
    assert whole.anomalies == []
    assert "shard" not in whole.environment


def test_a_missing_shard_is_told_even_if_only_one_is_there() -> None:
    (two,) = merge([run(shard="3/4"), run(shard="1/4")])
    assert two.anomalies == ["missing shards: 2/4, 4/4"]
    (one,) = merge([run(shard="2/2")])
    assert one.anomalies == ["missing shards: 1/2"]


@pytest.mark.parametrize("order", [1, -1])
def test_a_test_in_two_parts_keeps_the_worse_verdict(order: int) -> None:
    parts = [run(("a.x", PASS, 1), shard="1/2"), run(("a.x", FAIL, 1), shard="2/2")]
    (whole,) = merge(parts[::order])
    assert verdicts(whole) == {"a.x": FAIL}
    assert whole.anomalies == ["in more than one part, the worse verdict is kept: a.x"]


def test_what_is_about_the_program_is_kept_from_every_part() -> None:
    whole = join([run(("a.kernel_log", FAIL, 1)), run(("a.kernel_log", FAIL, 1)), run(("a.kernel_log", FAIL, 1))])
    assert list(verdicts(whole)) == ["a.kernel_log", "a.kernel_log#2", "a.kernel_log#3"]
    assert whole.anomalies == []


def test_a_program_that_ended_alike_in_every_part_is_one_result() -> None:
    whole = join([run(("a.all", Verdict.SKIP, 1)), run(("a.all", Verdict.SKIP, 1))])
    assert (verdicts(whole), whole.anomalies) == ({"a.all": Verdict.SKIP}, [])
    whole = join([run(("a.exit", FAIL, 1)), run(("a.exit", PASS, 1))])
    assert (verdicts(whole), len(whole.anomalies)) == ({"a.exit": FAIL}, 1)


def test_logs_without_a_kernel_are_not_taken_for_one_run() -> None:
    assert len(merge([run(("a.x", PASS, 1), kernel=""), run(("a.x", FAIL, 1), kernel="")])) == 2


def test_parts_of_different_kernels_under_one_name_are_told() -> None:
    parts = [run(), run()]
    parts[0].environment["release"], parts[1].environment["release"] = "7.3.1", "7.3.2"
    assert join(parts).anomalies == ["parts differ in release: 7.3.1, 7.3.2"]


def test_a_joined_run_has_what_its_parts_have() -> None:
    parts = [run(), run()]
    parts[0].splats, parts[1].splats = [("a", "WARNING")], [("b", "BUG")]
    parts[1].interrupted = True
    parts[1].environment["nodes"] = "0-1"
    parts[0].anomalies, parts[1].anomalies = ["odd"], ["odd", "odder"]
    parts[0].seconds, parts[1].seconds = 1, 2
    whole = join(parts)
    assert whole.splats == [("a", "WARNING"), ("b", "BUG")]
    assert whole.interrupted
    assert whole.environment == {"nodes": "0-1"}
    assert whole.anomalies == ["odd", "odder"]
    assert whole.seconds == 3


def test_an_expired_known_issue_is_in_every_shard_and_that_is_not_odd() -> None:
    whole = join([run(("known-issues.cow.*", FAIL, None)), run(("known-issues.cow.*", FAIL, None))])
    assert (len(whole.results), whole.anomalies) == (1, [])
