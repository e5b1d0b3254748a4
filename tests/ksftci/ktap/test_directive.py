# SPDX-License-Identifier: GPL-2.0-only
"""Directives of kselftest.h, ktap.rst and runner.sh, and texts that only look like them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ksftci.ktap.directive import judge
from ksftci.results.model import Verdict


@pytest.mark.parametrize(
    ("failed", "text", "expected"),
    [
        (False, "# SKIP no swap", ("no swap", Verdict.SKIP, "")),
        (False, "plain # SKIP the reason", ("plain", Verdict.SKIP, "the reason")),
        (False, "lower # skip a reason", ("lower", Verdict.SKIP, "a reason")),
        (True, "known # XFAIL not yet", ("known", Verdict.XFAIL, "not yet")),
        (False, "# XPASS surprise", ("surprise", Verdict.XPASS, "")),
        (True, "# error out of memory", ("out of memory", Verdict.ERROR, "")),
        (True, "later # TODO one day", ("later", Verdict.XFAIL, "one day")),
        (False, "later # TODO one day", ("later", Verdict.XPASS, "one day")),
        (True, "slow # TIMEOUT 45 seconds", ("slow", Verdict.TIMEOUT, "timeout after 45 seconds")),
        (True, "script # exit=2", ("script", Verdict.FAIL, "exit=2")),
        (True, "script # exit=128", ("script", Verdict.FAIL, "exit=128")),
        (True, "script # exit=129", ("script", Verdict.CRASH, "exit=129")),
        (False, "script # exit=139", ("script", Verdict.PASS, "exit=139")),
        (False, r"hash \# in a name", ("hash # in a name", Verdict.PASS, "")),
        (True, "#1 is no directive", ("#1 is no directive", Verdict.FAIL, "")),
        (True, "# SKIPPING is none", ("# SKIPPING is none", Verdict.FAIL, "")),
    ],
)
def test_directives(failed: bool, text: str, expected: tuple[str, Verdict, str]) -> None:
    assert judge(failed, text) == expected


@given(st.text(), st.text())
def test_directives_of_anything(before: str, after: str) -> None:
    name, verdict, _ = judge(True, f"{before} # SKIP {after}")
    assert isinstance(name, str) and isinstance(verdict, Verdict)


@given(st.text(st.characters(exclude_characters="#")), st.booleans())
def test_a_text_without_directive_is_the_name(text: str, failed: bool) -> None:
    assert judge(failed, text) == (text, Verdict.FAIL if failed else Verdict.PASS, "")
