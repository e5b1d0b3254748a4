# SPDX-License-Identifier: GPL-2.0-only
"""Results into pytest's reports; the parts of a program that only its run tells become reports of their own.

A worker of xdist must not report what it was not sent, so the parts travel in the report of their
item, and whoever shows the reports takes them out.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from ksftci.errors import CiError
from ksftci.plugin.items import Case, properties
from ksftci.results.model import TestResult, Verdict
from ksftci.results.names import free_name

LEAVES = "ksft_leaves"


def amend(report: pytest.TestReport, case: Case, call: pytest.CallInfo[None]) -> None:
    """Make the report of a case say what its result does, or why there is none."""
    if call.when == "setup" and call.excinfo is not None and call.excinfo.errisinstance(CiError):
        report.longrepr = case.repr_failure(call.excinfo)  # pytest itself would show the traceback
    if call.when != "call" or case.result is None:
        return
    _fill(report, case, case.result.result)
    if case.result.leaves:
        facts = {name: str(value) for name, value in case.user_properties}
        found = _reports(case, case.result.leaves, facts)
        hook = case.config.hook.pytest_report_to_serializable
        setattr(report, LEAVES, [hook(config=case.config, report=leaf) for leaf in found])


def take_leaves(report: pytest.TestReport, config: pytest.Config) -> list[pytest.TestReport]:
    """The reports that travelled in this one, in order."""
    hook = config.hook.pytest_report_from_serializable
    found: list[pytest.TestReport] = []
    for data in report.__dict__.pop(LEAVES, ()):
        leaf = hook(config=config, data=data)
        if hasattr(report, "node"):  # xdist's worker
            leaf.node = report.node
        found.append(leaf)
    return found


def _fill(report: pytest.TestReport, case: Case, result: TestResult) -> None:
    report.duration = result.seconds or 0.0
    if result.log and not result.verdict.bad:
        report.sections.append(("Captured stdout call", "\n".join(result.log) + "\n"))
    path, line, _ = report.location
    match result.verdict:
        case Verdict.SKIP:
            report.outcome = "skipped"
            report.longrepr = (path, (line or 0) + 1, f"Skipped: {result.reason or 'no reason given'}")
        case Verdict.XFAIL:
            report.outcome, report.wasxfail = "skipped", " ".join(filter(None, (result.reason, result.known)))
        case Verdict.XPASS:
            report.outcome, report.wasxfail = "passed", " ".join(filter(None, (result.reason, result.known)))


def _reports(case: Case, leaves: list[TestResult], facts: dict[str, str]) -> Iterator[pytest.TestReport]:
    path, line, _ = case.location
    for result in leaves:
        name = result.name.replace("::", ":")
        name = case.program.context.in_id(free_name(name, {case.program.program}), case.key.label)
        about: dict[str, Any] = {
            "nodeid": f"{case.program.nodeid}::{name}",
            "location": (path, line, f"{case.program.program}: {name}"),
            "keywords": dict.fromkeys(case.keywords, 1),
            "user_properties": properties(result, case.key.label, facts),
        }
        bad = result.verdict.bad
        shown = case.shown(result) if bad else None
        report = pytest.TestReport(**about, outcome="failed" if bad else "passed", longrepr=shown, when="call")
        _fill(report, case, result)
        yield report
        yield pytest.TestReport(**about, outcome="passed", longrepr=None, when="teardown")
