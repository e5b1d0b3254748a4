# SPDX-License-Identifier: GPL-2.0-only
"""Texts that an XML document can hold and its readers do not choke on."""

import re
from collections.abc import Iterable, Sequence

_LINES = 500  # of one log
_CHARACTERS = 1000  # of one line
_BYTES = 56_000  # of one log: GitHub refuses annotations of more than 64 KB
_ILLEGAL = re.compile("[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010fffd]")


def legal(text: str) -> str:
    r"""Text in which the characters that XML 1.0 lacks or advises against are spelt out: \x1b, \ud800."""
    return text if text.isascii() and text.isprintable() else _ILLEGAL.sub(_spelt, text)


def clip(text: str) -> str:
    """Legal text of one line, of at most 1000 characters; where it is cut it says so."""
    shown = legal(text[: _CHARACTERS + 1])
    if len(shown) <= _CHARACTERS:
        return shown
    return f"{shown[: _CHARACTERS - 40]} [cut, {len(text)} characters]"


def shorten(lines: Sequence[str]) -> list[str]:
    """Legal lines of a log, at most 500 and 56 KB of UTF-8; what is left out of the middle is told."""
    whole = "".join(lines)
    if len(lines) <= _LINES and len(whole) <= _CHARACTERS and whole.isascii() and whole.isprintable():
        return list(lines)  # as most logs are
    half = _LINES // 2
    ends = lines if len(lines) <= _LINES else [*lines[:half], *lines[-half:]]
    ends = [clip(line) for line in ends]
    if len(ends) == len(lines) and sum(map(_size, ends)) <= _BYTES:
        return ends
    head = _fitting(ends[:half])
    tail = _fitting(reversed(ends[len(head) :][-half:]))[::-1]
    return [*head, f"[{len(lines) - len(head) - len(tail)} lines left out]", *tail]


def _fitting(lines: Iterable[str]) -> list[str]:
    """As many of the first lines as half of the space holds."""
    left, found = _BYTES // 2, []
    for line in lines:
        left -= _size(line)
        if left < 0:
            break
        found.append(line)
    return found


def _size(line: str) -> int:
    return len(line.encode()) + 1


def _spelt(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
