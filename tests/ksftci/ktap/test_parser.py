# SPDX-License-Identifier: GPL-2.0-only
"""KTAP as it comes, from recordings, and properties that hold for any text."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ksftci.formats.record import parse as parse_log
from ksftci.ktap.parser import Parser
from ksftci.results.model import Verdict

Log = Callable[[str], str]


def parse(text: str) -> Parser:
    parser = Parser("p")
    for line in text.split("\n"):
        parser.feed(line)
    parser.finish()
    return parser


def verdicts(parser: Parser) -> dict[str, str]:
    return {result.name: result.verdict.value for result in parser.results}


def test_harness(log: Log) -> None:
    parser = parse(log("harness.log"))
    assert verdicts(parser) == {
        "cow.base_all.upgrade": "pass",
        "cow.thp_all.upgrade": "fail",
        "cow.mixed.upgrade": "skip",
        "global.slow": "timeout",
        "global.faulty": "crash",
    }
    failed, skipped = parser.results[1], parser.results[2]
    assert (failed.file, failed.line) == ("mprotect_cow.c", 123)
    assert failed.reason == "Expected 'r' (114) == page->want (119)"
    assert any("Expected" in line for line in failed.log)
    assert skipped.reason == "no 64K folio was given"
    assert parser.anomalies == []


def test_the_levels_of_runner_sh(log: Log) -> None:
    (run,) = parse_log(log("runner.log"), "runner")
    assert {result.id: result.verdict.value for result in run.results} == {
        "mm:ksft_ksm.sh.ksm_tests -M -p 10/KSM merging": "pass",
        "mm:ksft_ksm.sh.ksm_tests -M -p 10/KSM unmerging": "fail",
        "mm:ksft_ksm.sh.ksm_tests -N -m 0": "skip",
        "mm:ksft_ksm.sh.ksm_tests -U": "pass",
        "mm:ksft_thp.sh.collapse": "pass",
        "mm:ksft_thp.sh.test 2": "not_run",
        "mm:ksft_thp.sh.exit": "timeout",
        "mm:ksft_quiet.sh.exit": "pass",
    }
    reasons = {result.name: result.reason for result in run.results}
    assert reasons["ksm_tests -N -m 0"] == "Need more than 1 NUMA node"


def test_kunit_nests_by_spaces_and_may_be_cut(log: Log) -> None:
    assert verdicts(parse(log("kunit.log"))) == {
        "outer/params/small": "pass",
        "outer/params/large": "fail",
        "outer/simple": "pass",
        "cut/began": "pass",
        "cut/test 2": "not_run",
    }


def test_directives_of_a_whole_log(log: Log) -> None:
    parser = parse(log("directives.log"))
    assert [result.verdict.value for result in parser.results] == [
        *("skip", "skip", "skip", "xfail", "xpass", "error", "xfail"),
        *("pass", "timeout", "fail", "pass"),
    ]
    assert parser.results[7].name == "with a dash"
    assert parser.anomalies == []


def test_a_console_with_time_stamps_escapes_and_a_panic(log: Log) -> None:
    parser = Parser("p")
    for line in log("console.log").split("\n"):
        parser.feed(line)
    assert parser.running == "fourth"
    parser.broke_off("crash", Verdict.CRASH, "the kernel panicked")
    parser.finish()
    assert verdicts(parser) == {
        "first": "pass",
        "second": "fail",
        "third": "pass",
        "fourth": "crash",
    }
    assert parser.results[3].reason == "the kernel panicked: Kernel panic - not syncing: sysrq triggered crash"
    assert parser.results[3].log == [
        "# [RUN] fourth",
        "[         2.0] Kernel panic - not syncing: sysrq triggered crash",
        "not o",
    ]


def test_gaps_and_doubles_are_anomalies(log: Log) -> None:
    parser = parse(log("gaps.log"))
    assert verdicts(parser) == {"first": "pass", "third": "pass", "third#2": "fail", "late": "pass"}
    assert parser.anomalies == ["p: number 3 comes twice", "p: numbers 2 are missing"]


def test_bail_out(log: Log) -> None:
    parser = parse(log("bail.log"))
    assert verdicts(parser) == {"first": "pass", "bail out": "error", "test 3": "not_run"}
    assert parser.results[1].reason == "Bail out! cannot mount debugfs"
    assert verdicts(parse(log("bail-at-the-end.log"))) == {"first": "pass", "second": "fail"}


def test_all_skipped(log: Log) -> None:
    (result,) = parse(log("skip-all.log")).results
    assert (result.name, result.verdict, result.reason) == ("all", Verdict.SKIP, "no huge pages")


def test_a_skip_without_a_reason_gets_the_last_words() -> None:
    parser = parse("1..1\n# [RUN] swapped\n# is swap enabled?\nok 1 # SKIP swapped")
    assert parser.results[0].reason == "is swap enabled?"


def test_missing_results_are_not_run() -> None:
    assert verdicts(parse("1..3\nok 2 b")) == {
        "b": "pass",
        "test 1": "not_run",
        "test 3": "not_run",
    }


def test_a_second_stream_counts_anew() -> None:
    stream = "TAP version 13\n1..1\n"
    parser = parse(f"{stream}ok 1 a\n{stream}not ok 1 b")
    assert verdicts(parser) == {"a": "pass", "b": "fail"}
    assert parser.anomalies == []


def test_an_outer_failure_that_nothing_explains_stays() -> None:
    assert verdicts(parse("1..1\n# ok 1 inner\nnot ok 1 outer")) == {
        "outer/inner": "pass",
        "outer": "fail",
    }


def test_an_outer_skip_does_not_hide_an_inner_failure() -> None:
    parser = parse("1..1\n# not ok 1 inner\nok 1 outer # SKIP")
    assert verdicts(parser) == {"outer/inner": "fail"}
    assert parser.anomalies[0] == "p: no plan"
    assert "outer says skip, a test inside it failed" in parser.anomalies[1]


def test_chatter_is_no_result() -> None:
    assert parse("okay\nok then\nnothing ok\n# ok let us see").results == []


@pytest.mark.parametrize(
    ("line", "name", "verdict"),
    [
        ("not ok#3 third", "#3 third", "fail"),
        ("not ok 60# error no memory", "no memory", "error"),
        ("not ok", "test 1", "fail"),
        ("not ok\t4\ttabs", "tabs", "fail"),
        ("not ok 12345678901 long", "12345678901 long", "fail"),
        ("not ok 1 -", "test 1", "fail"),
        ("not ok 1 - - dashes", "- dashes", "fail"),
        ("# #  #not ok 1 deep", "deep", "fail"),
        ("not okay", None, ""),
        ("ok", None, ""),
    ],
)
def test_unusual_results(line: str, name: str | None, verdict: str) -> None:
    assert verdicts(parse(line)) == ({name: verdict} if name else {})


def test_a_nested_result_that_is_cut_stays_in_its_stream() -> None:
    stream = "# TAP version 13\n# 1..1\n"
    parser = parse(f"{stream}# ok 1 a\n# # ok 1 cut\n{stream}# ok 1 b\nok 1 outer")
    assert verdicts(parser) == {"outer/a": "pass", "outer/cut": "pass", "outer/b": "pass"}


def test_a_title_of_run_vmtests_has_a_rule_before_it() -> None:
    for rule, results in (("# ---\n", {"cow/a": "pass", "cow": "not_run"}), ("", {"a": "pass"})):
        assert verdicts(parse(f"{rule}# running ./cow\n# 1..1\n# ok 1 a")) == results


def test_only_a_comment_measures() -> None:
    for line, count in (("# measure time 3 ns", 1), ("measure time 3 ns", 0), ("    measure time 3 ns", 0)):
        assert len(parse(f"{line}\nok 1 a").results[0].measured) == count


def test_a_splat_without_stamps_goes_on_to_the_next_result() -> None:
    lines = ["BUG: KASAN: use-after-free in f+0x1/0x2", "Read of size 8", "usb 1-1: new device"]
    (_, splat) = parse("\n".join([*lines, "ok 1 a"])).results
    assert (splat.name, splat.log) == ("a/kernel_log", lines)


def test_a_comment_is_no_splat_unless_the_kernel_printed_it() -> None:
    assert verdicts(parse("# BUG: x\nok 1 a")) == {"a": "pass"}
    assert verdicts(parse("[    1.000000] # BUG: x\nok 1 a")) == {"a": "pass", "a/kernel_log": "fail"}


def test_a_splat_is_of_the_innermost_test_that_ran() -> None:
    assert verdicts(parse("1..1\n# 1..1\n# ok 1 inner\nBUG: x\nok 1 outer\nok 2 next")) == {
        "outer/inner": "pass",
        "outer/kernel_log": "fail",
        "next": "pass",
    }


def test_a_splat_at_the_end_comes_after_the_results() -> None:
    parser = parse("# 1..1\n# ok 1 inner\nBUG: x")
    assert list(verdicts(parser)) == ["inner", "kernel_log"]
    assert parser.splats_seen == {(None, "BUG: x")}


def test_durations_come_from_arrival_times() -> None:
    parser = Parser("p")
    for at, line in [(1.0, "1..2"), (2.5, "ok 1 a"), (3.0, "# RUN b ..."), (7.0, "ok 2 b")]:
        parser.feed(line, at)
    parser.finish()
    assert [result.seconds for result in parser.results] == [1.5, 4.0]


@given(st.text())
def test_a_log_of_anything_is_read(text: str) -> None:
    for run in parse_log(text, "any"):
        assert isinstance(run.results, list)
