# SPDX-License-Identifier: GPL-2.0-only
"""Results as JUnit XML, in the shape that its readers agree on.

One flat <testsuite> for each kernel and program; classname and name together are unique and stable;
`line` counts from 1; what did not come to a result of its own is an <error>.
"""

import re
from collections.abc import Iterable

from junit_xml import TestCase, TestSuite, to_xml_report_string  # type: ignore[import-untyped]

from ksftci.results import Run, Suite, TestResult, Verdict

_LONGEST_LOG = 500  # lines of one test
_ILLEGAL = re.compile("[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010fffd]")


def legal(text: str) -> str:
    """Text without the characters that XML 1.0 does not have or advises against."""
    return _ILLEGAL.sub("", text)


def render(runs: Iterable[Run]) -> str:
    """The XML document of all runs. Never raises, whatever the texts hold."""
    suites = [_suite(suite) for run in runs for suite in run.suites]
    text: str = to_xml_report_string(suites, prettyprint=True, encoding="utf-8")
    return text


def _suite(suite: Suite) -> TestSuite:
    run, program = suite.run, suite.program
    place = f"{run.kernel}.{run.repeat}" if run.repeat > 1 else run.kernel
    name = f"{place}: {program}" if place else program
    properties = {"kernel": run.kernel, "arch": run.arch, **run.environment}
    splats = "\n".join(line for of, line in run.splats if of == program)
    return TestSuite(
        legal(name),
        [_case(place, result) for result in suite.results],
        properties={legal(k): legal(v) for k, v in properties.items() if v},
        stderr=legal(splats) or None,
    )


def split_name(result: TestResult) -> tuple[str, str]:
    """(classname, name): the harness's fixture and variant go to the class.

    Only names that look like the harness's are taken apart, others have dots for other reasons.
    """
    if re.fullmatch(r"\w+(?:\.\w+)+(?:#\d+)?", result.name):
        scope, _, name = result.name.rpartition(".")
        return f"{result.program}.{scope}", name
    return result.program, result.name


def _case(place: str, result: TestResult) -> TestCase:
    classname, name = split_name(result)
    case = TestCase(
        legal(name),
        classname=legal(f"{place}.{classname}" if place else classname).replace("::", "."),
        elapsed_sec=result.seconds,
        file=legal(result.file) if result.file else None,
        line=result.line,
    )
    message = legal(f"{result.verdict.value}: {result.reason}" if result.reason else _plain(result))
    log = legal("\n".join(_shorten(result.log)))
    match result.verdict:
        case Verdict.FAIL:
            case.add_failure_info(message, log or None, "fail")
        case Verdict.SKIP:
            case.add_skipped_info(legal(result.reason) or "no reason given")
        case Verdict.XFAIL:
            case.add_skipped_info(message)
        case Verdict.PASS | Verdict.XPASS:
            pass
        case _:
            case.add_error_info(message, log or None, result.verdict.value)
    if not result.verdict.bad and log:
        case.stdout = log
    return case


def _plain(result: TestResult) -> str:
    return f"{result.verdict.value}, no reason given"


def _shorten(lines: list[str]) -> list[str]:
    if len(lines) <= _LONGEST_LOG:
        return lines
    half = _LONGEST_LOG // 2
    return [*lines[:half], f"[{len(lines) - 2 * half} lines left out]", *lines[-half:]]
