# SPDX-License-Identifier: GPL-2.0-only
"""GitHub's workflow commands: annotations of failures, and that nothing else is taken for a command.

How the runner reads a step's output (actions/runner, ActionCommand.cs): a line that starts with `::`
after any white space is a command, and so is `##[` anywhere in a line.
"""

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TextIO

from ksftci.formats.junittext import legal
from ksftci.report import findings
from ksftci.report.findings import Finding, some
from ksftci.results.model import Run, TestResult

SHOWN = 10  # errors, warnings and notices of a step that GitHub shows, of each; 50 of a job
_LONGEST = 2000  # characters of a message


def render(runs: Sequence[Run], root: Path) -> list[str]:
    """Commands, at most SHOWN of each kind: failures are errors, what wavers warnings, known issues notices.

    `root` is the checkout: a file is named relative to it, and only if it is there.
    """
    errors = [_of_finding("error", finding, root) for finding in findings.failures(runs)]
    errors += [_command("error", {"title": "not run"}, _text(finding)) for finding in findings.not_run(runs)]
    warnings = [
        _command("warning", {"title": f"{'flaky' if one.retried else 'not always the same'}: {one.test}"}, text)
        for one in findings.unsteady(runs)
        for text in [f"on {one.kernel}: {one.words}"]
    ]
    warnings += [_of_finding("warning", finding, root) for finding in findings.unexpected(runs)]
    warnings += [
        _command(
            "warning", {"title": "measured far from what is usual"}, f"on {some(finding.kernels)}: {finding.title}"
        )
        for finding in findings.unusual(runs)
    ]
    notices = [_command("notice", {"title": "known issue"}, _text(finding)) for finding in findings.known(runs)]
    kinds = {"error": errors, "warning": warnings, "notice": notices}
    return [command for kind, commands in kinds.items() for command in _at_most(kind, commands)]


@contextmanager
def stopped(stream: TextIO) -> Iterator[None]:
    """On GitHub, keep the runner from obeying what is printed meanwhile; elsewhere nothing."""
    if os.environ.get("GITHUB_ACTIONS") != "true":
        yield
        return
    token = secrets.token_hex(16)  # what ends it must not be guessed
    print(f"::stop-commands::{token}", file=stream, flush=True)
    try:
        yield
    finally:
        print(f"\n::{token}::", file=stream, flush=True)


def _of_finding(kind: str, finding: Finding, root: Path) -> str:
    result = finding.first
    place = {"title": f"{result.verdict.value}: {result.id}"}
    text = f"on {some(finding.kernels)}: {result.reason or 'no reason given'}"
    if file := _file(result, root):
        place |= {"file": file, "line": str(result.line or 1)}
    elif result.file:
        text += f"\n{result.file}:{result.line}"
    return _command(kind, place, text)


def _text(finding: Finding) -> str:
    return f"{finding.title}: {some(sorted({result.id for _, result in finding.found}))} on {some(finding.kernels)}"


def _file(result: TestResult, root: Path) -> str:
    """Where the file that a log names is in the checkout: in the kernel's selftests, or ours."""
    named = PurePosixPath(result.file or "")
    if not result.file or named.is_absolute() or ".." in named.parts:
        return ""
    folder, _, _ = result.program.rpartition(":")
    candidates = (f"tools/testing/selftests/{folder or 'mm'}/{named}", f"generated/{named}", str(named))
    return next((path for path in candidates if os.path.isfile(root / path)), "")  # a name may be anything


def _at_most(kind: str, commands: list[str]) -> list[str]:
    if len(commands) <= SHOWN:
        return commands
    more = len(commands) - SHOWN + 1
    return [*commands[: SHOWN - 1], _command(kind, {"title": f"{more} more"}, f"{more} more are in the report")]


def _command(kind: str, properties: dict[str, str], text: str) -> str:
    inner = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{kind} {inner}::{_data(text)}"


def _data(text: str) -> str:
    """A message as the runner reads it; that it splits lines at CR and LF is why they are escaped."""
    text = legal(text[:_LONGEST]).strip()
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
