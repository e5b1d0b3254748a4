# SPDX-License-Identifier: GPL-2.0-only
"""The outcome, the text and the JUnit XML of each result."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from tests.ksftci.plugin.bench import KERNEL, PASSING, PLUGINS, Bench
from tests.ksftci.plugin.fake_board import write_program

# Of a program that cannot list its tests, and prints more than their names.
CANNOT_LIST = ["1..4", "ok 1 one", "not ok 2 two::x [ 4K ]", "ok 3 # SKIP three", "ok 4 cow"]


def write_outcomes(bench: Bench) -> Path:
    return write_program(
        bench.top / "built/prog",
        {
            "f.good": ["ok"],
            "f.skipped": ["ok # SKIP needs swap"],
            "f.xfailed": ["ok # XFAIL known"],
            "f.xpassed": ["ok # XPASS better than thought"],
            "f.bad": ["# t.c:3:bad:Expected 1 (1) == x (2)", "not ok"],
        },
    )


def test_every_verdict_has_its_outcome_in_pytest(bench: Bench) -> None:
    write_outcomes(bench)
    done = bench.run(*KERNEL, "built", "-rA", status=1)
    done.assert_outcomes(passed=1, skipped=1, xfailed=1, xpassed=1, failed=1)
    done.stdout.fnmatch_lines(
        [
            "*SKIPPED*needs swap*",
            "XFAIL built/prog::f.xfailed - known*",
            "XPASS built/prog::f.xpassed*",
            "FAILED built/prog::f.bad - Expected 1 (1) == x (2)",
        ]
    )


def test_a_failure_shows_the_page_map_the_reason_the_line_of_c_and_the_log(bench: Bench) -> None:
    maps = ["# pages 0..3 of 4, the boundary before 2:", "#   folio    [--]", "#   wrong      ^"]
    reason = "parent, write of whole, page 2 (2 of folio 0+4, anonymous): 1 faults, expected 0"
    place = f"# prog.c:3:a:Expected 'ok' == '{reason}'."
    write_program(bench.top / "built/prog", {"f.a": [f"# {reason}", *maps, place, "not ok"]})
    (bench.top / "built/prog.c").write_text("one\ntwo\nthree;\nfour\nfive\nsix\n")
    done = bench.run(*KERNEL, "built", status=1)
    done.stdout.fnmatch_lines(
        [
            "prog.f.a on debian:7.3 (7.3.4-fake, 4096-byte pages)",
            "pages 0..3 of 4, the boundary before 2:",
            "  wrong      ^",
            reason,
            "*prog.c:3",
            "      1 one",
            "      2 two",
            ">     3 three;",
            "      4 four",
            "      5 five",
            "Log:",
            f"    # {reason}",
        ]
    )
    assert "six" not in done.stdout.str()


def test_a_crash_fails_its_test_and_the_tests_after_it_say_why_they_did_not_run(bench: Bench) -> None:
    write_program(bench.top / "built/a", {"f.a": ["ok"], "f.b": ["# oh", "PANIC"], "f.c": ["ok"], "f.d": ["ok"]})
    write_program(bench.top / "built/b", PASSING)
    done = bench.run(*KERNEL, "built", status=1)
    done.assert_outcomes(passed=1, failed=6)
    done.stdout.fnmatch_lines(
        [
            "FAILED built/a::f.b - crash: the kernel panicked",
            "FAILED built/a::f.c - not run: f.b: the kernel panicked, before",
            "FAILED built/a::f.d - not run: f.b: the kernel panicked, before",
            "FAILED built/b::f.a - not run: the kernel panicked before",
        ]
    )


def test_after_a_crash_of_a_program_other_programs_run(bench: Bench) -> None:
    write_program(bench.top / "built/a", {"f.a": ["DIE"], "f.b": ["ok"]})
    write_program(bench.top / "built/b", PASSING)
    done = bench.run(*KERNEL, "built", status=1)
    done.assert_outcomes(passed=3, failed=2)
    done.stdout.fnmatch_lines(["FAILED built/a::f.a - crash: *SIGSEGV", "FAILED built/a::f.b - not run: f.a: *"])


def test_a_kernel_that_does_not_boot_fails_every_case_with_the_end_of_its_log(bench: Bench) -> None:
    write_program(bench.top / "built/a", lines=[])
    write_program(bench.top / "built/b", lines=[])
    done = bench.run("--ksft-kernel", "debian:6.6", "built", status=1)
    done.assert_outcomes(failed=2)
    done.stdout.fnmatch_lines(["*words", "FAILED built/a::a - error: the kernel did not start"])


def test_a_machine_that_cannot_be_had_is_an_error_of_each_case(bench: Bench) -> None:
    write_program(bench.top / "built/a", lines=[])
    write_program(bench.top / "built/b", lines=[])
    done = bench.run("--ksft-kernel", "debian:7.7", "built", status=1)
    done.assert_outcomes(errors=2)
    done.stdout.fnmatch_lines(["ERROR built/a::a - no such board"])
    assert len(bench.boots()) == 1


def test_a_splat_has_a_failure_of_its_own(bench: Bench) -> None:
    write_program(bench.top / "built/prog", PASSING, splat="[ 1.0] WARNING: mm/rmap.c:1 at f")
    done = bench.run(*KERNEL, "built", status=1)
    done.assert_outcomes(passed=3, failed=1)
    done.stdout.fnmatch_lines(["FAILED built/prog::kernel_log - *WARNING: mm/rmap.c:1 at f"])


def test_a_program_that_lists_tests_and_reports_none_has_not_passed(bench: Bench) -> None:
    write_program(bench.top / "built/prog", PASSING, mute=True)
    done = bench.run(*KERNEL, "built", status=1)
    done.assert_outcomes(failed=3)
    done.stdout.fnmatch_lines(["FAILED built/prog::f.a - not run: the program ended without telling of it"])


@pytest.mark.parametrize("parallel", [False, True])
def test_the_tests_of_a_program_that_cannot_list_them_are_reported_below_it(bench: Bench, parallel: bool) -> None:
    write_program(bench.top / "built/cow", lines=CANNOT_LIST)
    write_program(bench.top / "built/fine", lines=["1..2", "ok 1 x", "ok 2 y"])
    xml = bench.top / "out.xml"
    args = [*KERNEL, "built", "--junitxml", xml, "-rfs"]
    if parallel:
        pytest.importorskip("xdist")
        done = bench.pytester.runpytest_subprocess(*PLUGINS, *map(str, args), "-n", "2")
    else:
        done = bench.run(*args, status=1)
    done.assert_outcomes(passed=2 + 2 + 1, failed=1 + 1, skipped=1)
    assert max(int(percent) for percent in re.findall(r"(\d+)%\]", done.stdout.str())) == 100
    done.stdout.fnmatch_lines_random(
        [
            "FAILED built/cow::cow - 1 of 4 tests failed: two::x [[] 4K ]",
            "FAILED built/cow::two:x [[] 4K ] - failed, and no reason was given",
        ]
    )
    cases = {(case.get("classname"), case.get("name")): case for case in ET.parse(xml).getroot().iter("testcase")}
    assert len(cases) == 8
    assert ("built.cow", "cow#2") in cases
    assert cases["built.cow", "two:x [ 4K ]"].find("failure") is not None
    assert cases["built.cow", "three"].find("skipped") is not None
    properties = {p.get("name"): p.get("value") for p in cases["built.cow", "one"].iter("property")}
    assert properties == {"kernel": "debian:7.3", "release": "7.3.4-fake", "page_size": "4096", "verdict": "pass"}


def test_last_failed_runs_the_failed_cases(bench: Bench) -> None:
    write_outcomes(bench)
    write_program(bench.top / "built/cow", lines=CANNOT_LIST)
    bench.run(*KERNEL, "built", status=1)
    done = bench.run(*KERNEL, "built", "--lf", "-v", status=1)
    assert bench.boots()[1:] == ["boot debian:7.3: cow | prog -r f.bad"]
    done.stdout.fnmatch_lines(["built/cow::cow FAILED*", "built/prog::f.bad FAILED*"])


def test_durations_are_those_of_the_tests(bench: Bench) -> None:
    write_program(bench.top / "built/prog", PASSING)
    done = bench.run(*KERNEL, "built", "--durations=3", "-vv", status=0)
    done.stdout.fnmatch_lines(["1.50s call     built/prog::f.a"])


def test_junit_xml_has_names_times_files_and_properties(bench: Bench) -> None:
    write_outcomes(bench)
    xml = bench.top / "out.xml"
    bench.run(*KERNEL, "built", "--junitxml", xml, "-o", "junit_logging=all", status=1)
    cases = {case.get("name"): case for case in ET.parse(xml).getroot().iter("testcase")}
    assert {case.get("classname") for case in cases.values()} == {"built.prog"}
    assert float(cases["f.good"].get("time") or 0) >= 1.5
    assert (cases["f.skipped"][1].tag, cases["f.skipped"][1].get("message")) == ("skipped", "needs swap")
    failure = cases["f.bad"].find("failure")
    assert failure is not None
    assert failure.get("message") == "Expected 1 (1) == x (2)"
    assert "t.c:3:bad" in (failure.text or "")
    properties = {p.get("name"): p.get("value") for p in cases["f.bad"].iter("property")}
    assert properties["file"] == "t.c" and properties["line"] == "3"
    assert properties["kernel"] == "debian:7.3"
