# SPDX-License-Identifier: GPL-2.0-only
"""Texts of others, as a terminal gets them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainprint.text import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("größer, 例, ✓ \N{NO-BREAK SPACE}", "größer, 例, ✓ \N{NO-BREAK SPACE}"),
        ("\x1b[31m", r"\x1b[31m"),
        ("a\rb\x07\x00\x7f", r"a\x0db\x07\x00\x7f"),
        ("\x9b2J\x85", r"\x9b2J\x85"),
        ("\u202eevil\u2066\u2069", r"\u202eevil\u2066\u2069"),
        ("\u200b\u200d\u200f\u061c\ufeff\u00ad", r"\u200b\u200d\u200f\u061c\ufeff\xad"),
        ("\u2028\u2029", r"\u2028\u2029"),
        ("\U000e0041\U000e0100\u3164", r"\U000e0041\U000e0100\u3164"),
        ("\ud800\uffff\U0001fffe\ufdd0", r"\ud800\uffff\U0001fffe\ufdd0"),
    ],
)
def test_what_hides_or_moves_is_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text())
def test_nothing_that_is_shown_controls_a_terminal(text: str) -> None:
    shown = visible(text)
    assert visible(shown) == shown
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c not in "\n\t"]
