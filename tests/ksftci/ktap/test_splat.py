# SPDX-License-Identifier: GPL-2.0-only
"""What is a splat and what is not, for Python and for the guest's grep."""

import subprocess

import pytest

from ksftci.ktap import splat
from ksftci.ktap.splat import find

HEADLINES = [
    "WARNING: CPU: 1 PID: 77 at mm/rmap.c:1234 folio_add_anon_rmap+0x1c/0x90",
    "WARNING: mm/rmap.c:1234 at folio_add_anon_rmap+0x1c/0x90, CPU#1: prog/77",
    "WARNING: possible recursive locking detected",
    "WARNING: inconsistent lock state",
    "WARNING: suspicious RCU usage",
    "WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected",
    "BUG: KASAN: slab-use-after-free in kfree+0x1/0x2",
    "BUG: kernel NULL pointer dereference, address: 0000000000000010",
    "BUG: Bad page state in process prog  pfn:12345",
    "BUG: Bad rss-counter state mm:00000000 type:MM_ANONPAGES val:1",
    "BUG: sleeping function called from invalid context at mm/x.c:1",
    "watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [prog:77]",
    "watchdog: CPU1: Watchdog detected hard LOCKUP on cpu 1",
    "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
    "INFO: task prog:77 blocked for more than 120 seconds.",
    "kernel BUG at mm/huge_memory.c:3210!",
    "Internal error: Oops: 0000000096000004 [#1] SMP",
    "Oops: general protection fault, probably for non-canonical address 0xdead: 0000 [#1] SMP",
    "Unable to handle kernel paging request at virtual address dead000000000100",
    "UBSAN: array-index-out-of-bounds in mm/page_alloc.c:1:2",
    "refcount_t: underflow; use-after-free.",
    "prog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0",
    "Kernel panic - not syncing: Fatal exception",
    "------------[ cut here ]------------",
    "Call trace:",
]
OTHERS = [
    "WARNING: this is a program's own word",
    "random: crng init done",
    "traps: prog[77] general protection fault ip:401136 sp:7ffd error:0 in prog[401000+1000]",
    "prog[77]: segfault at 0 ip 0000000000401136 sp 00007ffd error 6 in prog[401000+1000]",
    "Oops, no memory",
    "INFO: all is well",
    "systemd[1]: watchdog: BUG in a unit file",
    "----------",
]


@pytest.mark.parametrize("stamp", ["", "[   12.345678] ", "[   12.345678][  T77] "])
def test_the_guest_greps_for_what_is_found(stamp: str) -> None:
    lines = [stamp + line for line in HEADLINES + OTHERS]
    pattern = rf"^(\[[^]]*\] ?)*{splat.GREP}"
    grepped = subprocess.run(["grep", "-E", pattern], input="\n".join(lines), capture_output=True, text=True)
    assert grepped.stdout.splitlines() == [stamp + line for line in HEADLINES]
    assert [line for line in lines if find([line])] == [stamp + line for line in HEADLINES]


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
