# SPDX-License-Identifier: GPL-2.0-only
"""Where the functions of a kernel's source file are, by the kernel's coding style.

gcov cannot tell: an __always_inline function has no entry of its own, its lines are its callers'.
"""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from ksftci.errors import CiError

_NAME = re.compile(r"(\w+)\s*\(")
_SYSCALL = re.compile(r"(?:COMPAT_)?SYSCALL_DEFINE\d\((\w+)")


@dataclass(frozen=True)
class Target:
    """A source file, and which functions of it; () for all. The text is FILE or FILE:FUNCTION,FUNCTION."""

    file: str  # from the tree's root
    functions: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Target":
        """Raises CiError when it is neither a .c nor a .h file of a tree."""
        file, colon, names = text.partition(":")
        functions = tuple(name.strip() for name in names.split(",") if name.strip())
        if PurePosixPath(file).suffix not in (".c", ".h") or file.startswith(("/", "..")) or (colon and not functions):
            raise CiError(f"--source {text}: a file of the kernel tree is needed, as mm/mprotect.c or mm/x.c:one,two")
        return cls(file, functions)

    @property
    def compiled(self) -> bool:
        """Whether it becomes an object; what is in a header is counted in the objects of the other targets."""
        return self.file.endswith(".c")


@dataclass(frozen=True)
class Function:
    """Its lines, from that of its name's to the closing brace, counted from 1."""

    name: str
    first: int
    last: int


def functions(text: str) -> list[Function]:
    """The functions with a body, in their order; their braces are in the first column. A macro is none."""
    found: list[Function] = []
    head: list[tuple[int, str]] = []  # lines that may begin a function
    opened: Function | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if opened is not None:
            if line.startswith("}"):
                found.append(Function(opened.name, opened.first, number))
                opened, head = None, []
        elif line.startswith("{"):
            opened = _named(head)
        elif not line.strip() or line[0] in "#/}" or line.startswith(" *") or line.rstrip().endswith((";", "\\")):
            head = []
        else:
            head.append((number, line))
    return found


def _named(head: list[tuple[int, str]]) -> Function | None:
    for number, line in head:
        if match := _SYSCALL.search(line) or _NAME.search(line):
            return Function(match[1], number, number)
    return None
