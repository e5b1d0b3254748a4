# SPDX-License-Identifier: GPL-2.0-only
"""What a person is shown of a failure: the page map, the reason, the line of C, the end of the log."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from _pytest._code.code import ReprEntryNative, ReprExceptionInfo, ReprFileLocation, ReprTraceback

from ksftci.report.pagemap import page_map
from ksftci.results.model import TestResult, Verdict

_CONTEXT = 2  # lines before and after that of the failure
_LOG = 40  # lines


def headline(result: TestResult) -> str:
    """One line: the reason, after the verdict unless that is plain failure."""
    words = [] if result.verdict is Verdict.FAIL else [result.verdict.value.replace("_", " ")]
    reason = " ".join(result.reason.split())
    return ": ".join([*words, reason] if reason else words) or "failed, and no reason was given"


def text(result: TestResult, kernel: str, facts: Mapping[str, str], source: Path | None) -> str:
    """All that is known of a failure. `source` is the file that `result.file` names, if it was found."""
    about = [facts[name] + after for name, after in (("release", ""), ("page_size", "-byte pages")) if facts.get(name)]
    where = f"{kernel} ({', '.join(about)})" if about else kernel
    parts = [[f"{result.id.rstrip('.')} on {where}"]]
    parts.append(page_map(result.log))
    parts.append([headline(result)])
    if result.file:
        parts.append([f"{source or result.file}:{result.line or '?'}", *_excerpt(source, result.line)])
    if result.log:
        rest = result.log[-_LOG:]
        left_out = f", {len(result.log) - len(rest)} lines before left out" if len(rest) < len(result.log) else ""
        parts.append([f"Log{left_out}:", *(f"    {_printable(line)}" for line in rest)])
    return "\n\n".join("\n".join(part) for part in parts if part)


def shown(message: str, whole: str, path: str, line: int | None) -> ReprExceptionInfo:
    """The text in the shape that pytest's summary, its JUnit writer and xdist all understand."""
    where = ReprFileLocation(path, line or 0, message)
    return ReprExceptionInfo(ReprTraceback([ReprEntryNative([whole + "\n"])], None, "native"), where)


def find_source(name: str | None, folders: Iterable[Path]) -> Path | None:
    """The file of which a log gives the name, mostly without its folder."""
    for folder in folders if name else ():
        path = folder / str(name)
        if path.is_file():
            return path
    return None


def _excerpt(source: Path | None, line: int | None) -> list[str]:
    if source is None or line is None:
        return []
    lines = source.read_text(encoding="utf-8", errors="replace").splitlines()
    first = max(line - _CONTEXT, 1)
    found = enumerate(lines[first - 1 : line + _CONTEXT], first)
    return [f"{'>' if number == line else ' '} {number:5} {text}".expandtabs().rstrip() for number, text in found]


def _printable(line: str) -> str:
    return "".join(c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in line)
