# SPDX-License-Identifier: GPL-2.0-only
"""Turns results into pytest's reports, and makes reports of extra results, for which there are no items.

A worker of xdist may report only the items that it was sent. So the extra reports travel, serialized, in
the report of their case, and the process that shows reports takes them out.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from ksftci.errors import CiError
from ksftci.plugin.items import Case, properties
from ksftci.results.model import TestResult, Verdict
from ksftci.results.names import free_name
from plainprint.github import shown

_EXTRA_REPORTS = "ksft_extra_reports"  # an attribute of the report of a case


def amend(report: pytest.TestReport, case: Case, call: pytest.CallInfo[None]) -> None:
    """Give the report of a case the outcome of its result, or the reason why there is none."""
    if call.when == "setup" and call.excinfo is not None and call.excinfo.errisinstance(CiError):
        report.longrepr = case.repr_failure(call.excinfo)  # pytest itself would show the traceback
    if call.when != "call" or case.result is None:
        return
    _fill(report, case.result.result)
    if case.result.extra_results:
        facts = {name: str(value) for name, value in case.user_properties}
        extra_reports = _reports(case, case.result.extra_results, facts)
        hook = case.config.hook.pytest_report_to_serializable
        setattr(report, _EXTRA_REPORTS, [hook(config=case.config, report=extra) for extra in extra_reports])


def take_extra_reports(report: pytest.TestReport, config: pytest.Config) -> list[pytest.TestReport]:
    """Remove and return the reports that travelled in this report, in order."""
    hook = config.hook.pytest_report_from_serializable
    extra_reports: list[pytest.TestReport] = []
    for data in report.__dict__.pop(_EXTRA_REPORTS, ()):
        extra = hook(config=config, data=data)
        if hasattr(report, "node"):  # xdist's worker
            extra.node = report.node
        extra_reports.append(extra)
    return extra_reports


def _fill(report: pytest.TestReport, result: TestResult) -> None:
    """Set duration, log and, unless it is passed or failed, the outcome."""
    report.duration = result.seconds or 0.0
    if result.log and not result.verdict.bad:
        report.sections.append(("Captured stdout call", "\n".join(result.log) + "\n"))
    path, line, _ = report.location
    match result.verdict:
        case Verdict.SKIP:
            report.outcome = "skipped"
            report.longrepr = (path, (line or 0) + 1, f"Skipped: {shown(result.reason) or 'no reason given'}")
        case Verdict.XFAIL:
            report.outcome, report.wasxfail = "skipped", shown(" ".join(filter(None, (result.reason, result.known))))
        case Verdict.XPASS:
            report.outcome, report.wasxfail = "passed", shown(" ".join(filter(None, (result.reason, result.known))))


def _reports(case: Case, results: list[TestResult], facts: dict[str, str]) -> Iterator[pytest.TestReport]:
    """Two reports, call and teardown, for each result, as pytest's terminal and JUnit writer expect."""
    path, line, _ = case.location
    for result in results:
        name = result.name.replace("::", ":")
        name = case.program.context.item_name(free_name(name, {case.program.program}), case.key.label)
        fields: dict[str, Any] = {
            "nodeid": f"{case.program.nodeid}::{name}",
            "location": (path, line, f"{case.program.program}: {name}"),
            "keywords": dict.fromkeys(case.keywords, 1),
            "user_properties": properties(result, case.key.label, facts),
        }
        bad = result.verdict.bad
        text = case.repr_result(result) if bad else None
        report = pytest.TestReport(**fields, outcome="failed" if bad else "passed", longrepr=text, when="call")
        _fill(report, result)
        yield report
        yield pytest.TestReport(**fields, outcome="passed", longrepr=None, when="teardown")
