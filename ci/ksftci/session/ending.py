# SPDX-License-Identifier: GPL-2.0-only
"""What the end of a program says: its exit status, or why it was stopped."""

import signal

from ksftci.ktap.directive import crashed
from ksftci.ktap.parser import Parser
from ksftci.machine.machine import Cause
from ksftci.results.model import Verdict

SKIPPED = 4  # KSFT_SKIP
VERDICT_OF = {
    Cause.SILENCE: Verdict.TIMEOUT,
    Cause.TIMEOUT: Verdict.TIMEOUT,
    Cause.PANIC: Verdict.CRASH,
    Cause.DIED: Verdict.CRASH,
    Cause.NO_BOOT: Verdict.ERROR,
    Cause.FLOOD: Verdict.FAIL,
    Cause.FORGED: Verdict.FAIL,
    Cause.INTERRUPTED: Verdict.NOT_RUN,
}
# The result of a program that was stopped while no test ran.
_NAME_OF = {Cause.SILENCE: "timeout", Cause.TIMEOUT: "timeout", Cause.FLOOD: "output", Cause.FORGED: "protocol"}
_NO_FAILURE = {0, 2, 3, SKIPPED}  # KSFT_PASS, KSFT_XFAIL, KSFT_XPASS, KSFT_SKIP of kselftest.h


def break_off(parser: Parser, cause: Cause, at: float) -> None:
    """Add the result of a program that was stopped."""
    if cause is Cause.FORGED:  # whatever test it said is running
        parser.add(_NAME_OF[cause], VERDICT_OF[cause], cause.value, at)
    else:
        parser.broke_off(_NAME_OF.get(cause, "crash"), VERDICT_OF[cause], cause.value, at)


def judge(parser: Parser, status: int, at: float) -> None:
    """Add the result of a program that ended by itself, if its status says what its tests did not."""
    if crashed(status):
        parser.broke_off("exit", Verdict.CRASH, f"ended by {_signal_name(status - 128)}", at)
    elif not parser.spoke:
        _judge_silent(parser, status, at)
    elif status not in _NO_FAILURE and not parser.failed:
        parser.add("exit", Verdict.FAIL, f"exit status {status} though no test failed", at)


def _judge_silent(parser: Parser, status: int, at: float) -> None:
    """Add the one result of a program that printed no KTAP: its exit status."""
    last = parser.log.lines[-1].strip() if parser.log.lines else ""
    if status == 0:
        parser.add("exit", Verdict.PASS, "", at)
    elif status == SKIPPED:
        parser.add("exit", Verdict.SKIP, last or "exit status 4", at)
    elif status in (126, 127):
        parser.add("exit", Verdict.ERROR, f"could not be started (status {status}) {last}", at)
    else:
        parser.add("exit", Verdict.FAIL, f"exit status {status}", at)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
