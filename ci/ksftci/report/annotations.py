# SPDX-License-Identifier: GPL-2.0-only
"""Annotations on GitHub: workflow commands for findings."""

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from ksftci.report import findings
from ksftci.report.findings import Finding, first_names
from ksftci.results.model import Run, TestResult
from plainprint.text import visible

SHOWN = 10  # GitHub shows so many errors, warnings and notices each of a step; 50 annotations of a job
_LONGEST = 2000  # characters of a message


def render(runs: Sequence[Run], root: Path) -> list[str]:
    """Commands, at most SHOWN of each kind.

    Failures and tests that did not run are errors; unsteady tests, unexpected passes and unusual measurements are
    warnings; known issues are notices. `root` is the checkout: a file is named relative to it, and only if it exists.
    """
    errors = [_annotation("error", finding, root) for finding in findings.failures(runs)]
    errors += [_command("error", {"title": "not run"}, _summary(finding)) for finding in findings.not_run(runs)]
    warnings = [
        _command("warning", {"title": f"{'flaky' if unsteady.retried else 'differs between repeats'}: {test}"}, text)
        for unsteady in findings.unsteady_tests(runs)
        for test, text in [(unsteady.test, f"on {unsteady.kernel}: {unsteady.text}")]
    ]
    warnings += [_annotation("warning", finding, root) for finding in findings.unexpected_passes(runs)]
    warnings += [
        _command("warning", {"title": "unusual measurement"}, f"on {first_names(finding.kernels)}: {finding.title}")
        for finding in findings.unusual_measurements(runs)
    ]
    notices = [
        _command("notice", {"title": "known issue"}, _summary(finding)) for finding in findings.known_issues(runs)
    ]
    kinds = {"error": errors, "warning": warnings, "notice": notices}
    return [command for kind, commands in kinds.items() for command in _at_most_shown(kind, commands)]


def _annotation(kind: str, finding: Finding, root: Path) -> str:
    result = finding.first
    properties = {"title": f"{result.verdict.value}: {result.id}"}
    text = f"on {first_names(finding.kernels)}: {result.reason or 'no reason given'}"
    if file := _file(result, root):
        properties |= {"file": file, "line": str(result.line or 1)}
    elif result.file:
        text += f"\n{result.file}:{result.line}"
    return _command(kind, properties, text)


def _summary(finding: Finding) -> str:
    tests = sorted({result.id for _, result in finding.results})
    return f"{finding.title}: {first_names(tests)} on {first_names(finding.kernels)}"


def _file(result: TestResult, root: Path) -> str:
    """The path in the checkout of the file that a result names, or "" when there is none.

    The file may be of the kernel's selftests or of generated/. Names that lead out of the checkout are ignored.
    """
    name = PurePosixPath(result.file or "")
    folder, _, _ = result.program.rpartition(":")
    if folder and f"/{folder}/" in str(name):  # where the selftests were installed
        name = PurePosixPath(str(name).rpartition(f"/{folder}/")[2])
    if not result.file or name.is_absolute() or ".." in name.parts:
        return ""
    candidates = (f"tools/testing/selftests/{folder or 'mm'}/{name}", f"generated/{name}", str(name))
    # os.path.isfile() is False, and Path.is_file() raises, for a name that is too long.
    return next((path for path in candidates if os.path.isfile(root / path)), "")


def _at_most_shown(kind: str, commands: list[str]) -> list[str]:
    """The commands; when there are more than SHOWN, the last one gives the number of the others."""
    if len(commands) <= SHOWN:
        return commands
    more = len(commands) - SHOWN + 1
    return [*commands[: SHOWN - 1], _command(kind, {"title": f"{more} more"}, f"{more} more are in the report")]


def _command(kind: str, properties: dict[str, str], text: str) -> str:
    inner = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{kind} {inner}::{_data(text)}"


def _data(text: str) -> str:
    """A message with the escapes of actions/toolkit's escapeData(): the runner splits lines at CR and LF."""
    text = visible(text[:_LONGEST]).strip()
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """A property with the escapes of escapeProperty()."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
