# SPDX-License-Identifier: GPL-2.0-only
"""Findings: which results belong together, what the headline says, and the small texts that all reports use."""

from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from tests.ksftci import samples

from ksftci.formats import junit
from ksftci.report import findings, html, markdown, terminal
from ksftci.report.findings import Finding, Unsteady
from ksftci.results.model import UNNAMED, Run, TestResult, Verdict


def a_test(name: str, verdict: Verdict = Verdict.PASS, reason: str = "", **fields: object) -> TestResult:
    return TestResult("p", name, verdict, reason, **fields)  # type: ignore[arg-type]


def a_run(kernel: str, *results: TestResult, repeat: int = 1, interrupted: bool = False) -> Run:
    return Run(kernel, results=list(results), repeat=repeat, interrupted=interrupted)


def titles(entries: list[Finding]) -> list[tuple[str, list[str]]]:
    """(title, kernels) of each finding."""
    return [(finding.title, finding.kernels) for finding in entries]


# Headline


def test_the_headline_counts_a_test_once_on_several_kernels() -> None:
    good, bad = a_run("a", a_test("x"), a_test("y")), a_run("b", a_test("x"), a_test("y", Verdict.FAIL))
    assert findings.headline([good]) == "2 tests on 1 kernel: none failed"
    assert findings.headline([bad]) == "1 of 2 tests failed"
    assert findings.headline([good, bad]) == "1 of 2 tests failed, on 1 of 2 kernels"


def test_the_headline_counts_each_failed_test_and_each_kernel_once() -> None:
    runs = [
        a_run("a", a_test("x", Verdict.FAIL, "why"), a_test("y", Verdict.CRASH)),
        a_run("b", a_test("x", Verdict.FAIL, "other reason")),
        a_run("c", a_test("x", Verdict.TIMEOUT)),
    ]
    assert findings.headline(runs) == "2 of 2 tests failed, on 3 of 3 kernels"


def test_the_headline_of_no_runs() -> None:
    assert findings.headline([]) == "0 tests on 0 kernels: nothing ran"


def test_the_headline_has_skipped_tests_and_tests_that_did_not_run() -> None:
    results = [a_test("x", Verdict.SKIP, "no THP"), a_test("y", Verdict.NOT_RUN, "panic before")]
    assert findings.headline([a_run("a", *results)]) == "2 tests on 1 kernel: none failed, 1 skipped, 1 not run"
    both = [a_run("a", *results), a_run("b", a_test("x"))]
    assert findings.headline(both) == "2 tests on 2 kernels: none failed, 1 skipped on some, 1 not run on some"


def test_the_headline_has_flaky_tests_and_differing_repeats() -> None:
    flaky = a_test("x", earlier=[Verdict.FAIL])
    assert findings.headline([a_run("a", flaky)]) == "1 test on 1 kernel: none failed, 1 flaky"
    repeats = [a_run("a", a_test("x")), a_run("a", a_test("x", Verdict.SKIP), repeat=2, interrupted=True)]
    assert (
        findings.headline(repeats)
        == "1 test on 2 runs: none failed, 1 skipped on some, 1 differing between repeats, interrupted"
    )


@given(st.lists(st.lists(st.sampled_from(list(Verdict)), max_size=3), max_size=3))
def test_the_headline_says_none_failed_unless_a_test_that_ran_failed(verdicts: list[list[Verdict]]) -> None:
    runs = [
        a_run(f"k{column}", *(a_test(f"t{row}", verdict) for row, verdict in enumerate(of_run)))
        for column, of_run in enumerate(verdicts)
    ]
    failed = any(verdict.bad and verdict is not Verdict.NOT_RUN for of_run in verdicts for verdict in of_run)
    text = findings.headline(runs)
    assert ("none failed" in text or "nothing ran" in text) is not failed


# Failures


def test_failures_with_the_same_outcome_on_several_kernels_are_one_finding() -> None:
    runs = [a_run(kernel, a_test("x", Verdict.FAIL, "why")) for kernel in ("a", "b")]
    (finding,) = findings.failures(runs)
    assert (finding.title, finding.kernels) == ("p.x", ["a", "b"])
    assert finding.first is runs[0].results[0]


@pytest.mark.parametrize(
    "other",
    [a_test("x", Verdict.FAIL, "other reason"), a_test("x", Verdict.TIMEOUT, "why"), a_test("y", Verdict.FAIL, "why")],
)
def test_failures_with_another_test_verdict_or_reason_are_another_finding(other: TestResult) -> None:
    runs = [a_run("a", a_test("x", Verdict.FAIL, "why")), a_run("b", other)]
    assert titles(findings.failures(runs)) == [("p.x", ["a"]), (other.id, ["b"])]


def test_only_bad_results_that_ran_are_failures() -> None:
    results = [a_test(verdict.value, verdict) for verdict in Verdict]
    verdicts = {finding.first.verdict for finding in findings.failures([a_run("a", *results)])}
    assert verdicts == {Verdict.FAIL, Verdict.TIMEOUT, Verdict.CRASH, Verdict.ERROR}


def test_a_kernel_is_named_once_in_a_finding() -> None:
    (finding,) = findings.not_run([a_run("a", a_test("x", Verdict.NOT_RUN), a_test("y", Verdict.NOT_RUN))])
    assert (finding.title, finding.kernels, len(finding.results)) == ("no reason given", ["a"], 2)


def test_tests_that_did_not_run_are_grouped_by_reason() -> None:
    results = [
        a_test("x", Verdict.NOT_RUN, "panic"),
        a_test("y", Verdict.NOT_RUN, "hang"),
        a_test("z", Verdict.NOT_RUN, "panic"),
    ]
    groups = findings.not_run([a_run("a", *results)])
    assert [(group.title, [result.name for _, result in group.results]) for group in groups] == [
        ("panic", ["x", "z"]),
        ("hang", ["y"]),
    ]


# Skips


def test_skips_are_grouped_by_capability_and_the_most_frequent_comes_first() -> None:
    results = [
        a_test("a", Verdict.SKIP, "KSM off"),
        a_test("b", Verdict.SKIP, "order 9: no hugepages-2048kB"),
        a_test("c", Verdict.SKIP, "order 9: a PMD or more"),
        a_test("d", Verdict.SKIP, "order 9: a PMD or more"),
        a_test("e", Verdict.FAIL, "order 9: a PMD or more"),
    ]
    order9, ksm = findings.missing_capabilities([a_run("k", *results)])
    assert (order9.title, order9.reasons) == (
        "order 9",
        [("order 9: a PMD or more", 2), ("order 9: no hugepages-2048kB", 1)],
    )
    assert (ksm.title, len(ksm.results)) == ("KSM off", 1)


@pytest.mark.parametrize(
    ("reason", "capability"),
    [
        ("order 9: no hugepages-2048kB", "order 9"),
        ("a: b: c", "a"),
        ("no THP.", "no THP"),
        ("mm:cow is missing", "mm:cow is missing"),
        (": nothing before the colon", ": nothing before the colon"),
        ("x" * 60 + ": y", "x" * 60),
        ("x" * 61 + ": y", "x" * 61 + ": y"),
        ("", "no reason given"),
        (" . ", "no reason given"),
    ],
)
def test_a_capability_is_what_stands_before_the_first_colon(reason: str, capability: str) -> None:
    assert findings.capability(reason) == capability


# Known issues, unexpected passes, measurements


def test_known_issues_and_unexpected_passes_are_different_findings() -> None:
    results = [
        a_test("x", Verdict.XFAIL, known="issue 1"),
        a_test("y", Verdict.XFAIL, known="issue 1"),
        a_test("z", Verdict.XPASS, known="issue 2"),
        a_test("own", Verdict.XFAIL),  # the test itself reported XFAIL
    ]
    runs = [a_run("a", *results)]
    (issue,) = findings.known_issues(runs)
    assert (issue.title, len(issue.results)) == ("issue 1", 2)
    assert titles(findings.unexpected_passes(runs)) == [("p.z", ["a"])]


def test_only_measurements_far_from_the_usual_value_are_findings() -> None:
    (finding,) = findings.unusual_measurements(samples.measured())
    assert finding.title == "mprotect_perf.mprotect_perf.order4_read.toggle: of_base 1.79 ratio, usually 0.3"
    assert finding.kernels == ["debian:6.16", "debian:6.16 (run 2)"]


# Unsteady tests


def test_a_retry_with_another_verdict_is_unsteady() -> None:
    results = [
        a_test("flaky", earlier=[Verdict.FAIL, Verdict.TIMEOUT]),
        a_test("failed again", Verdict.FAIL, earlier=[Verdict.FAIL]),
        a_test("ran later", earlier=[Verdict.NOT_RUN]),
    ]
    (unsteady,) = findings.unsteady_tests([a_run("a", *results)])
    assert unsteady == Unsteady("a", "p.flaky", [Verdict.FAIL, Verdict.TIMEOUT, Verdict.PASS], True)
    assert unsteady.text == "fail, then timeout, then pass"


def test_a_repeat_with_another_verdict_or_without_the_test_is_unsteady() -> None:
    runs = [
        a_run("", a_test("x"), a_test("y"), a_test("z")),
        a_run("", a_test("x", Verdict.FAIL), a_test("z"), repeat=2),
        a_run("other kernel", a_test("z", Verdict.FAIL)),
    ]
    x, y = findings.unsteady_tests(runs)
    assert (x.kernel, x.test, x.text, x.retried) == (UNNAMED, "p.x", "pass, fail", False)
    assert (y.test, y.text) == ("p.y", "pass, absent")


# Texts


def test_an_excerpt_is_the_end_of_the_log() -> None:
    log = [f"line {number}" for number in range(9)]
    assert findings.excerpt(a_test("x", log=log), 3) == ["line 6", "line 7", "line 8"]
    assert findings.excerpt(a_test("x", log=log), 20) == log
    assert findings.excerpt(a_test("x"), 3) == []


def test_an_excerpt_begins_with_the_page_map_when_the_end_lacks_a_part_of_it() -> None:
    drawn = [line.removeprefix("# ") for line in samples.LOG[2:6]]
    result = a_test("x", Verdict.FAIL, log=samples.LOG)
    assert findings.excerpt(result, 5) == samples.LOG[-5:]
    assert findings.excerpt(result, 4) == [*drawn, "...", *samples.LOG[-4:]]


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b", "c", "d"], "a, b, c, d"),
        (["a", "b", "c", "d", "e"], "a, b, c and 2 more"),
    ],
)
def test_first_names_never_hides_a_single_name(names: list[str], text: str) -> None:
    assert findings.first_names(names) == text


@given(st.integers(0, 30), st.integers(1, 10))
def test_first_names_accounts_for_every_name(count: int, limit: int) -> None:
    text = findings.first_names([f"n{number}" for number in range(count)], limit)
    shown, _, more = text.partition(" and ")
    hidden = int(more.removesuffix(" more")) if more else 0
    assert len([name for name in shown.split(", ") if name]) + hidden == count
    assert hidden != 1


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (samples.ISSUE, "https://lore.kernel.org/linux-mm/1@example.org/"),
        ("(see http://a.example/b).", "http://a.example/b"),
        ("https://a.example/1, https://a.example/2", "https://a.example/1"),
        ('<a href="https://a.example/x">', "https://a.example/x"),
        ("ftp://a.example javascript:alert(1)", ""),
        ("", ""),
    ],
)
def test_the_first_url_ends_before_punctuation_and_quotes(text: str, url: str) -> None:
    assert findings.first_url(text) == url


def test_the_duration_of_a_run_is_the_sum_of_its_tests_unless_it_is_known() -> None:
    timed = a_run("a", a_test("x", seconds=1.5), a_test("y", seconds=2), a_test("z"))
    assert findings.duration(timed) == 3.5
    timed.seconds = 9
    assert findings.duration(timed) == 9


@pytest.mark.parametrize("verdict", Verdict)
def test_a_run_has_failures_if_any_result_is_bad(verdict: Verdict) -> None:
    assert findings.has_failures(a_run("a", a_test("x"), a_test("y", verdict))) is verdict.bad


def test_expected_complaints_are_counted_by_program_and_complaint() -> None:
    text = "BUG: KASAN: double-free in f (mm/kasan/kasan_test_c.c)"
    runs = [a_run("a", a_test("x", expected=(text,)), a_test("y", expected=(text, "other"))), a_run("b", a_test("x"))]
    assert titles(findings.expected_complaints(runs)) == [(f"p: {text}", ["a"]), ("p: other", ["a"])]
    assert len(findings.expected_complaints(runs)[0].results) == 2


def test_all_reports_show_an_expected_complaint() -> None:
    runs = [a_run("a", a_test("x", expected=("BUG: KASAN: double-free (why)",), log=["line"]))]
    screen = Console(file=StringIO(), width=200)
    terminal.show(runs, screen)
    for text in (screen.file.getvalue(), markdown.render(runs), html.render(runs), junit.render(runs)):  # type: ignore[attr-defined]
        assert "double-free" in text.replace("&#45;", "-").replace("\\u002d", "-")
