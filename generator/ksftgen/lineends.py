# SPDX-License-Identifier: GPL-2.0-only
"""Line ends of a file that is edited: each line keeps its own, and new lines get those that most lines have."""

from __future__ import annotations

import difflib
import re

_LINE = re.compile(r"[^\n]*\n|[^\n]+")


def keep(raw: str, edited: str) -> str:
    """`edited`, a text whose lines end in LF, with the line ends of `raw`, the file from which it was made."""
    if "\r\n" not in raw:
        return edited
    before, after = _LINE.findall(raw), _LINE.findall(edited)
    crlf = 2 * raw.count("\r\n") > raw.count("\n")
    plain = [line.replace("\r\n", "\n") for line in before]
    lines: list[str] = []
    for tag, start, end, first, last in difflib.SequenceMatcher(None, plain, after, autojunk=False).get_opcodes():
        if tag == "equal":
            lines += before[start:end]
        else:
            lines += [line.replace("\n", "\r\n") if crlf else line for line in after[first:last]]
    return "".join(lines)
