# SPDX-License-Identifier: GPL-2.0-only
"""A YAML block of TAP 13 and 14: what stands between "---" and "..." behind a result tells of it, and holds no results.

The lines are kept until it is known whether the block ends. If it does not, what looks like a result is one, unless
it is in the middle of a block scalar ("raw_output: |").
"""

import re

from ksftci.ktap import place
from ksftci.results.model import TestResult

_LONGEST = 1 << 20  # characters of a block
_KEPT = 250  # lines in the log of its result
_SCALAR = re.compile(r".*:\s*[|>][-+\d]*\s*")  # the value is what follows, deeper
_KEY = re.compile(r"(?P<key>\w+):\s*(?P<quote>['\"]?)(?P<value>.*?)(?P=quote),?\s*")
_AT = re.compile(r"(?P<file>[^\s:]{1,250}):(?P<line>\d{1,9})(?::\d+)?")


class YamlBlock:
    """The lines of a block, as they come."""

    def __init__(self, depth: int, outer: int, result: TestResult | None) -> None:
        """`depth` is that of "---", `outer` that of the result before it."""
        self.depth, self._outer, self._result = depth, outer, result
        self._lines: list[tuple[str, bool]] = []  # and whether they may be KTAP that counts if the block never ends
        self._size = 0
        self._scalar: int | None = None  # the depth of the key, if the lines are those of a block scalar

    def holds(self, depth: int) -> bool:
        """Whether a line of KTAP of this depth may be in the block; else the block has ended without an end."""
        return depth >= self.depth and depth > self._outer and self._size < _LONGEST

    def ends(self, depth: int, text: str) -> bool:
        """Whether a line is the block's end."""
        return depth == self.depth and text.rstrip() == "..."

    def add(self, line: str, depth: int, ktap: bool = False) -> None:
        """Add a line of this depth that is in the block, or came while it was open."""
        if self._scalar is not None and depth <= self._scalar and line.strip():
            self._scalar = None
        self._lines.append((line, ktap and self._scalar is None))
        self._size += len(line)
        if self._scalar is None and not ktap and _SCALAR.fullmatch(line):
            self._scalar = depth

    def held(self) -> list[tuple[str, bool]]:
        """All lines, each with whether it is KTAP, for a block that has no end."""
        return self._lines

    def close(self) -> None:
        """Add what the block says to the result."""
        if self._result is not None:
            lines = [line for line, _ in self._lines]
            self._result.log += lines[:_KEPT]
            _tell(self._result, lines)


def _tell(result: TestResult, lines: list[str]) -> None:
    """Give a result the time, and if it failed the reason and the place, that the lines of a block name."""
    values = _values(lines)
    if re.fullmatch(r"\d{1,12}(?:\.\d{1,15})?", took := values.get("duration_ms", ""), re.ASCII):
        result.seconds = float(took) / 1000
    if not result.verdict.bad:
        return
    found = place.find(lines)
    result.reason = result.reason or next((values[key] for key in ("message", "error", "reason") if key in values), "")
    if result.file is None and (at := _AT.fullmatch(values.get("at", "") or values.get("location", ""))):
        result.file, result.line = at["file"], int(at["line"])
    elif result.file is None and "file" in values:
        line = values.get("line", "")
        result.file, result.line = values["file"], int(line) if re.fullmatch(r"\d{1,9}", line, re.ASCII) else None
    elif result.file is None and found:
        result.file, result.line = found.file, found.line or None
        result.reason = result.reason or found.text


def _values(lines: list[str]) -> dict[str, str]:
    """The values of the keys at any depth, each key's first one; of a block scalar its first line."""
    values: dict[str, str] = {}
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if match := _KEY.fullmatch(line.lstrip("# \t")):
            value = after.strip("# \t") if _SCALAR.fullmatch(line) else match["value"]
            values.setdefault(match["key"], value)
    return values
