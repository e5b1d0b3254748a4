# SPDX-License-Identifier: GPL-2.0-only
"""Texts of others on a terminal: what has no place of its own there is written as an escape."""

from __future__ import annotations

import unicodedata

_KEPT = "\n\t"
# Control, format (bidi overrides, zero-width), surrogates, separators of lines and paragraphs.
_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# Others that are drawn as nothing: Default_Ignorable_Code_Point of DerivedCoreProperties.txt, Unicode 15.
_IGNORABLE = {
    *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x3164, 0xFFA0),
    *range(0x180B, 0x1810),
    *range(0xFE00, 0xFE10),
    *range(0xFFF0, 0xFFF9),
    *range(0xE0000, 0xE1000),
    *range(0xFDD0, 0xFDF0),  # no characters at all, as are the last two of each plane
}


class _Table(dict[int, str]):
    """What each character is written as, for str.translate(); it grows as characters come."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        hidden = code in _IGNORABLE or code & 0xFFFE == 0xFFFE or unicodedata.category(char) in _HIDDEN
        self[code] = _escape(code) if hidden and char not in _KEPT else char
        return self[code]


_TABLE = _Table()


def visible(text: str) -> str:
    r"""The text with escapes (\x1b, \u202e) for all that moves the cursor, changes colours or the order, or hides.

    Line ends and tabs stay.
    """
    return text if text.isascii() and text.isprintable() else text.translate(_TABLE)


def _escape(code: int) -> str:
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
