# SPDX-License-Identifier: GPL-2.0-only
"""What a style of a span means, as a role, and how a terminal shows the roles."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping

from ksftgen.columns import Line
from plainprint.text import visible

# The role of each style that has one; the style of a page is the name of its row and its character.
ROLES: Mapping[str, str] = {
    **{style: style for style in ("title", "step", "label", "dim", "boundary")},
    "mark ^": "mark",
    "mark x": "mark",
    **dict.fromkeys(("may w", "costs 0"), "good"),
    **dict.fromkeys(("may r", "may x", "costs 1", "costs +", "is S", "is s", "is m", "is z", "is _"), "some"),
    **dict.fromkeys(("may -", "is g"), "bad"),
    **{f"{row} {char}": "dim" for row in ("may", "is", "holds", "costs") for char in "~?."},
}
_CODES: Mapping[str, str] = {
    "title": "1",
    "step": "1",
    "label": "36",
    "dim": "2",
    "boundary": "1;35",
    "mark": "1;36",
    "good": "32",
    "some": "33",
    "bad": "31",
}


def parts(line: Line) -> Iterator[tuple[str, str]]:
    """The texts of a line with the role of each, "" for none; what is side by side in one style is one text."""
    for style, spans in itertools.groupby(line, key=lambda span: span.style):
        yield "".join(span.text for span in spans), ROLES.get(style, "")


def terminal(lines: Iterable[Line], has_colour: bool) -> str:
    """The lines as text, with escapes of ANSI terminals if it has colours."""
    codes = _CODES if has_colour else {}
    return "\n".join("".join(_text(text, codes.get(role)) for text, role in parts(line)).rstrip() for line in lines)


def _text(text: str, code: str | None) -> str:
    return f"\x1b[{code}m{visible(text)}\x1b[0m" if code and not text.isspace() else visible(text)
