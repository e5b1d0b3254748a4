# SPDX-License-Identifier: GPL-2.0-only
"""Stamps, host names, nesting and escapes around a line, none of which may take the line with it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ksftci.ktap.dialects import STAMPS

from ksftci.ktap.prefix import FIRST, NESTING, split, strip, tidy, unstamped

LINES = ("ok 3 name", "not ok 4 other # SKIP why", "1..7", "# a comment", "    ok 1 nested", "BUG: x", "x")
STAMP = st.sampled_from(STAMPS)
NESTED = st.text(NESTING, max_size=6)
LINE = st.sampled_from(LINES) | st.text("ok #:.-<[]>0aZ\t", max_size=20).map(lambda text: f"x{text}")
WORDS = [*STAMPS, *LINES, "[", "]", "<", " ", "12", ":", "kernel: ", "Jan", "[    1.234567] ", "<LAVA_SIGNAL_X y>"]
ANYTHING = st.text() | st.lists(st.sampled_from(WORDS)).map("".join)


@given(STAMP, LINE)
def test_strip_takes_the_stamp_and_leaves_the_line(stamp: str, line: str) -> None:
    assert strip(stamp + line)[0] == line


@given(ANYTHING)
def test_strip_gives_an_end_of_the_line(text: str) -> None:
    rest, stamp = strip(text)
    assert text.endswith(rest)
    assert strip(rest) == (rest, None)
    assert stamp is None or stamp in text[: len(text) - len(rest)]


@pytest.mark.parametrize(
    ("stamped", "seconds"),
    [
        ("[   12.345678] x", "12.345678"),
        ("<6>[    1.400000][  T123] x", "1.400000"),
        ("[    1.234567 <    0.000012>] x", "1.234567"),
        ("2026-01-01T12:00:00.123456 <6>[    1.2] x", "1.2"),
        ("Jan  1 12:00:00 host kernel: x", None),
        ("12:00:01 x", None),
        ("[1.0] [2.0] x", "2.0"),
    ],
)
def test_the_stamp_of_the_kernel(stamped: str, seconds: str | None) -> None:
    assert strip(stamped) == ("x", seconds)


@pytest.mark.parametrize(
    "line",
    ["[x] y", "12.5 seconds", "12:00 o'clock", "January 1 12:00:00", "2026-01-01", "[ 12 ] x", "<x>", "kernel: x"],
)
def test_what_is_no_stamp(line: str) -> None:
    assert strip(line) == (line, None)


@given(st.text(min_size=1))
def test_every_stamp_has_one_of_the_first_characters(text: str) -> None:
    assert text[0] in FIRST or strip(text) == (text, None)


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SYSLOG = [f"{month} 31 12:00:00 host kernel: " for month in MONTHS]
CLOCKS = [f"{digit}9:00:00 " for digit in range(10)]


@pytest.mark.parametrize("stamp", [*filter(None, STAMPS), *SYSLOG, *CLOCKS])
def test_a_stamp_begins_with_one_of_the_first_characters(stamp: str) -> None:
    assert stamp[0] in FIRST
    assert strip(f"{stamp}x")[0] == unstamped(f"{stamp}x")[0] == "x"


@given(NESTED, STAMP, NESTED, STAMP, LINE)
def test_a_line_without_stamps_keeps_its_nesting(outer: str, first: str, inner: str, second: str, line: str) -> None:
    inner = inner.lstrip(" \t")  # a stamp's own space may be one of these
    assert unstamped(f"{outer}{first}{inner}{second}{line}")[0] == f"{outer}{inner}{line}"


@given(ANYTHING)
def test_no_more_is_taken_than_stamps(text: str) -> None:
    remaining = iter(text)
    assert all(character in remaining for character in unstamped(text)[0])


@given(ANYTHING)
def test_both_parts_of_a_split_line_are_the_line(text: str) -> None:
    assert "".join(split(text)) == text


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("ok 1 na[    1.234567] usb 1-1: x", ("ok 1 na", "[    1.234567] usb 1-1: x")),
        ("ok 1 na[    1.234567][  T12] x", ("ok 1 na", "[    1.234567][  T12] x")),
        ("ok 1 na<LAVA_SIGNAL_TESTCASE x>me", ("ok 1 na", "<LAVA_SIGNAL_TESTCASE x>me")),
        ("[    1.234567] ok 1", ("[    1.234567] ok 1", "")),
        ("ok 1 range [1.5] x", ("ok 1 range [1.5] x", "")),
    ],
)
def test_a_line_in_the_middle_of_another(text: str, parts: tuple[str, str]) -> None:
    assert split(text) == parts


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("\x1b[31mok 1\x1b[0m name", "ok 1 name"),
        ("\x1b]0;a title\x07ok 1", "ok 1"),
        ("10%\r20%\r\nok 1\r\r\n", "10%\n20%\nok 1\n"),
        ("\0ok\0 1", "ok 1"),
        ("12:00:01 section_start:1764500000:step_script[collapsed=true]\r\x1b[0K\x1b[0;mok 1", "12:00:01 ok 1"),
        ("section_end:1764500000:a\rok 1", "ok 1"),
        ("section_start:1764500000:a\r\nok 1", "section_start:1764500000:a\nok 1"),
    ],
)
def test_escapes_and_carriage_returns(text: str, clean: str) -> None:
    assert tidy(text) == clean


@given(st.text())
def test_tidy_keeps_all_but_escapes(text: str) -> None:
    clean = tidy(text)
    assert "\r" not in clean and "\0" not in clean
    if not re.search("[\r\0\x1b]", text):
        assert clean == text
