# SPDX-License-Identifier: GPL-2.0-only
"""Shards, how evenly they are split, and the durations by which they are split."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ksftci.errors import CiError
from ksftci.results.model import Run, TestResult, Verdict
from ksftci.results.shard import Shard, split
from ksftci.session.durations import Durations

PASS = Verdict.PASS
SECONDS = st.lists(st.floats(0, 1000, allow_nan=False), max_size=60)


@given(SECONDS, st.integers(1, 12))
def test_parts_are_disjoint_complete_and_the_same_each_time(seconds: list[float], parts: int) -> None:
    indices = split(seconds, parts)
    assert len(indices) == parts
    assert sorted(index for part in indices for index in part) == list(range(len(seconds)))
    assert all(part == sorted(part) for part in indices)
    assert split(seconds, parts) == indices


@given(SECONDS, st.integers(1, 12))
def test_no_part_is_longer_than_its_share_and_one_test(seconds: list[float], parts: int) -> None:
    longest = max(sum(seconds[index] for index in part) for part in split(seconds, parts))
    assert longest <= sum(seconds) / parts + max(seconds, default=0) + 1e-6


def test_shards_planned_by_one_real_run_are_balanced_in_another_one() -> None:
    lines = Path(__file__).with_name("seconds.txt").read_text().splitlines()[2:]
    first, second = ([float(line.split()[run]) for line in lines] for run in (0, 1))
    assert len(first) == 1716
    in_order = [list(range(start, start + 215)) for start in range(0, 1716, 215)]

    def imbalance(parts: list[list[int]], seconds: list[float]) -> float:
        """The longest part in terms of the mean."""
        loads = [sum(seconds[index] for index in part if index < len(seconds)) for part in parts]
        return max(loads) / (sum(loads) / len(loads))

    planned = split(first, 8)
    assert imbalance(planned, first) < 1.001
    assert imbalance(planned, second) < 1.15
    assert imbalance(in_order, second) > 2


def test_a_shard_is_read_and_printed_as_it_is_written() -> None:
    assert Shard.parse("3/8") == Shard(3, 8)
    assert str(Shard(3, 8)) == "3/8"


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "1/0", "-1/3", "1/3 ", "²/3"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(CiError, match="allowed: I/N"):
        Shard.parse(text)


def run(*results: tuple[str, Verdict, float | None]) -> Run:
    run = Run("k", "arm64")
    for test, verdict, seconds in results:
        program, _, name = test.partition(".")
        run.results.append(TestResult(program, name, verdict, seconds=seconds))
    return run


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
