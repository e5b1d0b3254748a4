# SPDX-License-Identifier: GPL-2.0-only
"""JUnit XML that every reader can read."""

import xml.etree.ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st

from ksftci import junit
from ksftci.results import Run, TestResult, Verdict

NASTY = "\x1b[31mred\x00 \ufffe <&\"'> ]]> \ud800 äö 🐧"


def a_run(*results: TestResult, **fields: object) -> Run:
    return Run("debian:7.3", "arm64", {"release": "7.3.4"}, list(results), **fields)  # type: ignore[arg-type]


def test_what_readers_look_for() -> None:
    failed = TestResult("cow", "cow.thp.up", Verdict.FAIL, "Expected 1", 0.25, ["# a", "# b"], "cow.c", 7)
    root = ET.fromstring(junit.render([a_run(failed)]))
    (suite,) = root
    (case,) = suite.iter("testcase")
    assert suite.get("name") == "debian:7.3: cow"
    assert (case.get("classname"), case.get("name")) == ("debian:7.3.cow.cow.thp", "up")
    assert (case.get("file"), case.get("line")) == ("cow.c", "7")
    assert float(case.get("time") or 0) == 0.25
    failure = case.find("failure")
    assert failure is not None
    assert failure.get("message") == "fail: Expected 1"
    assert failure.text == "# a\n# b"
    properties = {p.get("name"): p.get("value") for p in suite.iter("property")}
    assert properties == {"kernel": "debian:7.3", "arch": "arm64", "release": "7.3.4"}


def test_every_verdict_has_its_element() -> None:
    results = [TestResult("p", verdict.value, verdict, "why") for verdict in Verdict]
    root = ET.fromstring(junit.render([a_run(*results)]))
    found = {case.get("name"): [inner.tag for inner in case] for case in root.iter("testcase")}
    error = ["error"]
    assert found == {
        "pass": [],
        "xpass": [],
        "fail": ["failure"],
        "skip": ["skipped"],
        "xfail": ["skipped"],
        "timeout": error,
        "crash": error,
        "error": error,
        "not_run": error,
    }


def test_verdicts_without_a_reason_still_count() -> None:
    results = [TestResult("p", verdict.value, verdict) for verdict in Verdict]
    (suite,) = ET.fromstring(junit.render([a_run(*results)]))
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "9", "failures": "1", "errors": "4", "skipped": "2"}


def test_illegal_characters_are_left_out() -> None:
    result = TestResult(NASTY, NASTY, Verdict.FAIL, NASTY, None, [NASTY], NASTY, 1)
    run = a_run(result, splats=[(NASTY, NASTY)])
    run.kernel = run.environment["x"] = NASTY
    text = junit.render([run])
    root = ET.fromstring(text)
    assert "🐧" in text
    assert "\x1b" not in text
    (failure,) = root.iter("failure")
    assert failure.text == junit.legal(NASTY)


@settings(deadline=None)
@given(st.text(), st.text(), st.text(), st.sampled_from(list(Verdict)))
def test_any_text_gives_a_valid_document(name: str, reason: str, log: str, verdict: Verdict) -> None:
    run = a_run(TestResult("p", name, verdict, reason, 1.0, log.split("\n"), name, 3))
    ET.fromstring(junit.render([run]))


def test_repeats_and_kernels_do_not_collapse() -> None:
    runs = [a_run(TestResult("p", "t", Verdict.PASS), repeat=n) for n in (1, 2)]
    root = ET.fromstring(junit.render(runs))
    keys = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    assert len(set(keys)) == 2


def test_names_with_dots_of_their_own_stay_whole() -> None:
    result = TestResult("cow", "Basic COW ... with base page", Verdict.PASS)
    assert junit.split_name(result) == ("cow", "Basic COW ... with base page")


def test_no_tests_is_a_valid_document() -> None:
    assert ET.fromstring(junit.render([])).tag == "testsuites"
    assert ET.fromstring(junit.render([a_run()])).tag == "testsuites"
