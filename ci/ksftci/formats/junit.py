# SPDX-License-Identifier: GPL-2.0-only
"""Write results as JUnit XML, in the shape that its readers agree on; docs/junit.md lists what each reader shows.

One flat <testsuite> stands for each run and program. The classname and name of a test case together are unique and
stable; `line` counts from 1. A test that did not report a result of its own (timeout, crash, error, not_run) is an
<error>, whose type is the verdict. The properties of a test case hold what its elements cannot express;
`junitread` restores the result from them.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from pathlib import Path

from junit_xml import TestCase, TestSuite  # type: ignore[import-untyped]

from ksftci.formats.junittext import clip, legal, shorten
from ksftci.host.files import STANDARD, replacing
from ksftci.results.model import ProgramRun, Run, TestResult, Verdict, program_runs
from plainprint import github

MEASURE = "measure."  # prefix of the properties that hold measurements
_BATCH = 100  # test cases that are in memory as elements at once


def write(suites: Iterable[ProgramRun], path: Path) -> None:
    """Write all suites to a file; at most two suites are in memory at a time.

    The same suites give the same bytes, but on the standard output when GitHub reads that. Raises CiError when the file
    cannot be written.
    """
    guarded = path in (STANDARD, Path("/dev/stdout")) and github.is_log()
    with replacing(path) as file:
        for piece in _document(suites):  # each ends with a line
            file.write((github.xml(piece) if guarded else piece).encode())


def render(runs: Iterable[Run]) -> str:
    """The XML document of all runs. Any text is accepted: see `legal`."""
    return "".join(_document(program_runs(runs)))


def class_prefix(run: Run) -> str:
    """The beginning of a run's class names: the kernel, and ".run2" in the second repeat."""
    return legal(f"{run.kernel}.run{run.repeat}" if run.repeat > 1 else run.kernel)


def classname(prefix: str, program: str) -> str:
    """The class name of a program; "." replaces "::", at which readers split names."""
    return legal(f"{prefix}.{program}" if prefix else program).replace("::", ".")


def split_name(result: TestResult) -> tuple[str, str]:
    """(classname, name) of a result: fixture and variant of kselftest_harness.h become part of the class.

    Only a name of words joined by dots is split. Any other name stays whole: a dot in it separates nothing.
    """
    if re.fullmatch(r"\w+(?:\.\w+)+(?:#\d+)?", result.name):
        scope, _, name = result.name.rpartition(".")
        return f"{result.program}.{scope}", name
    return result.program, result.name


def headline(result: TestResult) -> str:
    """Verdict and reason in one line; of a failure and a skip only the reason, as the element gives the verdict."""
    reason = clip(result.reason)
    if result.verdict in (Verdict.FAIL, Verdict.SKIP):
        text = reason or "no reason given"
    else:
        text = f"{result.verdict.value}: {reason}" if reason else result.verdict.value
    if result.known:
        text += f"; known: {clip(result.known)}"
    if result.earlier:
        text += f"; attempts before: {', '.join(verdict.value for verdict in result.earlier)}"
    return text


def properties(result: TestResult) -> dict[str, str]:
    """Properties for what the elements of a test case cannot express; empty for most results."""
    pass_with_reason = result.verdict is Verdict.PASS and result.reason
    facts = {}
    if pass_with_reason or result.known or result.earlier or result.verdict in (Verdict.XFAIL, Verdict.XPASS):
        facts = {
            "verdict": result.verdict.value,
            "reason": clip(result.reason),
            "known": clip(result.known),
            "earlier": " ".join(verdict.value for verdict in result.earlier),
        }
    facts["expected"] = "\n".join(map(clip, result.expected))
    if len(result.complaints) > 1:
        facts["complaints"] = "\n".join(clip(complaint.headline) for complaint in result.complaints)
    return {name: value for name, value in facts.items() if value}


def measurement_properties(result: TestResult) -> dict[str, str]:
    """The measurements of a test as properties: "measure.NAME" to "VALUE UNIT"."""
    return {f"{MEASURE}{measurement.name}": measurement.text for measurement in result.measured}


def _document(suites: Iterable[ProgramRun]) -> Iterator[str]:
    """The document in pieces. Its root has no totals: they are unknown when it is written, and no reader uses them."""
    yield '<?xml version="1.0" encoding="utf-8"?>\n<testsuites>\n'
    run: Run | None = None
    anomalies_written = splats_written = 0  # of this run
    for suite in _one_behind(suites):
        if suite.run is not run:
            run, anomalies_written, splats_written = suite.run, 0, 0
        new_lines = {
            "anomalies": run.anomalies[anomalies_written:],
            "splats": [line for program, line in run.splats[splats_written:] if not program],
        }
        anomalies_written, splats_written = len(run.anomalies), len(run.splats)
        yield _head(suite, {name: "\n".join(shorten(lines)) for name, lines in new_lines.items()})
        for start in range(0, len(suite.results), _BATCH):
            yield _cases(class_prefix(run), suite.results[start : start + _BATCH])
        yield _tail(suite)
    yield "</testsuites>\n"


def _one_behind(suites: Iterable[ProgramRun]) -> Iterator[ProgramRun]:
    """Give each suite after the next one has arrived: only then its run holds all anomalies (see `record.stream`)."""
    previous: ProgramRun | None = None
    for suite in suites:
        if previous is not None:
            yield previous
        previous = suite
    if previous is not None:
        yield previous


def _head(suite: ProgramRun, texts: dict[str, str]) -> str:
    """The start tag and the properties of a suite; `texts` become properties that no other suite of the run has."""
    run, counts = suite.run, suite.counts
    facts = {
        "kernel": run.kernel,
        "arch": run.arch,
        "run": str(run.repeat) if run.repeat > 1 else "",
        "program": suite.program,
        "seconds": f"{run.seconds:.3f}" if run.seconds else "",
        "interrupted": "yes" if run.interrupted else "",
        **texts,
    }
    facts = {name: value for name, value in facts.items() if value or name == "program"}
    facts |= {name: value for name, value in run.environment.items() if name not in facts}
    element = TestSuite(
        legal(": ".join(filter(None, (run.kernel and run.label, suite.program)))) or "no tests",
        properties={legal(name): legal(value) for name, value in facts.items()},
    ).build_xml_doc()
    del element.attrib["disabled"]  # not in the schema
    element.set("tests", str(len(suite.results)))
    element.set("failures", str(counts[Verdict.FAIL]))
    element.set("errors", str(sum(number for verdict, number in counts.items() if verdict.infrastructure)))
    element.set("skipped", str(counts[Verdict.SKIP] + counts[Verdict.XFAIL]))
    element.set("time", f"{suite.seconds:.3f}")
    text = ET.tostring(element, encoding="unicode", short_empty_elements=False)
    return text.removesuffix("</testsuite>") + "\n"


def _tail(suite: ProgramRun) -> str:
    """The kernel's warnings while the program ran, and the end tag."""
    splats = [line for program, line in suite.run.splats if program and program == suite.program]
    if not splats:
        return "</testsuite>\n"
    element = ET.Element("system-err")
    element.text = "\n".join(shorten(splats))
    return ET.tostring(element, encoding="unicode") + "\n</testsuite>\n"


def _cases(prefix: str, results: list[TestResult]) -> str:
    """The elements of some test cases."""
    suite = TestSuite("", [_case(prefix, result) for result in results]).build_xml_doc()
    for element, result in zip(suite, results, strict=True):
        _complete(element, result)
        for line in (element, *element):
            line.tail = "\n"
    text = ET.tostring(suite, encoding="unicode")
    return text[text.index(">") + 1 : text.rindex("<")]  # without the tags of the suite


def _case(prefix: str, result: TestResult) -> TestCase:
    scope, name = split_name(result)
    case = TestCase(
        legal(name),
        classname=classname(prefix, scope),
        elapsed_sec=result.seconds,
        file=legal(result.file) if result.file else None,
        line=result.line,
    )
    log = shorten(result.log)
    if result.verdict is Verdict.PASS and "verdict" not in properties(result):
        case.stdout = "\n".join(log)
        return case
    message = headline(result)
    text = "\n".join([message, *log])  # GitLab shows the text and not the message
    match result.verdict:
        case Verdict.FAIL:
            case.add_failure_info(message, text, "fail")
        case Verdict.SKIP | Verdict.XFAIL:
            case.add_skipped_info(message, message)
            case.stdout = "\n".join(log)
        case Verdict.PASS | Verdict.XPASS:
            case.stdout = text
        case _:
            case.add_error_info(message, text, result.verdict.value)
    return case


def _complete(element: ET.Element, result: TestResult) -> None:
    """Add to a test case what the library junit_xml cannot write."""
    element.attrib.setdefault("time", "0")  # dorny shows NaN without a time; 0 stands for an unknown time
    if len(element):
        element.text = "\n"
    if result.verdict is Verdict.XFAIL:
        element[0].set("type", "xfail")
    # The elements of Maven's Surefire. Jenkins and mikepenz read both, and neither reads flakyError or rerunError.
    tag = "rerunFailure" if result.verdict.bad else "flakyFailure"
    index = 0 if result.verdict in (Verdict.PASS, Verdict.XPASS) else 1
    for number, verdict in enumerate(result.earlier):
        if verdict.bad:
            attempt = ET.Element(tag, message=f"attempt {number + 1}: {verdict.value}", type=verdict.value)
            element.insert(index, attempt)
            index += 1
    if values := properties(result) | measurement_properties(result):
        group = ET.Element("properties")
        for name, value in values.items():
            ET.SubElement(group, "property", name=name, value=value)
        element.insert(0, group)
