# SPDX-License-Identifier: GPL-2.0-only
"""The search that passes over chatter finds all other lines, and takes apart what `line.read` would."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ksftci.ktap.dialects import STAMPS
from tests.ksftci.ktap.headlines import COMPLAINTS

from ksftci.ktap.block import WORTH_A_LOOK
from ksftci.ktap.directive import judge
from ksftci.ktap.headlines import ANYWHERE, form_of
from ksftci.ktap.line import BEGINNINGS, Result, Running, may_be, read
from ksftci.ktap.prefix import NESTING
from ksftci.results.model import Verdict

ELSEWHERE = [form for _, form in ANYWHERE]  # for these the parser looks into chatter
NESTED = st.text(NESTING, max_size=6)
TEXT = st.text(st.characters(exclude_characters="\n\r"), max_size=20) | st.text("ab -#[<\\.\t", max_size=6)


@given(NESTED, st.from_regex("|".join(f"(?:{beginning})" for beginning in BEGINNINGS)), TEXT)
def test_ktap_is_worth_a_look(nesting: str, beginning: str, rest: str) -> None:
    if "\n" not in beginning and may_be(beginning + rest):
        assert WORTH_A_LOOK.match(f"\n{nesting}{beginning}{rest}\n")


@pytest.mark.parametrize("stamp", [stamp for stamp in STAMPS if stamp])
@given(NESTED, TEXT)
def test_a_stamp_is_worth_a_look(stamp: str, nesting: str, rest: str) -> None:
    assert WORTH_A_LOOK.match(f"\n{nesting}{stamp}{rest}\n")


def test_a_splat_is_worth_a_look() -> None:
    lines = [line for lines in COMPLAINTS.values() for line in lines if form_of(line) not in ELSEWHERE]
    assert [line for line in lines if not WORTH_A_LOOK.match(f"\n{line}\n")] == []


@pytest.mark.parametrize("line", ["", "chatter", "usb 1-1: new device", "# a comment", "okay", "Kernel", "[x", "1.5"])
def test_chatter_is_not(line: str) -> None:
    assert WORTH_A_LOOK.search(f"\n{line}\n") is None


NAMES = ("a # SKIP why", "a # exit=139", "# XFAIL a", r"a \# b", "-", "- a", "-a", "a[    1.234567] b", "a in 12ms")
WORD = st.sampled_from(["ok ", "not ok "])
DASH = st.sampled_from(["", "- "])


@given(NESTED, WORD, st.integers(0, 10**9), DASH, TEXT | st.sampled_from(NAMES))
def test_a_result_taken_apart_at_once_is_what_is_read(
    nesting: str, word: str, number: int, dash: str, name: str
) -> None:
    text = f"{word}{number} {dash}{name}"
    match = WORTH_A_LOOK.match(f"\n{nesting}{text}")
    assert match
    if match["name"]:
        taken = Result(int(match["number"]), match["no"] is not None, match["name"])
        assert (match["nesting"], taken) == (nesting, read(text))
        assert judge(taken.failed, taken.text) == (
            match["name"],
            Verdict.FAIL if taken.failed else Verdict.PASS,
            "",
            None,
        )


@given(st.text("RUN .abc", max_size=20))
def test_a_test_that_begins_is_what_is_read(rest: str) -> None:
    match = WORTH_A_LOOK.match(f"\nRUN {rest}")
    assert match
    if match["running"]:
        assert read(f"RUN {rest}") == Running(match["running"])
