# SPDX-License-Identifier: GPL-2.0-only
"""Where the functions of a kernel's source file are, by the kernel's coding style.

gcov cannot tell: an __always_inline function has no entry of its own, its lines are its callers'.
"""

import re
from dataclasses import dataclass

_NAME = re.compile(r"(\w+)\s*\(")
_SYSCALL = re.compile(r"(?:COMPAT_)?SYSCALL_DEFINE\d\((\w+)")


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


def function_at(text: str, line: int) -> str:
    """The name of the function that a line is in, or ""."""
    return next((function.name for function in functions(text) if function.first <= line <= function.last), "")
