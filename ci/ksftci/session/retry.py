# SPDX-License-Identifier: GPL-2.0-only
"""Which units run again after a failure, and in which boot."""

import re
from collections.abc import Sequence

from ksftci.results.model import KERNEL_LOG, Run, Verdict
from ksftci.session.unit import Unit

_KERNEL_LOG = re.compile(rf"/{KERNEL_LOG}(#\d+)?$")  # behind the test during which the kernel complained
_FATAL = (Verdict.CRASH, Verdict.TIMEOUT)  # verdicts of a test that ended its program, or the machine


def batches_to_retry(run: Run, units: Sequence[Unit]) -> list[list[Unit]]:
    """The units to run again, one list for each boot; no list when nothing failed.

    Of a harness program they are the failed tests, or all of its units when a result about the program
    failed. Units with a crash or timeout get the second boot, where they cannot end the others again.
    """
    bad = {_KERNEL_LOG.sub("", result.id): result for result in run.results if result.verdict.bad}
    tests = {f"{unit.job.name}.{unit.test}" for unit in units}
    programs = {result.program for result in bad.values()}
    failed_programs = {result.program for test, result in bad.items() if test not in tests}
    harmless: list[Unit] = []
    fatal: list[Unit] = []
    for unit in units:
        program = unit.job.name
        if program not in programs:
            continue
        if unit.test:
            failure = bad.get(f"{program}.{unit.test}")
            if failure is None and program not in failed_programs:
                continue
            is_fatal = failure is not None and failure.verdict in _FATAL
        else:
            is_fatal = any(result.verdict in _FATAL for result in bad.values() if result.program == program)
        (fatal if is_fatal else harmless).append(unit)
    return [batch for batch in (harmless, fatal) if batch]
