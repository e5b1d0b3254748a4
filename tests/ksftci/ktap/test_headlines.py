# SPDX-License-Identifier: GPL-2.0-only
"""The table of forms knows what kernels print, for Python and for the guest's grep, and takes no information for it."""

import subprocess

import pytest
from tests.ksftci.ktap.headlines import COMPLAINTS, INFORMATION

from ksftci.ktap import splat
from ksftci.ktap.headlines import ANYWHERE, FORMS, GREP, form_of, hides_a_form
from ksftci.ktap.parser import Parser
from ksftci.results.model import KERNEL_LOG

LINES = [line for lines in COMPLAINTS.values() for line in lines]
ELSEWHERE = [form for _, form in ANYWHERE]
WITHOUT_STAMP = [line for line in LINES if form_of(line) not in ELSEWHERE or hides_a_form(line)]
HINTS = [
    "------------[ cut here ]------------",
    "------------[ ftrace bug ]------------",
    "8<--- cut here ---",
    "Call trace:",
]


@pytest.mark.parametrize("stamp", ["[   12.345678] ", "[   12.345678][  T77] ", ""])
def test_the_line_is_the_reason(stamp: str) -> None:
    for line in LINES if stamp else WITHOUT_STAMP:
        parser = Parser("log")
        parser.feed(f"TAP version 13\n1..1\n# a comment\n{stamp}{line}\nok 1 demo\n")
        parser.finish()
        complaints = [(result.name, result.reason) for result in parser.results if result.of_kernel]
        assert complaints == [(f"demo/{KERNEL_LOG}", line.strip())]


def test_every_form_has_a_line() -> None:
    found = [form_of(line) for line in LINES]
    assert [form for form in (*FORMS, *(form for _, form in ANYWHERE)) if form not in found] == []


@pytest.mark.parametrize("stamp", ["", "[   12.345678] ", "[   12.345678][  T77] "])
def test_the_guest_greps_for_what_is_found(stamp: str) -> None:
    complaints = [stamp + line for line in LINES + HINTS]
    text = "\n".join(complaints + [stamp + line for line in INFORMATION])
    grepped = subprocess.run(["grep", "-E", rf"^(\[[^]]*\] ?)*{GREP}"], input=text, capture_output=True, text=True)
    assert grepped.stdout.splitlines() == complaints
    assert [line for line in text.splitlines() if splat.find([line])] == complaints


def test_the_guests_shell_can_quote_it() -> None:
    assert "'" not in GREP


def test_all_words_are_looked_for() -> None:
    assert [word for word, _ in ANYWHERE if not word.startswith(": ")] == ["[#", " invoked oom-killer: "]


def test_information_is_no_complaint() -> None:
    assert [line for line in INFORMATION if form_of(line)] == []
