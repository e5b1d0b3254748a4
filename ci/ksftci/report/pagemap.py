# SPDX-License-Identifier: GPL-2.0-only
"""Page maps: the rows that a generated test prints to show the pages around a wrong page."""

import re
from collections.abc import Iterable, Sequence

_HEAD = re.compile(r"(?P<nesting>(?:# ?)*)(?P<text>pages \d+\.\.\d+ of \d+\b.*)")
_ROW = re.compile(r" {1,4}(?:folio|expected|wrong|shared|range) .*")
_WRONG = re.compile(r"(?P<before>(?:# ?)* {2,4})wrong .*")


def page_map(log: Iterable[str]) -> list[str]:
    """The lines of the first page map in a log, without the "# " of KTAP; empty when the log has no map."""
    lines: list[str] = []
    nesting = ""
    for line in log:
        if not lines:
            if head := _HEAD.fullmatch(line):
                nesting = head["nesting"]
                lines.append(head["text"])
            continue
        row = line.removeprefix(nesting)
        if not line.startswith(nesting) or not _ROW.fullmatch(row):
            break
        lines.append(row)
    return lines


def wrong_pages(log: Sequence[str]) -> dict[int, list[tuple[int, int]]]:
    """By the number of each row of a page map: where pages are wrong, from one column up to another one, without it."""
    columns: dict[int, list[tuple[int, int]]] = {}
    for last, line in enumerate(log):
        if match := _WRONG.fullmatch(line):
            row = last
            while row >= 0 and log[row].startswith(match["before"]) and _ROW.match(log[row], match.end("before") - 1):
                columns[row] = [marks.span() for marks in re.finditer(r"\^+", line)]
                row -= 1
    return columns
