# SPDX-License-Identifier: GPL-2.0-only
"""The tables and lists in a terminal."""

import re
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console
from tests.ksftci import samples

from ksftci.report import terminal
from ksftci.results.model import Run, TestResult, Verdict


def shown(runs: list[Run], width: int = 80, colour: bool = False) -> str:
    file = StringIO()
    terminal.show(
        runs, Console(file=file, width=width, force_terminal=colour, color_system="standard" if colour else None)
    )
    return file.getvalue()


def test_a_failure_is_shown_once_with_its_kernels_place_and_map() -> None:
    text = shown(samples.two_kernels())
    head = "FAIL mprotect_cow_shared.cow.base.both on debian:6.12, debian:7.3 at mprotect_cow_shared.c:100"
    assert text.count(head) == 1
    assert "    | #   wrong                                    ^^^     ^^^" in text


def test_wrong_pages_are_red_in_each_row_of_the_map() -> None:
    text = shown(samples.two_kernels(), colour=True)
    for page in ("--]", "www", "^^^"):
        assert f"\x1b[1;31m{page}\x1b[0m" in text


def test_a_map_that_is_far_from_the_end_of_the_log_is_shown_too() -> None:
    text = shown([Run("k", results=[samples.result(log=[*samples.LOG, *(f"line {n}" for n in range(99))])])])
    assert "    |   wrong                                    ^^^     ^^^\n    | ...\n" in text
    assert "line 98" in text
    assert "line 80" not in text


def test_every_kind_of_finding_has_its_list() -> None:
    lines = shown(samples.two_kernels()).split("\n")
    assert [line for line in lines if re.fullmatch(r"[a-z ]+:", line)] == [
        "not run:",
        "known issues:",
        "passed although a failure was expected:",
        "skipped:",
        "anomalies:",
    ]
    assert "      3  order 9, 2 reasons" in lines
    assert f"      1  {samples.ISSUE} on debian:6.12" in lines
    assert "flaky: mprotect_cow_shared.cow.thp.slow on debian:7.3: fail, then pass" in lines
    assert "  mprotect_cow_shared.cow.base.issue on debian:7.3" in lines
    assert "      1  mprotect_ksm on debian:6.12: kernel panic before" in lines
    assert "  debian:6.12: planned 9, 8 came" in lines
    assert lines[-2] == "3 of 8 tests failed, on 2 of 2 kernels, 2 skipped on some, 1 not run on some, 1 flaky"


def test_all_columns_and_the_longest_program_fit_in_80_columns() -> None:
    results = [TestResult("mprotect_mixed_folio", v.value, v, seconds=100) for v in Verdict]
    row = next(line for line in shown([Run("debian:6.12", results=results)]).split("\n") if "folio  " in line)
    assert row.split() == ["debian:6.12", "mprotect_mixed_folio", "2", "1", "1", "1", "3", "1", "900.0"]


def test_a_column_without_results_is_left_out() -> None:
    head = next(line for line in shown([Run("k", results=[samples.result()])]).split("\n") if "program" in line)
    assert head.split() == ["kernel", "program", "pass", "fail", "skip", "seconds"]


def test_many_kernels_have_one_row_each_and_failures_come_first() -> None:
    lines = shown(samples.many(400, 20)).split("\n")
    first = next(n for n, line in enumerate(lines) if line.startswith("kernel"))
    assert all("-049-" in lines[first + 1] or int(line.split()[2]) for line in lines[first + 1 : first + 9])
    assert "... and 360 more kernels, none of them with failures" in lines
    assert len(lines) < 120


def test_only_terminals_get_colour_and_control_characters_are_escaped() -> None:
    plain = shown(samples.nasty())
    assert not {"\x1b", "\x9b", "\x00", "\ud800"} & set(plain)
    assert "\x1b" in shown(samples.two_kernels(), colour=True)


def test_the_headline_says_why_a_run_without_failed_tests_fails() -> None:
    verdicts = (Verdict.PASS, Verdict.XPASS)
    runs = [Run("k", results=[samples.result("t", one)], repeat=n) for n, one in enumerate(verdicts, 1)]
    runs[1].interrupted = True
    assert "1 test on 2 runs: none failed, 1 differing between repeats, interrupted\n" in shown(runs)


def test_numbers_are_in_a_table_and_unusual_ones_are_marked() -> None:
    text = shown(samples.measured(), width=120)
    assert re.search(r"of_base, ratio +debian:6.16\n\S*order4_read\S* +1.79!\n", text)
    assert (
        "unusual measurements:\n  mprotect_perf.mprotect_perf.order4_read.toggle: of_base 1.79 ratio, usually 0.3"
        in text
    )


def test_a_repeat_with_another_verdict_is_listed() -> None:
    runs = [
        Run("k", results=[samples.result("t", verdict)], repeat=n)
        for n, verdict in ((1, Verdict.PASS), (2, Verdict.FAIL))
    ]
    assert "differing between repeats:\n  mprotect_cow_shared.t on k: pass, fail\n" in shown(runs)


def test_a_failure_with_an_earlier_attempt_shows_it() -> None:
    failed = samples.result("t", Verdict.FAIL, earlier=[Verdict.TIMEOUT])
    assert "    earlier attempts: timeout\n" in shown([Run("k", results=[failed])])


def test_no_runs_are_no_error() -> None:
    assert "0 tests on 0 kernels: nothing ran" in shown([])


LONG = "futex/functional:futex_requeue_pi_signal_restart"
KERNELS = ["debian:7.3", "build:linux-next-20260101-with-patches"]


@pytest.mark.parametrize("width", [20, 80, 100, 200])
def test_no_name_is_broken(width: int) -> None:
    runs = [
        Run(
            kernel, results=[TestResult(program, v.value, v, seconds=100) for program in ("cow", LONG) for v in Verdict]
        )
        for kernel in KERNELS
    ]
    lines = [line.rstrip() for line in shown(runs, width).split("\n")]
    rows = [line.split() for line in lines if re.search(r" 900\.0$", line)]
    if width == 200:
        assert [row[:2] for row in rows] == [[kernel, program] for kernel in KERNELS for program in ("cow", LONG)]
    else:
        assert [row[0] for row in rows] == ["cow", LONG] * 2
        assert [line.rstrip(":") for line in lines if line.rstrip(":") in KERNELS] == KERNELS
    assert len({len(line) for line in lines if line.endswith((" 900.0", "seconds"))}) == 1


def test_measurements_of_more_kernels_than_fit_are_several_tables() -> None:
    runs = [replace(run, kernel=f"{kernel}-with-a-long-name") for kernel in "abcd" for run in samples.measured()[2:3]]
    tables = re.findall(r"time, ns/page +(.*)\n\S+ +(.*)\n", shown(runs))
    assert [(head.split(), values.split()) for head, values in tables] == [
        (["a-with-a-long-name", "b-with-a-long-name"], ["500", "500"]),
        (["c-with-a-long-name", "d-with-a-long-name"], ["500", "500"]),
    ]
