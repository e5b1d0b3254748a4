# SPDX-License-Identifier: GPL-2.0-only
"""The text that pytest shows of a failure: the page map, the reason, the line of C, the end of the log."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from _pytest._code.code import ReprEntryNative, ReprExceptionInfo, ReprFileLocation, ReprTraceback

from ksftci.report.pagemap import page_map
from ksftci.results.model import TestResult, Verdict
from plainprint.github import shown

_CONTEXT = 2  # lines of C before and after the line that failed
_LOG = 40  # lines of the log


def headline(result: TestResult) -> str:
    """One line: the verdict, unless it is fail, and the reason."""
    words = [] if result.verdict is Verdict.FAIL else [result.verdict.value.replace("_", " ")]
    reason = " ".join(result.reason.split())
    return ": ".join([*words, reason] if reason else words) or "failed, and no reason was given"


def describe(result: TestResult, kernel: str, facts: Mapping[str, str], source: Path | None) -> str:
    """The text about a failure. `source` is the file that `result.file` names, None when it was not found."""
    details = [facts[name] + unit for name, unit in (("release", ""), ("page_size", "-byte pages")) if facts.get(name)]
    where = f"{kernel} ({', '.join(details)})" if details else kernel
    parts = [[f"{result.id.rstrip('.')} on {where}"]]
    parts.append(page_map(result.log))
    parts.append([headline(result)])
    if result.file:
        parts.append([f"{source or result.file}:{result.line or '?'}", *_excerpt(source, result.line)])
    if result.log:
        end = result.log[-_LOG:]
        left_out = f", {len(result.log) - len(end)} lines before left out" if len(end) < len(result.log) else ""
        parts.append([f"Log{left_out}:", *(f"    {line}" for line in end)])
    return "\n\n".join("\n".join(part) for part in parts if part)


def pytest_repr(message: str, text: str, path: str, line: int | None) -> ReprExceptionInfo:
    """The text as pytest's summary, its JUnit writer and xdist all understand it. `message` is the summary's line."""
    location = ReprFileLocation(shown(path), line or 0, shown(message))
    return ReprExceptionInfo(ReprTraceback([ReprEntryNative([shown(text) + "\n"])], None, "native"), location)


def find_source(name: str | None, folders: Iterable[Path]) -> Path | None:
    """The file with the name that a log gives, mostly without a folder; None when no folder has it."""
    for folder in folders if name else ():
        path = folder / str(name)
        if path.is_file():
            return path
    return None


def _excerpt(source: Path | None, line: int | None) -> list[str]:
    """The line with its context and line numbers."""
    if source is None or line is None:
        return []
    lines = source.read_text(encoding="utf-8", errors="replace").splitlines()
    first = max(line - _CONTEXT, 1)
    numbered = enumerate(lines[first - 1 : line + _CONTEXT], first)
    return [f"{'>' if number == line else ' '} {number:5} {text}".expandtabs().rstrip() for number, text in numbered]
