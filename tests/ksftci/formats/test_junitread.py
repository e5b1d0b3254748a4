# SPDX-License-Identifier: GPL-2.0-only
"""JUnit XML is read: what `junit` wrote, and files by other tools."""

import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import junitparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ksftci.errors import CiError
from ksftci.formats import junit, junitread, record
from ksftci.formats.junittext import legal
from ksftci.formats.log import opened
from ksftci.results.model import Complaint, Measurement, Run, TestResult, Verdict, program_runs

LOGS = Path(__file__).parents[2] / "logs"

measurements = st.builds(
    Measurement,
    st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True),
    st.integers(-(10**12), 10**12).map(lambda millionths: millionths / 10**6),
    st.sampled_from(["ns/page", "ratio", "%"]),
)
words = st.text(alphabet=st.characters(exclude_characters="\n", exclude_categories=["Cs"]), min_size=1, max_size=20)
programs = st.sampled_from(["cow", "mm:cow", "ksft_ksm.sh", "a::b"])
names = words | st.sampled_from(["cow.thp.up", "cow.thp.up#2", "outer/inner", "Basic COW ... with base page", ""])
results = st.builds(
    TestResult,
    programs,
    names,
    st.sampled_from(list(Verdict)),
    words | st.just(""),
    st.none() | st.integers(1, 10**9).map(lambda microseconds: microseconds / 10**6),
    st.lists(words, max_size=3),
    st.none() | words,
    st.none() | st.integers(1, 10**6),
    words | st.just(""),
    st.lists(st.sampled_from(list(Verdict)), max_size=3),
    st.lists(measurements, max_size=3, unique_by=lambda measurement: measurement.name).map(tuple),
)
facts = st.dictionaries(words.map(lambda word: f"x_{word}"), words, max_size=3)
runs = st.builds(
    Run,
    words.map(lambda word: f"k{word}"),
    st.sampled_from(["", "arm64"]),
    facts,
    st.lists(results, unique_by=lambda result: (result.program, result.name)),
    st.lists(words, max_size=2),
    st.lists(st.tuples(st.just("") | programs, words), max_size=3),
    interrupted=st.booleans(),
    seconds=st.integers(0, 10**6).map(lambda milliseconds: milliseconds / 1000),
)


def as_written(runs: list[Run]) -> list[Run]:
    """The runs as a document can hold them: legal characters only, results and splats grouped by program."""
    return [
        replace(
            run,
            kernel=legal(run.kernel),
            environment={legal(k): legal(v) for k, v in run.environment.items()},
            anomalies=[legal(note) for note in run.anomalies],
            results=[_result_as_written(result) for suite in run.programs for result in suite.results],
            splats=[
                (splat_program, legal(line))
                for program in ["", *(suite.program for suite in run.programs)]
                for splat_program, line in run.splats
                if splat_program == program
            ],
        )
        for run in runs
    ]


def _result_as_written(result: TestResult) -> TestResult:
    return replace(
        result,
        seconds=result.seconds or None,  # 0 stands for a time that was not measured
        name=legal(result.name),
        reason=legal(result.reason),
        file=None if result.file is None else legal(result.file),
        known=legal(result.known),
        log=[legal(line) for line in result.log],
    )


@given(st.lists(runs, max_size=3))
def test_written_runs_are_read_as_they_were(tmp_path: Path, runs: list[Run]) -> None:
    for number, run in enumerate(runs):
        run.repeat = number + 1
    path = tmp_path / "out.xml"
    path.write_text(junit.render(runs), encoding="utf-8")
    assert record.read(path) == as_written(runs)


@pytest.mark.parametrize("log", [["", " ", "\t"], [" "], ["why", "why"], ["pass", "ok"], ["timeout: why"]])
def test_logs_that_look_like_headlines_or_blanks_are_read_as_they_were(log: list[str], tmp_path: Path) -> None:
    run = Run("k", results=[TestResult("p", f"{v.value}{r}", v, r, log=log) for v in Verdict for r in ("", "why")])
    (tmp_path / "out.xml").write_text(junit.render([run]))
    assert record.read(tmp_path / "out.xml") == [run]


def test_recordings_are_read_as_they_were(tmp_path: Path) -> None:
    for log in sorted(LOGS.glob("*.log")):
        runs = record.read(log)
        path = tmp_path / "out.xml"
        path.write_text(junit.render(runs), encoding="utf-8")
        assert record.read(path) == as_written(runs), log


def test_a_shortened_log_is_not_shortened_again(tmp_path: Path) -> None:
    run = Run("k", results=[TestResult("p", "t", Verdict.FAIL, "w" * 5000, log=["x" * 2000] * 900)])
    path = tmp_path / "out.xml"
    path.write_text(junit.render([run]))
    (first,) = record.read(path)
    path.write_text(junit.render([first]))
    assert record.read(path) == [first]
    assert len(first.results[0].log) < 100


def read(tmp_path: Path, text: str) -> list[TestResult]:
    """The results in a document of another tool."""
    path = tmp_path / "foreign.xml"
    path.write_text(text)
    (run,) = record.read(path)
    assert run.kernel == "foreign"
    return run.results


def test_pytest_is_read(tmp_path: Path) -> None:
    tests = tmp_path / "test_it.py"
    tests.write_text(
        "import pytest\n"
        "def test_good(): print('printed')\n"
        "def test_bad(record_property): record_property('owner', 'me'); assert 1 == 2\n"
        "@pytest.mark.xfail(reason='known')\n"
        "def test_xfail(): assert 0\n"
        "def test_skip(): pytest.skip('not here')\n"
        "@pytest.fixture\n"
        "def broken(): raise OSError('gone')\n"
        "def test_error(broken): pass\n"
    )
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", str(tests)]
    subprocess.run([*argv, f"--junitxml={tmp_path}/foreign.xml"], check=False, capture_output=True)
    (run,) = record.read(tmp_path / "foreign.xml")
    results = {result.name: result for result in run.results}
    verdicts = {name.removeprefix("test_"): result.verdict.value for name, result in results.items()}
    assert verdicts == {"good": "pass", "bad": "fail", "xfail": "xfail", "skip": "skip", "error": "error"}
    assert {result.program.rpartition(".")[2] for result in run.results} == {"test_it"}
    assert results["test_bad"].reason.splitlines()[0] == "assert 1 == 2"
    assert any("def test_bad" in line for line in results["test_bad"].log)
    assert (results["test_xfail"].reason, results["test_skip"].reason) == ("known", "not here")


def test_googletest_is_read(tmp_path: Path) -> None:
    results = read(
        tmp_path,
        """<?xml version="1.0" encoding="UTF-8"?>
        <testsuites tests="3"><testsuite name="Pages" tests="3">
          <testcase name="Good" file="a.cc" line="3" status="run" result="completed" time="1,000.5" classname="Pages" />
          <testcase name="Off" status="notrun" result="suppressed" time="0." classname="Pages" />
          <testcase name="Bad" status="run" result="completed" time="0.001" classname="Pages">
            <failure message="a.cc:9&#x0A;Expected 1" type=""><![CDATA[a.cc:9
Expected 1]]></failure>
          </testcase>
        </testsuite></testsuites>""",
    )
    assert [(r.id, r.verdict.value) for r in results] == [
        ("Pages.Good", "pass"),
        ("Pages.Off", "skip"),
        ("Pages.Bad", "fail"),
    ]
    assert (results[0].seconds, results[0].file, results[0].line, results[1].seconds) == (1000.5, "a.cc", 3, None)
    assert results[2].reason == "a.cc:9\nExpected 1"


def test_junitparser_is_read(tmp_path: Path) -> None:
    suite = junitparser.TestSuite("s")
    bad = junitparser.TestCase("bad", "cls", 0.5)
    bad.result = [junitparser.Error("gone", "OSError")]
    suite.add_testcases([junitparser.TestCase("good"), bad, junitparser.TestCase("good")])
    document = junitparser.JUnitXml()
    document.add_testsuite(suite)
    document.write(str(tmp_path / "foreign.xml"))
    (run,) = record.read(tmp_path / "foreign.xml")
    results = [(r.id, r.verdict.value, r.reason) for r in run.results]
    assert results == [("s.good", "pass", ""), ("cls.bad", "error", "gone"), ("s.good#2", "pass", "")]


def test_several_failures_of_a_case_are_all_kept(tmp_path: Path) -> None:
    (result,) = read(
        tmp_path,
        "<testsuite name='s'><testcase name='t'><skipped/><failure message='one'>1st</failure>"
        "<failure>2nd</failure><system-out>out</system-out></testcase></testsuite>",
    )
    assert (result.verdict, result.reason) == (Verdict.FAIL, "one")
    assert [line for line in result.log if line] == ["1st", "2nd", "out"]


def test_surefire_is_read(tmp_path: Path) -> None:
    (result,) = read(
        tmp_path,
        "<testsuite name='s'><properties><property name='java'>21</property></properties><testsuite name='inner'>"
        "<testcase name='t'><flakyFailure/><flakyError/></testcase></testsuite></testsuite>",
    )
    assert (result.id, result.flaky) == ("inner.t", True)
    assert result.earlier == [Verdict.FAIL, Verdict.ERROR]


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [("timeout", "timeout"), ("not_run", "not_run"), ("fail", "error"), ("skip", "error"), ("OSError", "error")],
)
def test_only_the_types_that_junit_gives_an_error_are_verdicts(kind: str, verdict: str, tmp_path: Path) -> None:
    (result,) = read(tmp_path, f"<testsuite name='s'><testcase name='t'><error type='{kind}'/></testcase></testsuite>")
    assert result.verdict.value == verdict


# Each entity holds the one before it.
BOMB = "".join(f'<!ENTITY e{n} "{"&e" + str(n - 1) + ";" if n else ""}{"x" * 99}">' for n in range(9))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<testsuites><testsuite>", "cannot be read as JUnit XML"),
        ("<?xml version='1.0' encoding='what'?><testsuite/>", "cannot be read as JUnit XML"),
        ("<?xml version='1.0'?>\n", "cannot be read as JUnit XML"),
        ("<testsuites>\x00</testsuites>", "cannot be read as JUnit XML"),
        (f"<!DOCTYPE a [{BOMB}]><testsuites><testsuite name='&e8;'/></testsuites>", "has a DTD"),
        (
            "<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><testsuite><testcase name='&e;'/></testsuite>",
            "cannot be read|DTD",
        ),
    ],
)
def test_broken_and_dangerous_documents_are_errors(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "foreign.xml"
    path.write_text(text)
    with pytest.raises(CiError, match=message):
        record.read(path)


def test_entities_that_grow_exponentially_are_not_resolved(tmp_path: Path) -> None:
    lol = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "lol"}">' for n in range(20))
    path = tmp_path / "foreign.xml"
    path.write_text(
        f"<!DOCTYPE a [{lol}]><testsuites><testsuite name='&e19;'>&e19;<testcase/></testsuite></testsuites>"
    )
    with pytest.raises(CiError, match=r"cannot be read|DTD"):
        record.read(path)


@pytest.mark.parametrize(
    ("beginning", "xml"),
    [
        ("<?xml version", True),
        ("\n  <testsuites>", True),
        ("\ufeff<testsuite", True),
        ("<!-- made by -->", True),
        ("<6>[    1.0] ok 1 - first", False),
        ("KTAP version 1", False),
        ("", False),
    ],
)
def test_a_file_is_xml_by_its_beginning(beginning: str, xml: bool, tmp_path: Path) -> None:
    (tmp_path / "log").write_text(beginning, encoding="utf-8")
    with opened(tmp_path / "log") as log:
        assert junitread.is_xml(log) is xml


@settings(max_examples=200)
@given(st.integers(0, 4000), st.binary(max_size=4))
def test_a_damaged_document_raises_nothing_but_cierror(tmp_path: Path, at: int, junk: bytes) -> None:
    good = junit.render(
        [Run("k", results=[TestResult("p", v.value, v, "why", 1.0, ["log"]) for v in Verdict])]
    ).encode()
    path = tmp_path / "foreign.xml"
    path.write_bytes(b"<?xml" + good[5:at] + junk + good[at:])
    try:
        runs = record.read(path)
    except CiError:
        return
    assert all(result.seconds is None or math.isfinite(result.seconds) for run in runs for result in run.results)


def test_complaints_are_read_one_by_one(tmp_path: Path) -> None:
    result = TestResult("p", "a/kernel_log", Verdict.FAIL, "BUG: x (and 1 more)")
    result.complaints = (Complaint("BUG: x"), Complaint("BUG: y"))
    alone = TestResult("p", "b/kernel_log", Verdict.FAIL, "BUG: z")
    test = TestResult("p", "c", Verdict.PASS, log=["line"], expected=("BUG: x (why)", "BUG: y (why)"))
    path = tmp_path / "junit.xml"
    junit.write(program_runs([Run("k", results=[result, alone, test])]), path)
    (run,) = record.read(path)
    headlines = [[complaint.headline for complaint in read.complaints] for read in run.results]
    assert headlines == [["BUG: x", "BUG: y"], ["BUG: z"], []]
    assert run.results[2] == test


OWN = (
    '<testsuite name="k: s"><properties>'
    '<property name="kernel" value="k"/><property name="program" value="s"/></properties>'
)


@pytest.mark.parametrize("suite", ['<testsuite name="s">', OWN], ids=["foreign", "forged"])
@pytest.mark.parametrize(
    ("claim", "element", "verdict"),
    [
        ("pass", "<failure/>", Verdict.FAIL),
        ("xfail", "<failure/>", Verdict.FAIL),
        ("skip", "<failure/>", Verdict.FAIL),
        ("crash", "<failure/>", Verdict.FAIL),
        ("pass", "<error/>", Verdict.ERROR),
        ("xpass", "<error/>", Verdict.ERROR),
        ("pass", '<error type="timeout"/>', Verdict.TIMEOUT),
        ("pass", "<skipped/>", Verdict.SKIP),
        ("pass", "<skipped/><failure/>", Verdict.FAIL),
        ("xfail", "<skipped/><error/>", Verdict.ERROR),
        ("fail", "", Verdict.PASS),
        ("crash", "<skipped/>", Verdict.SKIP),
        ("nonsense", "<failure/>", Verdict.FAIL),
    ],
)
def test_a_property_does_not_overrule_an_element(
    suite: str, claim: str, element: str, verdict: Verdict, tmp_path: Path
) -> None:
    properties = f'<property name="verdict" value="{claim}"/><property name="reason" value="claimed"/>'
    case = f'<testcase classname="k.s" name="x"><properties>{properties}</properties>{element}</testcase>'
    (tmp_path / "x.xml").write_text(f"{suite}{case}</testsuite>")
    (run,) = record.read(tmp_path / "x.xml")
    assert [(result.verdict, result.reason) for result in run.results] == [(verdict, "")]


@pytest.mark.parametrize(
    ("attribute", "verdict"),
    [
        ('status="failed"', Verdict.FAIL),
        ('result="FAIL"', Verdict.FAIL),
        ('status="error"', Verdict.FAIL),
        ('status="run" result="completed"', Verdict.PASS),
        ('status="passed"', Verdict.PASS),
        ('status="notrun"', Verdict.SKIP),
    ],
)
def test_without_an_element_the_attributes_say_how_a_test_ended(
    attribute: str, verdict: Verdict, tmp_path: Path
) -> None:
    (tmp_path / "x.xml").write_text(f'<testsuite><testcase name="x" {attribute}/></testsuite>')
    (run,) = record.read(tmp_path / "x.xml")
    assert [result.verdict for result in run.results] == [verdict]


def test_numbers_that_are_too_long_for_python_are_no_numbers(tmp_path: Path) -> None:
    number = "9" * 5000
    (tmp_path / "x.xml").write_text(
        f'<testsuite><properties><property name="program" value="s"/><property name="run" value="{number}"/>'
        f'<property name="seconds" value="{number}"/></properties>'
        f'<testcase classname="s" name="x" line="{number}" time="{number}"/></testsuite>'
    )
    (run,) = record.read(tmp_path / "x.xml")
    assert (run.repeat, run.results[0].line, run.results[0].seconds) == (1, None, None)
