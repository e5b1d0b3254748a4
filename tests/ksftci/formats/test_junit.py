# SPDX-License-Identifier: GPL-2.0-only
"""The JUnit XML that `junit` writes."""

import re
import tracemalloc
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from ksftci.errors import CiError
from ksftci.formats import junit
from ksftci.formats.junittext import legal
from ksftci.results.model import Measurement, ProgramRun, Run, TestResult, Verdict

NASTY = "\x1b[31mred\x00 \ufffe <&\"'> ]]> \ud800 äö 🐧"
ESCAPED = "\\x1b[31mred\\x00 \\ufffe <&\"'> ]]> \\ud800 äö 🐧"


def a_run(*results: TestResult, **fields: object) -> Run:
    return Run("debian:7.3", "arm64", {"release": "7.3.4"}, list(results), **fields)  # type: ignore[arg-type]


def the_case(result: TestResult) -> ET.Element:
    (case,) = ET.fromstring(junit.render([a_run(result)])).iter("testcase")
    return case


def properties(element: ET.Element) -> dict[str, str]:
    """The properties of a suite or a case."""
    return {p.get("name", ""): p.get("value", "") for p in element.iterfind("properties/property")}


def test_a_failure_has_all_fields_that_readers_use() -> None:
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
    assert failure.attrib == {"message": "Expected 1", "type": "fail"}
    assert failure.text == "Expected 1\n# a\n# b"
    assert properties(suite) == {"kernel": "debian:7.3", "arch": "arm64", "program": "cow", "release": "7.3.4"}


def test_every_verdict_has_its_element() -> None:
    results = [TestResult("p", verdict.value, verdict, "why") for verdict in Verdict]
    root = ET.fromstring(junit.render([a_run(*results)]))
    elements = {case.get("name"): [inner.tag for inner in case] for case in root.iter("testcase")}
    passed, error = ["properties", "system-out"], ["error"]
    assert elements == {
        "pass": passed,
        "xpass": passed,
        "fail": ["failure"],
        "skip": ["skipped"],
        "xfail": ["properties", "skipped"],
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


def test_a_plain_pass_has_no_elements_and_the_time_that_dorny_needs() -> None:
    case = the_case(TestResult("p", "t", Verdict.PASS))
    assert not list(case)
    assert case.get("time") == "0"


def test_the_type_of_an_error_is_the_verdict() -> None:
    for verdict in (Verdict.TIMEOUT, Verdict.CRASH, Verdict.ERROR, Verdict.NOT_RUN):
        (error,) = the_case(TestResult("p", "t", verdict, "why", log=["line"]))
        assert (error.tag, error.get("type")) == ("error", verdict.value)
        assert error.text == f"{verdict.value}: why\nline"


def test_a_skip_has_its_reason_as_message_and_as_text() -> None:
    skipped, out = the_case(TestResult("p", "t", Verdict.SKIP, "no THP", log=["# looked"]))
    assert (skipped.get("message"), skipped.text) == ("no THP", "no THP")
    assert (out.tag, out.text) == ("system-out", "# looked")


def test_an_expected_failure_is_a_skip_of_the_type_xfail() -> None:
    known = "bug 7 https://bugs.example/7"
    case = the_case(TestResult("p", "t", Verdict.XFAIL, "Expected 1", known=known))
    skipped = case.find("skipped")
    assert skipped is not None
    assert skipped.get("type") == "xfail"
    assert skipped.get("message") == f"xfail: Expected 1; known: {known}"
    assert properties(case) == {"verdict": "xfail", "reason": "Expected 1", "known": known}


def test_an_unexpected_pass_is_a_pass_whose_output_begins_with_xpass() -> None:
    case = the_case(TestResult("p", "t", Verdict.XPASS, log=["ran"]))
    assert [inner.tag for inner in case] == ["properties", "system-out"]
    assert case[1].text == "xpass\nran"


def test_a_flaky_pass_has_surefires_elements() -> None:
    earlier = [Verdict.FAIL, Verdict.TIMEOUT]
    case = the_case(TestResult("p", "t", Verdict.PASS, log=["ran"], earlier=earlier))
    assert [inner.tag for inner in case] == ["properties", "flakyFailure", "flakyFailure", "system-out"]
    assert [inner.get("type") for inner in case.iterfind("flakyFailure")] == ["fail", "timeout"]
    assert case[-1].text == "pass; attempts before: fail, timeout\nran"
    assert properties(case)["earlier"] == "fail timeout"


def test_a_failure_that_was_retried_has_surefires_elements() -> None:
    case = the_case(TestResult("p", "t", Verdict.FAIL, "why", earlier=[Verdict.FAIL]))
    assert [inner.tag for inner in case] == ["properties", "failure", "rerunFailure"]
    assert case[1].get("message") == "why; attempts before: fail"


def test_illegal_characters_are_escaped() -> None:
    result = TestResult(NASTY, NASTY, Verdict.FAIL, NASTY, None, [NASTY, "\r"], NASTY, 1, NASTY)
    run = a_run(result, splats=[(NASTY, NASTY), ("", NASTY)], anomalies=[NASTY])
    run.kernel = run.environment["x"] = run.environment[NASTY] = NASTY
    text = junit.render([run])
    root = ET.fromstring(text)
    assert "🐧" in text
    assert not re.search("[\x00\x1b\ufffe\ud800\r]", text)
    (failure,) = root.iter("failure")
    assert failure.text == f"{ESCAPED}; known: {ESCAPED}\n{ESCAPED}\n\\x0d"
    assert legal(NASTY) == ESCAPED


@given(st.text(), st.text(), st.text(), st.sampled_from(list(Verdict)))
def test_any_text_gives_a_valid_document(name: str, reason: str, log: str, verdict: Verdict) -> None:
    run = a_run(TestResult("p", name, verdict, reason, 1.0, log.split("\n"), name, 3))
    text = junit.render([run])
    ET.fromstring(text)
    etree.fromstring(text.encode())


def test_repeats_and_kernels_have_names_of_their_own() -> None:
    runs = [a_run(TestResult("p", "t", Verdict.PASS), repeat=n) for n in (1, 2)]
    runs += [Run("debian:7", results=[TestResult("p", "t", Verdict.PASS)], repeat=3)]
    root = ET.fromstring(junit.render(runs))
    keys = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    assert len(set(keys)) == 3
    assert len({suite.get("name") for suite in root}) == 3


def test_class_names_have_no_double_colon() -> None:
    assert the_case(TestResult("mm::cow", "t", Verdict.PASS)).get("classname") == "debian:7.3.mm.cow"


def test_a_name_that_is_not_only_words_and_dots_stays_whole() -> None:
    result = TestResult("cow", "Basic COW ... with base page", Verdict.PASS)
    assert junit.split_name(result) == ("cow", "Basic COW ... with base page")


def test_no_tests_is_a_valid_document() -> None:
    assert ET.fromstring(junit.render([])).tag == "testsuites"
    (suite,) = ET.fromstring(junit.render([a_run()]))
    assert (suite.get("tests"), suite.get("name"), properties(suite)["release"]) == ("0", "debian:7.3", "7.3.4")


def test_the_environment_is_in_every_suite_and_an_anomaly_only_once_in_a_run() -> None:
    results = [TestResult(program, "t", Verdict.PASS) for program in ("a", "b")]
    run = a_run(*results, repeat=2, interrupted=True, anomalies=["a: no plan"], splats=[("", "Oops"), ("b", "BUG")])
    first, second = ET.fromstring(junit.render([run]))
    both = {"kernel": "debian:7.3", "arch": "arm64", "run": "2", "interrupted": "yes", "release": "7.3.4"}
    assert properties(first) == {**both, "program": "a", "anomalies": "a: no plan", "splats": "Oops"}
    assert properties(second) == {**both, "program": "b"}
    assert [second.findtext("system-err"), first.findtext("system-err")] == ["BUG", None]


def test_long_logs_keep_both_ends_and_the_number_of_missing_lines() -> None:
    (failure,) = the_case(TestResult("p", "t", Verdict.FAIL, log=[f"line {n}" for n in range(2000)]))
    lines = (failure.text or "").split("\n")[1:]
    assert (lines[0], lines[-1], len(lines)) == ("line 0", "line 1999", 501)
    assert lines[250] == "[1500 lines left out]"


@pytest.mark.parametrize("letter", ["x", "\x00", "🐧"])
def test_logs_of_long_lines_stay_below_the_limit_of_github(letter: str) -> None:
    long = letter * 100_000
    (failure,) = the_case(TestResult("p", "t", Verdict.FAIL, long, log=["first", *[long] * 400, "last"]))
    text = failure.text or ""
    assert len(text.encode()) < 65_535
    assert " [cut, 100000 characters]" in text
    assert re.search(r"\n\[\d+ lines left out\]\n", text)
    assert text.split("\n")[1] == "first"
    assert text.endswith("\nlast")


_ORDER = ["properties", "failure", "error", "skipped", "rerunFailure", "flakyFailure", "system-out"]


@settings(max_examples=60)
@given(st.lists(st.sampled_from(list(Verdict))), st.sampled_from(list(Verdict)), st.booleans(), st.text())
def test_elements_come_in_the_order_of_the_schemas(
    earlier: list[Verdict], verdict: Verdict, splat: bool, log: str
) -> None:
    result = TestResult("p", "t", verdict, "", None, [log], earlier=earlier)
    (suite,) = ET.fromstring(junit.render([a_run(result, splats=[("p", "BUG")] if splat else [])]))
    assert [inner.tag for inner in suite] == ["properties", "testcase", "system-err"][: 2 + splat]
    tags = [inner.tag for inner in suite[1]]
    assert tags == sorted(tags, key=_ORDER.index)
    assert sum(tag in ("failure", "error", "skipped") for tag in tags) <= 1
    attributes = {"name", "tests", "failures", "errors", "skipped", "time"}  # the attributes in junit-10.xsd
    assert set(suite.attrib) == attributes
    assert re.fullmatch(r"\d+\.\d{3}", suite.get("time", ""))


def test_measurements_are_properties_of_the_test_case() -> None:
    measured = (Measurement("time", 31.25, "ns/page"), Measurement("small", 0.00001, "ratio"))
    case = the_case(TestResult("p", "t", Verdict.PASS, log=["ran"], measured=measured))
    assert properties(case) == {"measure.time": "31.25 ns/page", "measure.small": "0.00001 ratio"}
    assert [inner.tag for inner in case] == ["properties", "system-out"]
    assert case[1].text == "ran"


def suites(count: int, cases: int) -> Iterator[ProgramRun]:
    for number in range(count):
        run = a_run(*(TestResult("p", f"t{n}", Verdict.FAIL, "why", 0.1, ["line"] * 10) for n in range(cases)))
        yield ProgramRun(run, f"p{number}", run.results)


def test_a_written_file_holds_what_render_gives(tmp_path: Path) -> None:
    runs = [a_run(*(TestResult(f"p{n % 3}", f"t{n}", Verdict.FAIL) for n in range(1000)))]
    junit.write((suite for run in runs for suite in run.programs), tmp_path / "out.xml")
    assert (tmp_path / "out.xml").read_text(encoding="utf-8") == junit.render(runs)


def test_an_anomaly_that_comes_after_the_last_suite_is_written(tmp_path: Path) -> None:
    run = a_run()

    def stream() -> Iterator[ProgramRun]:
        yield ProgramRun(run, "p", [TestResult("p", "t", Verdict.PASS)])
        run.anomalies.append("p: no plan")

    junit.write(stream(), tmp_path / "out.xml")
    (suite,) = ET.parse(tmp_path / "out.xml").getroot()
    assert properties(suite)["anomalies"] == "p: no plan"


def test_writing_keeps_few_suites_in_memory(tmp_path: Path) -> None:
    peaks = []
    for count in (3, 15):
        tracemalloc.start()
        junit.write(suites(count, 150), tmp_path / "out.xml")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


def test_an_error_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "out.xml"
    path.write_text("old")

    def breaks() -> Iterator[ProgramRun]:
        yield from suites(1, 1)
        raise CiError("the second log is not there")

    with pytest.raises(CiError, match="second log"):
        junit.write(breaks(), path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_an_error() -> None:
    with pytest.raises(CiError, match="/dev/full: cannot write there: No space left"):
        junit.write(suites(1, 10), Path("/dev/full"))
