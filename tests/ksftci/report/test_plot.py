# SPDX-License-Identifier: GPL-2.0-only
"""The plot of a chart: nothing is drawn outside of it, larger values are higher, and labels do not overlap."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ksftci.report.chart import Chart, Row
from ksftci.report.plot import Plot, plot
from ksftci.results.model import Measurement

positive = st.floats(1e-12, 1e12).map(lambda value: Measurement("m", value, "s"))


def chart_of(*rows: Row) -> Chart:
    return Chart("t", [f"k{n}" for n in range(len(rows[0]))], {f"t{n}": row for n, row in enumerate(rows)})


def drawn(*rows: Sequence[float | None]) -> Plot:
    cells: list[Row] = [[None if value is None else Measurement("m", value, "s") for value in row] for row in rows]
    result = plot(chart_of(*cells))
    assert result is not None
    return result


@given(
    st.integers(2, 5).flatmap(
        lambda n: st.lists(
            st.lists(positive | st.none(), min_size=n, max_size=n).filter(any),
            min_size=1,
            max_size=8,
        )
    )
)
def test_all_points_are_inside_and_larger_values_are_higher(rows: list[Row]) -> None:
    result = plot(chart_of(*rows))
    assert result is not None
    points = [
        (cell.value, y)
        for row, line in zip(rows, result.lines, strict=True)
        for cell, (_, y, _) in zip(filter(None, row), line.points, strict=True)
    ]
    by_value = [y for _, y in sorted(points, key=lambda point: point[0])]
    assert by_value == sorted(by_value, reverse=True)
    bottom, top = result.ticks[0][0], result.ticks[-1][0]
    assert all(top <= y <= bottom for _, y in points)
    assert all(result.left <= x <= result.right for line in result.lines for x, _, _ in line.points)
    labels = sorted(line.label for line in result.lines)
    assert all(below - above >= 14 for above, below in pairwise(labels))
    assert all(0 <= label <= result.height for label in labels)


@pytest.mark.parametrize("values", [[1.0], [1.0, 0.0], [-1.0, 1.0]])
def test_one_kernel_or_a_value_without_a_logarithm_makes_no_plot(values: list[float]) -> None:
    assert plot(chart_of([Measurement("m", value, "s") for value in values])) is None


def test_a_doubled_value_is_the_same_step_everywhere() -> None:
    (line,) = drawn([1, 2, 4, 8]).lines
    heights = [y for _, y, _ in line.points]
    steps = [before - after for before, after in pairwise(heights)]
    assert max(steps) - min(steps) < 0.3


def test_ticks_enclose_all_values() -> None:
    assert [value for _, value in drawn([3, 40]).ticks] == ["2", "5", "10", "20", "50"]
    assert [value for _, value in drawn([1, 1]).ticks] == ["1", "2"]
    assert [value for _, value in drawn([0.03, 0.05]).ticks] == ["0.02", "0.05"]


def test_a_line_is_broken_where_the_test_measured_nothing() -> None:
    unbroken, broken, points_only = drawn([1, 1, 1, 1], [1, 2, None, 4], [1, None, 3, None]).lines
    assert [len(path.split()) for path in unbroken.paths] == [4]
    assert [len(path.split()) for path in broken.paths] == [2]
    assert points_only.paths == []
    assert [len(line.points) for line in (unbroken, broken, points_only)] == [4, 3, 2]


def test_a_point_names_test_kernel_and_value() -> None:
    (line,) = drawn([0.12345, 1500]).lines
    assert [text for _, _, text in line.points] == ["t0 on k0: 0.123 s", "t0 on k1: 1500 s"]


def test_labels_keep_the_order_of_the_last_points() -> None:
    lines = drawn(*([1.0, 1 + number / 1000] for number in range(12))).lines
    labels = [line.label for line in lines]
    assert labels == sorted(labels, reverse=True)


def test_long_names_of_kernels_are_cut() -> None:
    long, short = "debian:7.3-16k-and-more", "debian:7.3-16k"
    chart = Chart("t", [long, short], {"t": [Measurement("m", 1, "s")] * 2})
    result = plot(chart)
    assert result is not None
    assert [name for _, name in result.kernels] == ["debian:7.3-16k-a…", short]
    assert f"t on {long}: 1 s" in [text for line in result.lines for _, _, text in line.points]
