# SPDX-License-Identifier: GPL-2.0-only
"""Which lines make a splat, and which line says what it is."""

from collections import Counter

import pytest
from tests.ksftci.ktap.reports import REPORTS

from ksftci.ktap.splat import find


def test_a_pause_parts_two_splats() -> None:
    first, second = find(
        [
            "[   10.000000] rcu: INFO: rcu_preempt self-detected stall on CPU",
            "[   10.000001] rcu: 	1-....: (5249 ticks this GP)",
            "[   12.000000] WARNING: CPU: 1 PID: 77 at mm/rmap.c:1234 folio_add_anon_rmap+0x1c/0x90",
        ]
    )
    assert (first.stamp, len(first.lines), second.stamp, len(second.lines)) == (10.0, 2, 12.0, 1)


def test_the_headline_is_the_line_that_says_most() -> None:
    (report,) = find(["------------[ cut here ]------------", "Modules linked in:", "kernel BUG at mm/rmap.c:1!"])
    assert report.headline == "kernel BUG at mm/rmap.c:1!"


def test_the_end_mark_ends_it() -> None:
    lines = ["BUG: x", "---[ end trace 0000000000000000 ]---", "random: crng init done", "BUG: y"]
    assert [report.lines for report in find(lines)] == [lines[:2], lines[3:]]


@pytest.mark.parametrize("stamped", [True, False], ids=["stamped", "bare"])
@pytest.mark.parametrize("name", REPORTS)
def test_a_headline_opens_a_complaint_and_what_follows_belongs_to_it(name: str, stamped: bool) -> None:
    lines, headlines = REPORTS[name]
    found = find([f"[   10.{number:06}] {line}" if stamped else line for number, line in enumerate(lines)])
    assert [report.headline for report in found] == headlines


def test_only_a_stack_alone_is_bare() -> None:
    bare = {name for name, (lines, _) in REPORTS.items() if any(report.bare for report in find(lines))}
    assert bare == {"a stack", "a stack, and what is wrong"}


def test_the_lines_above_a_stack_belong_to_it() -> None:
    lines = ["usb 1-1: new device", *REPORTS["a stack"][0]]
    (report,) = find(lines)
    assert report.lines == lines[1:]


def test_a_line_of_long_ago_is_no_reason_for_a_stack() -> None:
    (report,) = find(["[    1.000000] long ago", "[   10.000000] CPU: 1 UID: 0 PID: 77", "[   10.000001] Call Trace:"])
    assert (report.headline, len(report.lines)) == ("CPU: 1 UID: 0 PID: 77", 2)


def test_one_headline_again_and_again_is_counted() -> None:
    """Of many only the first are kept, and count the others, also around another one."""
    lines = [f"[   10.{number:06}] BUG: Bad page state" for number in range(1000)]
    lines[500:500] = ["[   10.000499] BUG: Bad page map", "[   10.000499] CPU: 1 PID: 7", "BUG: Bad page state"]
    found = find(lines)  # a program printed the line without a stamp
    times = Counter({"BUG: Bad page state": 0})
    for report in found:
        times[report.headline] += report.times
    assert times == {"BUG: Bad page state": 1000, "BUG: Bad page map": 1}
    assert len(found) < 105
