# SPDX-License-Identifier: GPL-2.0-only
"""A kernel bug in one line."""

from dataclasses import asdict, dataclass

from ksftci.errors import CiError
from ksftci.host.digest import JOURNAL, digest


@dataclass(frozen=True)
class Mutant:
    """One line of one file, and what stands there instead; no other line moves.

    `line` counts from 1. `before` and `after` are without indentation and line end.
    """

    name: str
    group: str  # "curated" or "sample"
    file: str  # path in the tree
    function: str
    line: int
    before: str
    after: str
    bug: str = ""  # what goes wrong for user space
    about: str = ""  # what it breaks, in words that others of the list have, too
    source: str = ""  # where the bug comes from
    expect: str = ""  # the scenario that should notice it
    missing: str = ""  # the state without which none can
    panic: str = ""  # why a panic is the point

    @property
    def digest(self) -> str:
        """The same as long as the change is."""
        return digest(self.file, str(self.line), self.before, self.after, length=JOURNAL)

    @property
    def fields(self) -> dict[str, str | int]:
        """For JSON: the change, and what is known of it."""
        told = {name: value for name, value in asdict(self).items() if value != ""}
        return {**told, "after": self.after or ";"}

    def apply(self, text: str) -> str:
        """The file with the bug in it. Raises CiError when the line is another one."""
        lines = text.split("\n")
        there = lines[self.line - 1] if self.line <= len(lines) else ""
        if there.strip() != self.before.strip():
            raise CiError(f"mutant {self.name}: {self.file}:{self.line} is {there.strip()!r}, not {self.before!r}")
        indentation = there[: len(there) - len(there.lstrip())]
        lines[self.line - 1] = indentation + (self.after or ";")
        return "\n".join(lines)
