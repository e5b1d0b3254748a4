# SPDX-License-Identifier: GPL-2.0-only
"""What single lines of KTAP say, and lines that only look like KTAP."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ksftci.ktap.line import (
    BEGINNINGS,
    BailOut,
    Measured,
    Plan,
    Result,
    RunnerTitle,
    Running,
    SkippedSilently,
    Statement,
    Subtest,
    Version,
    VmtestsTitle,
    glued,
    may_be,
    measurement,
    read,
)
from ksftci.results.model import Measurement

LINE = st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]))
NUMBER = st.integers(0, 10**9 - 1)


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        ("ok 3 name", Result(3, False, "name")),
        ("not ok 3 name", Result(3, True, "name")),
        ("ok 3 - name # SKIP why", Result(3, False, "name # SKIP why")),
        ("ok\t3\tname", Result(3, False, "name")),
        ("ok name", Result(None, False, "name", bare=True)),
        ("ok - name", Result(None, False, "name")),
        ("not ok", Result(None, True, "", bare=True)),
        ("ok 3", Result(3, False, "")),
        ("ok 1234567890 name", Result(None, False, "1234567890 name", bare=True)),
        ("ok \u0663 name", Result(3, False, "name")),
        ("1..3", Plan(3, None)),
        ("1..3 # a comment", Plan(3, None)),
        ("1..0 # SKIP no swap", Plan(0, "no swap")),
        ("1..0 # Skipped: no swap", Plan(0, "no swap")),
        ("1..0 # skip", Plan(0, "")),
        ("KTAP version 1", Version()),
        ("TAP version 13 ", Version()),
        ("Bail out! no memory ", BailOut("no memory")),
        ("Bail out!", BailOut("")),
        ("RUN           cow.thp ...", Running("cow.thp")),
        ("[RUN] cow with fork()", Running("cow with fork()")),
        ("[ RUN ] cow", Running("cow")),
        ("Subtest: list ", Subtest("list")),
        ("selftests: mm: cow", RunnerTitle("selftests: mm: cow")),
        ("running ./cow -x", VmtestsTitle("cow -x")),
        ("running bash ./cow.sh", VmtestsTitle("cow.sh")),
        ("[SKIP] ./khugepaged all:file", SkippedSilently("khugepaged all:file")),
        ("measure time 31.25 ns/page", Measured(Measurement("time", 31.25, "ns/page"))),
    ],
)
def test_what_a_line_says(text: str, statement: Statement) -> None:
    assert may_be(text)
    said = read(text)
    assert (type(said), said) == (type(statement), statement)


@pytest.mark.parametrize(
    "text",
    [
        "1..3 tests",
        "1..1234567890",
        "KTAP version 1 of it",
        "RUN cow.thp",
        "measure time fast ns",
        "measure time 1e3 ns",
        "measure time 3",
    ],
)
def test_what_only_begins_like_ktap(text: str) -> None:
    assert may_be(text)
    assert read(text) is None


@pytest.mark.parametrize("text", ["", "okay", "not okay", "1..", "KTAP", "TAP version", "Bail", "[RUN]", "[SKIP]", "x"])
def test_what_does_not_begin_like_ktap(text: str) -> None:
    assert not may_be(text)


@given(st.from_regex("|".join(f"(?:{beginning})" for beginning in BEGINNINGS)), LINE)
def test_whatever_may_be_ktap_is_read(beginning: str, rest: str) -> None:
    if may_be(beginning + rest):
        read(beginning + rest)


@given(NUMBER, st.booleans(), LINE, st.sampled_from(["", "- "]))
def test_a_result_keeps_its_number_and_text(number: int, failed: bool, text: str, dash: str) -> None:
    text = f"a{text}".strip()
    word = "not ok" if failed else "ok"
    assert read(f"{word} {number} {dash}{text}") == Result(number, failed, text)


@given(NUMBER, st.none() | LINE)
def test_a_plan_keeps_its_count_and_reason(count: int, reason: str | None) -> None:
    reason = reason if reason is None else f"a{reason}".strip()
    directive = "" if reason is None else f" # SKIP {reason}"
    assert read(f"1..{count}{directive}") == Plan(count, reason)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("progress 20%not ok 3 name", "not ok 3 name"),
        ("a.not ok 3", "not ok 3"),
        ("progress not ok 3 name", ""),
        ('"not ok 3 name"', ""),
        ("xnot ok 3a", ""),
        ("xnot ok name", ""),
        ("not ok 3 name", ""),
    ],
)
def test_a_result_glued_to_other_words(text: str, rest: str) -> None:
    assert glued(text) == rest


@given(st.floats(-1e9, 1e9))
def test_a_measurement_keeps_its_value(value: float) -> None:
    assert measurement(f"measure a.b-c {value:.9f} ns/page") == Measurement("a.b-c", float(f"{value:.9f}"), "ns/page")
