# SPDX-License-Identifier: GPL-2.0-only
"""Make texts fit for an XML document: only legal characters, and no longer than its readers accept."""

import re
from collections.abc import Iterable, Sequence

_LINES = 500  # of one log
_CHARACTERS = 1000  # of one line
_BYTES = 56_000  # of one log: GitHub refuses annotations of more than 64 KB
_ILLEGAL = re.compile("[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010fffd]")


def legal(text: str) -> str:
    r"""The text with escapes (\x1b, \ud800) for characters that XML 1.0 forbids or discourages, section 2.2."""
    return text if text.isascii() and text.isprintable() else _ILLEGAL.sub(_escape, text)


def clip(text: str) -> str:
    """The legal text, at most 1000 characters of it; a longer text ends with a note of its length."""
    shown = legal(text[: _CHARACTERS + 1])
    if len(shown) <= _CHARACTERS:
        return shown
    return f"{shown[: _CHARACTERS - 40]} [cut, {len(text)} characters]"


def shorten(lines: Sequence[str]) -> list[str]:
    """Legal lines of a log, at most 500 lines and 56 KB of UTF-8.

    Lines are left out of the middle of a longer log, and a line in their place gives their number.
    """
    text = "".join(lines)
    if len(lines) <= _LINES and len(text) <= _CHARACTERS and text.isascii() and text.isprintable():
        return list(lines)  # the usual log, in which nothing has to change
    half = _LINES // 2
    ends = lines if len(lines) <= _LINES else [*lines[:half], *lines[-half:]]
    ends = [clip(line) for line in ends]
    if len(ends) == len(lines) and sum(map(_size, ends)) <= _BYTES:
        return ends
    head = _fitting(ends[:half])
    tail = _fitting(reversed(ends[len(head) :][-half:]))[::-1]
    return [*head, f"[{len(lines) - len(head) - len(tail)} lines left out]", *tail]


def _fitting(lines: Iterable[str]) -> list[str]:
    """The first lines that together fit into half of `_BYTES`."""
    left, fitting = _BYTES // 2, []
    for line in lines:
        left -= _size(line)
        if left < 0:
            break
        fitting.append(line)
    return fitting


def _size(line: str) -> int:
    """Bytes of a line in UTF-8, its line end included."""
    return len(line.encode()) + 1


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
