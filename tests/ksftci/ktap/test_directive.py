# SPDX-License-Identifier: GPL-2.0-only
"""Directives, exit codes and times as runners print them behind a name, and texts that only look like them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ksftci.ktap.directive import crashed, judge
from ksftci.results.model import Verdict


@pytest.mark.parametrize(
    ("failed", "text", "expected"),
    [
        (False, "# SKIP no swap", ("no swap", Verdict.SKIP, "")),
        (False, "# SKIP name # no swap", ("name", Verdict.SKIP, "no swap")),
        (False, "plain # SKIP the reason", ("plain", Verdict.SKIP, "the reason")),
        (False, "plain # SKIP issue # 5", ("plain", Verdict.SKIP, "issue # 5")),
        (False, "plain # Skipped: the reason", ("plain", Verdict.SKIP, "the reason")),
        (False, "lower # skip a reason", ("lower", Verdict.SKIP, "a reason")),
        (False, "close #skip", ("close", Verdict.SKIP, "")),
        (True, "known # XFAIL not yet", ("known", Verdict.XFAIL, "not yet")),
        (False, "# XPASS surprise", ("surprise", Verdict.XPASS, "")),
        (True, "# error out of memory", ("out of memory", Verdict.ERROR, "")),
        (True, "later # TODO one day", ("later", Verdict.XFAIL, "one day")),
        (False, "later # TODO one day", ("later", Verdict.XPASS, "one day")),
        (True, "slow # TIMEOUT 45 seconds", ("slow", Verdict.TIMEOUT, "timeout after 45 seconds")),
        (True, "slow # timeout=300", ("slow", Verdict.TIMEOUT, "timeout after 300")),
        (True, "slow # timeout after 3s", ("slow", Verdict.TIMEOUT, "timeout after 3s")),
        (False, "quick # timeout=300", ("quick", Verdict.PASS, "timeout=300")),
        (True, "case # UNRESOLVED", ("case", Verdict.FAIL, "UNRESOLVED")),  # ftracetest
        (False, "flaky # IGNORE Flaky", ("flaky", Verdict.PASS, "IGNORE Flaky")),  # mptcp_lib.sh
        (True, "netns # Create NS failed", ("netns", Verdict.FAIL, "Create NS failed")),  # runner.sh
        (True, "code #  what it says", ("code", Verdict.FAIL, "what it says")),  # ksft_test_result_code()
        (True, "script # exit=2", ("script", Verdict.FAIL, "exit=2")),
        (False, "script # exit=139", ("script", Verdict.PASS, "exit=139")),
        (True, "script # exit=139 # SIGSEGV", ("script", Verdict.CRASH, "exit=139 # SIGSEGV")),
        (True, "script # exit code 134", ("script", Verdict.CRASH, "exit code 134")),
        (True, "script # SIGSEGV", ("script", Verdict.CRASH, "SIGSEGV")),
        (True, "script # killed by signal 11", ("script", Verdict.CRASH, "killed by signal 11")),
        (True, "script # SKIP # exit=139", ("script", Verdict.SKIP, "exit=139")),
        (False, r"hash \# in a name", ("hash # in a name", Verdict.PASS, "")),
        (True, r"hash \# SKIP in it # TODO why", ("hash # SKIP in it", Verdict.XFAIL, "why")),
        (True, "#1 is no directive", ("#1 is no directive", Verdict.FAIL, "")),
        (True, "test #1 is no directive", ("test #1 is no directive", Verdict.FAIL, "")),
        (True, "# SKIPPING is none", ("# SKIPPING is none", Verdict.FAIL, "")),
    ],
)
def test_directives(failed: bool, text: str, expected: tuple[str, Verdict, str]) -> None:
    assert judge(failed, text) == (*expected, None)


@pytest.mark.parametrize(
    ("text", "name", "verdict", "reason", "seconds"),
    [
        ("one # time=1234ms", "one", Verdict.PASS, "", 1.234),
        ("one # time=5", "one", Verdict.PASS, "", 5),
        ("one # SKIP time=5ms", "one", Verdict.SKIP, "", 0.005),
        ("one # SKIP no nft time=5ms", "one", Verdict.SKIP, "no nft", 0.005),
        ("one # IGNORE Flaky time=7ms", "one", Verdict.PASS, "IGNORE Flaky", 0.007),
        ("# SKIP one # time=5ms", "one", Verdict.SKIP, "", 0.005),
        ("# SKIP time=5ms", "", Verdict.SKIP, "", 0.005),
        ("one # time=5ms # SKIP why", "one", Verdict.SKIP, "why", 0.005),
        ("one # duration_ms 12", "one", Verdict.PASS, "", 0.012),
        ("one # duration_ms: 12.5", "one", Verdict.PASS, "", 0.0125),
        ("one # Time: 3 sec", "one", Verdict.PASS, "", 3),
        ("one # 1.2s", "one", Verdict.PASS, "", 1.2),
        ("one # (12 ms)", "one", Verdict.PASS, "", 0.012),
        ("one # took 250us", "one", Verdict.PASS, "", 0.00025),
        ("one in 12ms", "one", Verdict.PASS, "", 0.012),
        ("one in 12ms # skip no tool", "one", Verdict.SKIP, "no tool", 0.012),
        ("time: 3 of 4 # SKIP time: 3 of 4", "time: 3 of 4", Verdict.SKIP, "time: 3 of 4", None),
        ("waits 12ms", "waits 12ms", Verdict.PASS, "", None),
        ("uptime=5 # uptime=5", "uptime=5", Verdict.PASS, "uptime=5", None),
    ],
)
def test_a_time_is_no_part_of_name_and_reason(
    text: str, name: str, verdict: Verdict, reason: str, seconds: float | None
) -> None:
    *said, took = judge(False, text)
    assert said == [name, verdict, reason]
    assert took == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize("status", range(256))
def test_the_exit_codes_of_signals(status: int) -> None:
    signal = 128 < status < 193
    assert crashed(status) is signal
    verdict = Verdict.CRASH if signal else Verdict.FAIL
    assert judge(True, f"script # exit={status}") == ("script", verdict, f"exit={status}", None)


@given(st.text(), st.text())
def test_directives_of_anything(before: str, after: str) -> None:
    name, verdict, _, _ = judge(True, f"{before} # SKIP {after}")
    assert isinstance(name, str) and isinstance(verdict, Verdict)


@given(st.text(st.characters(exclude_characters="#")), st.booleans())
def test_a_text_without_mark_is_the_name(text: str, failed: bool) -> None:
    assert judge(failed, text) == (text, Verdict.FAIL if failed else Verdict.PASS, "", None)
