# SPDX-License-Identifier: GPL-2.0-only
"""What tests measure: read from their logs, laid out kernel by kernel, held against what is usual."""

import re
from io import StringIO
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from tests.ksftci import samples

from ksftci.errors import CiError
from ksftci.ktap.parser import Parser
from ksftci.report import plot, terminal
from ksftci.report.chart import Chart, charts
from ksftci.results.history import History
from ksftci.results.model import Measurement, Run, TestResult, Verdict, exit_status

TEMPLATE = Path(__file__).parents[3] / "templates/mprotect_area_measure.c.j2"
LOG = """\
TAP version 13
1..3
# measure time 31.2 ns/page
ok 1 perf.base.toggle
# # measure time 9 ns/page
# # measure time 8.50 ns/page
# # measure of_base 0.27 ratio
not ok 2 perf.order4.toggle
ok 3 perf.none.toggle
"""
ENTRY = """\
- test: mprotect_perf.order4_read.toggle
  measure: of_base
  arch: arm64
  kernels: {6.8: 1.8, 6.17: 0.3}
"""


def read(text: str) -> list[TestResult]:
    parser = Parser("p")
    parser.feed(text)
    parser.finish()
    return parser.results


def test_a_measurement_belongs_to_the_test_that_ends_next() -> None:
    first, second, third = read(LOG)
    assert first.measured == (Measurement("time", 31.2, "ns/page"),)
    assert second.measured == (Measurement("time", 8.5, "ns/page"), Measurement("of_base", 0.27, "ratio"))
    assert third.measured == ()
    assert "# measure time 31.2 ns/page" in first.log


@pytest.mark.parametrize(
    "line",
    [
        "measure time 1 ns",
        "# measure time",
        "# measure time fast ns",
        "# measure time 1e400 ns",
        "# measure time 1",
        "# measured time 1 ns",
    ],
)
def test_what_only_looks_like_a_measurement_is_a_line_of_the_log(line: str) -> None:
    (result,) = read(f"TAP version 13\n1..1\n{line}\nok 1 t\n")
    assert (result.measured, result.log) == ((), [line])


def test_the_c_prints_what_is_read() -> None:
    formats = re.findall(r'ksft_print_msg\("(measure [^"]*%[^"]*)\\n"', TEMPLATE.read_text())
    lines = [re.sub(r"%\.\df", "12.34", text) for text in formats if "%s" not in text]
    (result,) = read("".join(f"# {line}\n" for line in lines) + "ok 1 t\n")
    assert [one.name for one in result.measured] == ["time", "of_base"]


def test_charts_have_kernels_side_by_side_and_the_median_of_repeats() -> None:
    time, ratio = charts(samples.measured())
    assert (time.title, time.kernels) == ("mprotect_perf: time, ns/page", ["debian:6.16", "debian:7.3"])
    (row,) = time.rows.values()
    assert [one and one.value for one in row] == [420, 500]
    assert ratio.kernels == ["debian:6.16"]


def test_the_names_of_a_chart_have_what_differs() -> None:
    results = [
        TestResult("p", f"perf.{case}.toggle", Verdict.PASS, measured=(Measurement("time", 1, "s"),)) for case in "abc"
    ]
    assert list(charts([Run("k", results=results)])[0].rows) == ["a", "b", "c"]
    assert list(charts([Run("k", results=results[:1])])[0].rows) == ["perf.a.toggle"]


positive = st.floats(1e-12, 1e12).map(lambda value: Measurement("m", value, "s"))


@given(
    st.integers(2, 5).flatmap(
        lambda n: st.lists(st.lists(positive | st.none(), min_size=n, max_size=n), min_size=1, max_size=8)
    )
)
def test_everything_of_a_plot_is_inside_of_it_and_higher_is_more(rows: list[list[Measurement | None]]) -> None:
    rows = [row for row in rows if any(row)]
    if not rows:
        return
    chart = Chart("t", [f"k{n}" for n in range(len(rows[0]))], {f"t{n}": row for n, row in enumerate(rows)})
    drawn = plot.plot(chart)
    assert drawn is not None
    found = [
        (one.value, y)
        for row, line in zip(rows, drawn.lines, strict=True)
        for one, (_, y, _) in zip(filter(None, row), line.points, strict=True)
    ]
    assert [y for _, y in sorted(found, key=lambda pair: pair[0])] == sorted((y for _, y in found), reverse=True)
    bottom, top = drawn.ticks[0][0], drawn.ticks[-1][0]
    assert all(top <= y <= bottom for _, y in found)
    assert all(drawn.left <= x <= drawn.right for line in drawn.lines for x, _, _ in line.points)
    labels = sorted(line.label for line in drawn.lines)
    assert all(after - before >= 14 for before, after in pairwise(labels))
    assert all(0 <= label <= drawn.height for label in labels)


def test_a_plot_is_of_several_kernels_and_of_positive_values() -> None:
    assert plot.plot(Chart("t", ["k"], {"a": [Measurement("m", 1, "s")]})) is None
    assert plot.plot(Chart("t", ["k", "l"], {"a": [Measurement("m", 1, "s"), Measurement("m", 0, "s")]})) is None


def test_the_terminal_shows_numbers_and_marks_what_is_unusual() -> None:
    console = Console(width=120, record=True, file=StringIO())
    terminal.show(samples.measured(), console)
    text = console.export_text()
    assert re.search(r"of_base, ratio +debian:6.16\n\S*order4_read\S* +1.79!\n", text)
    assert "measured far from what is usual:\n" in text


def judged(tmp_path: Path, release: str, value: float, arch: str = "arm64") -> Measurement:
    file = tmp_path / "history.yaml"
    file.write_text(ENTRY)
    result = TestResult(
        "mprotect_perf", "order4_read.toggle", Verdict.PASS, measured=(Measurement("of_base", value, "ratio"),)
    )
    run = Run(f"debian:{release}", arch, {"release": f"{release}.4-cloud"}, [result])
    History.read(file).judge(run)
    assert exit_status([run]) == 0
    return result.measured[0]


@pytest.mark.parametrize(
    "release, value, usual, unusual",
    [
        ("6.16", 1.8, 1.8, False),
        ("6.16", 0.3, 1.8, True),
        ("6.17", 0.3, 0.3, False),
        ("7.3", 0.55, 0.3, False),
        ("7.3", 0.61, 0.3, True),
        ("7.3", 0.14, 0.3, True),
        ("6.1", 99.0, None, False),
    ],
)
def test_a_kernel_is_held_against_the_newest_that_is_not_after_it(
    tmp_path: Path, release: str, value: float, usual: float | None, unusual: bool
) -> None:
    one = judged(tmp_path, release, value)
    assert (one.usual, one.unusual) == (usual, unusual)


def test_an_entry_says_how_far_is_far_and_on_what(tmp_path: Path) -> None:
    file = tmp_path / "history.yaml"
    file.write_text(f"{ENTRY}  accel: icount\n  within: 1.2\n")
    result = TestResult(
        "mprotect_perf", "order4_read.toggle", Verdict.PASS, measured=(Measurement("of_base", 0.37, "ratio"),)
    )
    unusual = []
    for accel in ("icount", "tcg"):
        History.read(file).judge(run := Run("debian:7.3", "arm64", {"accel": accel}, [result]))
        unusual.append(run.results[0].measured[0].unusual)
        result.measured = (Measurement("of_base", 0.37, "ratio"),)
    assert unusual == [True, False]


def test_another_architecture_has_another_history(tmp_path: Path) -> None:
    assert judged(tmp_path, "7.3", 99, "x86_64").usual is None


def test_what_is_wrong_in_a_history_is_told_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "history.yaml"
    file.write_text(ENTRY.replace("6.8:", "old:").replace("1.8", "fast"))
    with pytest.raises(CiError) as caught:
        History.read(file)
    assert str(caught.value).startswith(f"{file}:4:")


def test_our_own_history_can_be_read() -> None:
    assert History.read().entries
