# SPDX-License-Identifier: GPL-2.0-only
"""Charts: kernels side by side, the median of repeats, short names."""

from statistics import median_low

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ksftci import samples

from ksftci.report.chart import charts
from ksftci.results.model import UNNAMED, Measurement, Run, TestResult, Verdict


def measuring(name: str, *values: float, program: str = "p") -> TestResult:
    """A test that measured times."""
    measured = tuple(Measurement("time", value, "s") for value in values)
    return TestResult(program, name, Verdict.PASS, measured=measured)


def names(*tests: str) -> list[str]:
    """How a chart names these tests."""
    (chart,) = charts([Run("k", results=[measuring(test, 1) for test in tests])])
    return list(chart.rows)


def test_kernels_are_side_by_side_with_the_median_of_their_repeats() -> None:
    time, ratio = charts(samples.measured())
    assert (time.title, time.kernels) == ("mprotect_perf: time, ns/page", ["debian:6.16", "debian:7.3"])
    (row,) = time.rows.values()
    assert [cell and cell.value for cell in row] == [420, 500]
    assert ratio.kernels == ["debian:6.16"]


def test_a_kernel_without_a_measurement_of_the_test_has_an_empty_cell() -> None:
    runs = [
        Run("a", results=[measuring("x", 1), measuring("y", 2)]),
        Run("", results=[measuring("y", 3)]),
        Run("c", results=[measuring("y")]),
    ]
    (chart,) = charts(runs)
    assert chart.kernels == ["a", UNNAMED]
    assert {test: [cell and cell.value for cell in row] for test, row in chart.rows.items()} == {
        "x": [1, None],
        "y": [2, 3],
    }


def test_each_program_name_and_unit_has_a_chart_of_its_own() -> None:
    seconds, hertz = Measurement("m", 1, "s"), Measurement("m", 1, "Hz")
    results = [
        TestResult("p", "t", Verdict.PASS, measured=(seconds, hertz)),
        TestResult("q", "t", Verdict.FAIL, measured=(seconds,)),
    ]
    assert [chart.title for chart in charts([Run("k", results=results)])] == ["p: m, s", "p: m, Hz", "q: m, s"]


def test_without_measurements_there_are_no_charts() -> None:
    assert charts([]) == charts(samples.two_kernels()) == []


@given(st.lists(st.floats(allow_nan=False), min_size=1))
def test_a_cell_is_the_lower_median(values: list[float]) -> None:
    (chart,) = charts([Run("k", results=[measuring("t", value)]) for value in values])
    (cell,) = chart.rows["t"]
    assert cell and cell.value == median_low(values)


@pytest.mark.parametrize(
    ("tests", "shown"),
    [
        (["perf.a.toggle", "perf.b.toggle"], ["a", "b"]),
        (["perf.a.x.toggle", "perf.b.x.fault"], ["a.x.toggle", "b.x.fault"]),
        (["perf.a.toggle"], ["perf.a.toggle"]),
        (["perf.a", "perf.b.toggle"], ["perf.a", "perf.b.toggle"]),
        (["a", "b"], ["a", "b"]),
    ],
)
def test_names_have_only_the_words_from_the_first_to_the_last_difference(tests: list[str], shown: list[str]) -> None:
    assert names(*tests) == shown


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=3, max_size=3).map(".".join), min_size=1, unique=True))
def test_short_names_are_unique(tests: list[str]) -> None:
    assert len(names(*tests)) == len(tests)
