# SPDX-License-Identifier: GPL-2.0-only
"""What failed in a log is what failed in its tree, whatever happened to the log."""

from itertools import islice

from hypothesis import HealthCheck, given, settings
from tests.ksftci.ktap.mangled import Log, logs

from ksftci.ktap.parser import Parser


def failed(log: Log, by_line: bool) -> list[str]:
    """The names of what failed, without complaints of the kernel if there was one."""
    parser = Parser("p")
    for part in log.text.split("\n") if by_line else [log.text]:
        parser.feed(part)
    parser.finish()
    results = [result for result in parser.results if result.verdict.bad]
    return [result.name for result in results if not (log.complained and result.complaints)]


def check(log: Log) -> None:
    """Raises AssertionError if something else failed, whether the log comes line by line or not."""
    for by_line in (False, True):
        found = failed(log, by_line)
        if found not in log.failed():
            wanted = list(islice(log.failed(), 2))
            raise AssertionError(f"{log.done}, by line: {by_line}\n{log.text}\nfailed: {found}, and not {wanted}")


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(logs())
def test_exactly_what_failed_in_the_tree(log: Log) -> None:
    check(log)
