# SPDX-License-Identifier: GPL-2.0-only
"""Measurements are read from the lines that a test prints."""

import re
from pathlib import Path

import pytest

from ksftci.ktap.parser import Parser
from ksftci.results.model import Measurement, TestResult

TEMPLATE = Path(__file__).parents[3] / "templates/mprotect_area_measure.c"
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
def test_a_line_that_is_almost_a_measurement_is_a_line_of_the_log(line: str) -> None:
    (result,) = read(f"TAP version 13\n1..1\n{line}\nok 1 t\n")
    assert (result.measured, result.log) == ((), [line])


def test_the_generated_tests_print_measurements_that_are_read() -> None:
    formats = re.findall(r'ksft_print_msg\("(measure [^"]*%[^"]*)\\n"', TEMPLATE.read_text())
    lines = [re.sub(r"%\.\df", "12.34", text) for text in formats if "%s" not in text]
    (result,) = read("".join(f"# {line}\n" for line in lines) + "ok 1 t\n")
    assert [measurement.name for measurement in result.measured] == ["time", "of_base"]
