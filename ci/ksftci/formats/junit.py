# SPDX-License-Identifier: GPL-2.0-only
"""Results as JUnit XML, in the shape that its readers agree on; docs/junit.md says what each shows.

One flat <testsuite> for each run and program; classname and name together are unique and stable;
`line` counts from 1; what did not come to a result of its own is an <error>, the verdict its type.
What the elements cannot say is in a test case's properties, for `junitread`.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from pathlib import Path

from junit_xml import TestCase, TestSuite  # type: ignore[import-untyped]

from ksftci.formats.junittext import clip, legal, shorten
from ksftci.host.files import replacing
from ksftci.results.model import ProgramRun, Run, TestResult, Verdict, program_runs

MEASURE = "measure."  # what the properties begin with that a test has measured
_BATCH = 100  # cases that are in memory as elements at once


def write(suites: Iterable[ProgramRun], path: Path) -> None:
    """Write the document of all suites to path, with no more than one suite and the next in memory.

    The same suites give the same bytes. Raises CiError when path cannot be written.
    """
    with replacing(path) as file:
        for piece in _document(suites):
            file.write(piece.encode())


def render(runs: Iterable[Run]) -> str:
    """The document of all runs. Never raises, whatever the texts hold."""
    return "".join(_document(program_runs(runs)))


def place(run: Run) -> str:
    """What class names begin with: the kernel, and which repeat it was if there are several."""
    return legal(f"{run.kernel}.run{run.repeat}" if run.repeat > 1 else run.kernel)


def classname(where: str, program: str) -> str:
    """The class name at a place, without "::", which readers cut at."""
    return legal(f"{where}.{program}" if where else program).replace("::", ".")


def split_name(result: TestResult) -> tuple[str, str]:
    """(classname, name): the harness's fixture and variant go to the class.

    Only names that look like the harness's are taken apart, others have dots for other reasons.
    """
    if re.fullmatch(r"\w+(?:\.\w+)+(?:#\d+)?", result.name):
        scope, _, name = result.name.rpartition(".")
        return f"{result.program}.{scope}", name
    return result.program, result.name


def headline(result: TestResult) -> str:
    """What happened and why, in one line. A failure and a skip are told by their elements: only why."""
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
    """What a test case's elements do not tell, of the few that have such."""
    silent = result.verdict is Verdict.PASS and result.reason
    if not (silent or result.known or result.earlier or result.verdict in (Verdict.XFAIL, Verdict.XPASS)):
        return {}
    found = {
        "verdict": result.verdict.value,
        "reason": clip(result.reason),
        "known": clip(result.known),
        "earlier": " ".join(verdict.value for verdict in result.earlier),
    }
    return {name: value for name, value in found.items() if value}


def measurement_properties(result: TestResult) -> dict[str, str]:
    """What a test measured, as properties: "measure.NAME" is "VALUE UNIT"."""
    return {f"{MEASURE}{one.name}": one.text for one in result.measured}


def _document(suites: Iterable[ProgramRun]) -> Iterator[str]:
    """The document in pieces. The root has no totals, as they are not known yet; no reader takes them."""
    yield '<?xml version="1.0" encoding="utf-8"?>\n<testsuites>\n'
    run: Run | None = None
    odd = splats = 0  # how many of the run's were told
    for suite in _behind(suites):
        if suite.run is not run:
            run, odd, splats = suite.run, 0, 0
        once = {
            "anomalies": run.anomalies[odd:],
            "splats": [line for program, line in run.splats[splats:] if not program],
        }
        odd, splats = len(run.anomalies), len(run.splats)
        yield _head(suite, {name: "\n".join(shorten(lines)) for name, lines in once.items()})
        for start in range(0, len(suite.results), _BATCH):
            yield _cases(place(run), suite.results[start : start + _BATCH])
        yield _tail(suite)
    yield "</testsuites>\n"


def _behind(suites: Iterable[ProgramRun]) -> Iterator[ProgramRun]:
    """Each suite when the next has come: only then does its run hold all that was odd in it."""
    last: ProgramRun | None = None
    for suite in suites:
        if last is not None:
            yield last
        last = suite
    if last is not None:
        yield last


def _head(suite: ProgramRun, once: dict[str, str]) -> str:
    """The suite's start tag and properties; `once` are lines that no other suite of its run tells."""
    run, counts = suite.run, suite.counts
    facts = {
        "kernel": run.kernel,
        "arch": run.arch,
        "run": str(run.repeat) if run.repeat > 1 else "",
        "program": suite.program,
        "seconds": f"{run.seconds:.3f}" if run.seconds else "",
        "interrupted": "yes" if run.interrupted else "",
        **once,
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
    splats = [line for program, line in suite.run.splats if program and program == suite.program]
    if not splats:
        return "</testsuite>\n"
    element = ET.Element("system-err")
    element.text = "\n".join(shorten(splats))
    return ET.tostring(element, encoding="unicode") + "\n</testsuite>\n"


def _cases(where: str, results: list[TestResult]) -> str:
    suite = TestSuite("", [_case(where, result) for result in results]).build_xml_doc()
    for element, result in zip(suite, results, strict=True):
        _complete(element, result)
        for inner in (element, *element):
            inner.tail = "\n"
    text = ET.tostring(suite, encoding="unicode")
    return text[text.index(">") + 1 : text.rindex("<")]  # without the suite's own tags


def _case(where: str, result: TestResult) -> TestCase:
    scope, name = split_name(result)
    case = TestCase(
        legal(name),
        classname=classname(where, scope),
        elapsed_sec=result.seconds,
        file=legal(result.file) if result.file else None,
        line=result.line,
    )
    log = shorten(result.log)
    if result.verdict is Verdict.PASS and not properties(result):
        case.stdout = "\n".join(log)
        return case
    told = headline(result)
    text = "\n".join([told, *log])  # GitLab shows no more than this
    match result.verdict:
        case Verdict.FAIL:
            case.add_failure_info(told, text, "fail")
        case Verdict.SKIP | Verdict.XFAIL:
            case.add_skipped_info(told, told)
            case.stdout = "\n".join(log)
        case Verdict.PASS | Verdict.XPASS:
            case.stdout = text
        case _:
            case.add_error_info(told, text, result.verdict.value)
    return case


def _complete(element: ET.Element, result: TestResult) -> None:
    """Add to a test case what the library has no words for."""
    element.attrib.setdefault("time", "0")  # is needed; 0: not known
    if len(element):
        element.text = "\n"
    if result.verdict is Verdict.XFAIL:
        element[0].set("type", "xfail")
    # As Maven's Surefire tells it. Jenkins and mikepenz read these two, but not its ...Error.
    tag = "rerunFailure" if result.verdict.bad else "flakyFailure"
    at = 0 if result.verdict in (Verdict.PASS, Verdict.XPASS) else 1
    for number, verdict in enumerate(result.earlier):
        if verdict.bad:
            attempt = ET.Element(tag, message=f"attempt {number + 1}: {verdict.value}", type=verdict.value)
            element.insert(at, attempt)
            at += 1
    if told := properties(result) | measurement_properties(result):
        inner = ET.Element("properties")
        for name, value in told.items():
            ET.SubElement(inner, "property", name=name, value=value)
        element.insert(0, inner)
