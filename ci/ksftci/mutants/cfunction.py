# SPDX-License-Identifier: GPL-2.0-only
"""Where functions of the kernel's C begin and end, by its coding style: a body's braces are in column one."""

import re
from collections.abc import Iterator

_NAME = re.compile(r"\b(\w+)\((?!\()")
_HEAD = re.compile(r"[A-Za-z_]")


def functions(text: str) -> Iterator[tuple[str, int, int]]:
    """(name, first line, last line) of every function with a body, lines from 1, in order."""
    name, first = "", 0
    inside = False
    for number, line in enumerate(text.split("\n"), 1):
        if inside:
            if line.startswith("}"):
                yield name, first, number
                inside, name = False, ""
        elif line.startswith("{") and name:
            inside = True
        elif _HEAD.match(line) and not line.rstrip().endswith((";", ":")):
            found = _NAME.search(line)
            if found:
                name, first = found[1], number
        elif line.rstrip().endswith(";") and not line.startswith((" ", "\t")):
            name = ""


def extents(text: str, name: str) -> list[tuple[int, int]]:
    """(first, last) line of each function of that name; several where the preprocessor chooses one."""
    return [(first, last) for found, first, last in functions(text) if found == name]


def function_at(text: str, line: int) -> str:
    """The name of the function that a line is in, or ""."""
    return next((name for name, first, last in functions(text) if first <= line <= last), "")
