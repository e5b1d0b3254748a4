# SPDX-License-Identifier: GPL-2.0-only
"""The places of functions in a source file of the kernel, by the kernel's coding style.

gcov does not know all of them: it has no entry for an __always_inline function and counts its lines for the callers.
"""

import re
from dataclasses import dataclass

_NAME = re.compile(r"(\w+)\s*\(")
_SYSCALL = re.compile(r"(?:COMPAT_)?SYSCALL_DEFINE\d\((\w+)")


@dataclass(frozen=True)
class Function:
    """A function and its lines: that of its name, and that of its closing brace, counted from 1."""

    name: str
    first: int
    last: int


def functions(text: str) -> list[Function]:
    """The functions that have a body, in order, without macros. A body's braces are in the first column."""
    complete: list[Function] = []
    head: list[tuple[int, str]] = []  # the lines before a brace, with their numbers
    current: Function | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if current is not None:
            if line.startswith("}"):
                complete.append(Function(current.name, current.first, number))
                current, head = None, []
        elif line.startswith("{"):
            current = _function_of(head)
        elif not line.strip() or line[0] in "#/}" or line.startswith(" *") or line.rstrip().endswith((";", "\\")):
            head = []
        else:
            head.append((number, line))
    return complete


def _function_of(head: list[tuple[int, str]]) -> Function | None:
    """The function that these lines declare; its last line is not known yet."""
    for number, line in head:
        if match := _SYSCALL.search(line) or _NAME.search(line):
            return Function(match[1], number, number)
    return None


def function_at(text: str, line: int) -> str:
    """The name of the function that contains the line; "" when the line is in none."""
    return next((function.name for function in functions(text) if function.first <= line <= function.last), "")
