# SPDX-License-Identifier: GPL-2.0-only
"""What is wrong in a file, and where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_LINE = 2000  # characters of a message


@dataclass(frozen=True, order=True)
class Problem:
    """What is wrong at one place of a file; line and column count from 1, and are 0 for the whole file."""

    line: int
    column: int
    text: str


class FileError(Exception):
    """Every problem of one file, in the order of the file; its text has a line `path:line:column: text` for each."""

    def __init__(self, path: str, problems: Iterable[Problem]) -> None:
        self.path = path
        self.problems = sorted(set(problems))
        super().__init__("\n".join(map(self._line, self.problems)))

    def _line(self, problem: Problem) -> str:
        place = f"{self.path}:{problem.line}:{problem.column}" if problem.line else self.path
        return f"{place}: {clip(problem.text, _LINE)}"


def clip(word: str, size: int = 40) -> str:
    """A user's word as it fits into a line of a terminal: printable ASCII, at most `size` characters."""
    shown = word.encode("ascii", "backslashreplace").decode()
    shown = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in shown)
    return shown if len(shown) <= size else shown[: size - 3] + "..."
