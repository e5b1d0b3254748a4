# SPDX-License-Identifier: GPL-2.0-only
"""A kernel bug in one line."""

from dataclasses import asdict, dataclass

from ksftci.errors import CiError
from ksftci.host.digest import digest

JOURNAL = 16  # hexadecimal digits of a key in the journal, which is committed


@dataclass(frozen=True)
class Mutant:
    """A change of one line of one file; no other line moves.

    `line` counts from 1. `before` and `after` are without indentation and line end. The field names are keys of
    mutants.json.
    """

    name: str
    group: str  # "curated" or "sample"
    file: str  # path in the tree
    function: str
    line: int
    before: str
    after: str  # "" removes the line
    bug: str = ""  # what goes wrong for user space
    about: str = ""  # what breaks; mutants with the same text are counted together
    source: str = ""  # where the bug comes from
    expect: str = ""  # the scenario that should kill the mutant
    missing: str = ""  # the state of memory that no scenario has and without which none can kill the mutant
    panic: str = ""  # why a panic is the expected effect

    @property
    def digest(self) -> str:
        """A name for the change: the same as long as file, line, before and after are."""
        return digest(self.file, str(self.line), self.before, self.after, length=JOURNAL)

    @property
    def fields(self) -> dict[str, str | int]:
        """All fields that are not empty, for JSON; `after` is ";" for a removed line."""
        filled = {name: value for name, value in asdict(self).items() if value != ""}
        return {**filled, "after": self.after or ";"}

    def apply(self, text: str) -> str:
        """The text of the file with the change. Raises CiError when the line in `text` is not `before`."""
        lines = text.split("\n")
        line = lines[self.line - 1] if self.line <= len(lines) else ""
        if line.strip() != self.before.strip():
            raise CiError(f"mutant {self.name}: {self.file}:{self.line} is {line.strip()!r}, not {self.before!r}")
        indentation = line[: len(line) - len(line.lstrip())]
        lines[self.line - 1] = indentation + (self.after or ";")
        return "\n".join(lines)
