# SPDX-License-Identifier: GPL-2.0-only
"""Plain text out of the little Markdown that docs/found/ uses: what a mail can carry, and a reply can quote.

Paragraphs and items of lists are wrapped, tables get columns of spaces, and code stays as it is.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

WIDTH = 72  # columns; a reply that quotes has 76 or less still
_GAP = "  "


def plain(markdown: str) -> str:
    """The text without marks, at most WIDTH columns wide but for its code; blocks stand apart by an empty line."""
    blocks = re.split(r"\n{2,}", markdown.strip("\n"))
    return "\n\n".join(_block(block.split("\n")) for block in blocks)


def unmarked(text: str) -> str:
    """The text without the marks of code and of links."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text).replace("`", "")


def cells(row: str) -> list[str]:
    r"""The cells of a row of a table; ``\|`` in a cell is a ``|``."""
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row.strip())[1:-1]]


def is_code(line: str) -> bool:
    """Whether the line is one of a block of code."""
    return line.startswith((" " * 4, "\t"))


def _block(lines: Sequence[str]) -> str:
    if is_code(lines[0]):
        return "\n".join(lines)
    if lines[0].startswith("|"):
        return _table([[unmarked(cell) for cell in cells(line)] for line in (lines[0], *lines[2:])])
    items = re.split(r"\n(?=- )", "\n".join(lines))
    return "\n".join(_wrapped(item) for item in items)


def _wrapped(text: str) -> str:
    indent = "  " if text.startswith("- ") else ""
    return "\n".join(_fold(unmarked(text), WIDTH, indent))


def _fold(text: str, width: int, indent: str = "") -> list[str]:
    text = " ".join(text.split())
    return textwrap.wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False) or [""]


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Rows below each other, the first one underlined; headings are folded before other cells, long ones first."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    needed = [max(map(len, column)) for column in zip(*rows[1:], strict=True)]
    while sum(widths) + len(_GAP) * (len(widths) - 1) > WIDTH:
        widest = max(range(len(widths)), key=lambda column: (widths[column] > needed[column], widths[column]))
        widths[widest] -= 1
    lines = []
    for number, row in enumerate(rows):
        folded = [_fold(cell, width) for cell, width in zip(row, widths, strict=True)]
        for line in range(max(map(len, folded))):
            parts = [cell[line] if line < len(cell) else "" for cell in folded]
            lines.append(_GAP.join(part.ljust(width) for part, width in zip(parts, widths, strict=True)).rstrip())
        if number == 0:
            lines.append(_GAP.join("-" * width for width in widths))
    return "\n".join(lines)
