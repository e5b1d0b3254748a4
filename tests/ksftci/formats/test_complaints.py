# SPDX-License-Identifier: GPL-2.0-only
"""What the kernel complained of, from a log to the results: failures, and what a test is there to provoke."""

import textwrap

import pytest

from ksftci.formats import record
from ksftci.results.model import TestResult


def read(text: str, name: str = "log") -> list[TestResult]:
    (run,) = record.parse(textwrap.dedent(text), name)
    return run.results


def outcomes(results: list[TestResult]) -> list[tuple[str, str, str]]:
    return [(result.verdict.value, result.id, result.reason) for result in results]


COMPLAINTS = {
    "Oops [#1]": """
        [  354.146334] Oops [#1]
        [  354.146511] Modules linked in:
        [  354.146791] CPU: 2 UID: 0 PID: 134 Comm: demo Not tainted 6.12.19 #1
        [  354.148888] epc : some_function+0x32/0x80
        [  354.174056] Code: 0593 7ff2 (0007) 0206
        [  354.175524] ---[ end trace 0000000000000000 ]---
    """,
    'irq 4: nobody cared (try booting with the "irqpoll" option)': """
        [ 1081.418714] irq 4: nobody cared (try booting with the "irqpoll" option)
        [ 1081.419111] CPU: 3 PID: 3703 Comm: demo Not tainted 6.10.0 #1
        [ 1081.419773] Call Trace:
        [ 1081.420197]  __report_bad_irq+0x5f/0x180
        [ 1081.432206] Disabling IRQ #4
    """,
    "unregister_netdevice: waiting for veth0 to become free. Usage count = 5": """
        [ 1868.101248] unregister_netdevice: waiting for veth0 to become free. Usage count = 5
        [ 1868.101753] ref_tracker: veth0@1 has 1/4 users at
        [ 1868.101753]      dst_init+0x84/0x4a0
    """,
    "BUG kmalloc-64 (Not tainted): Poison overwritten": """
        [   20.000000] =============================================================================
        [   20.000001] BUG kmalloc-64 (Not tainted): Poison overwritten
        [   20.000002] -----------------------------------------------------------------------------
        [   20.000003] Slab 0x1 objects=32 used=32 fp=0x0 flags=0x1
        [   20.000004] Call Trace:
        [   20.000005]  dump_stack_lvl+0x86/0xc0
    """,
    "[ BUG: Invalid wait context ]": """
        [    1.549237] =============================
        [    1.549331] [ BUG: Invalid wait context ]
        [    1.549425] 6.13.0 #15 Not tainted
        [    1.549609] -----------------------------
        [    1.549704] demo/149 is trying to lock:
        [    1.550921] stack backtrace:
        [    1.551514] Call Trace:
        [    1.551636]  dump_stack_lvl+0x86/0xc0
    """,
    "WARNING: CPU: 0 PID: 100 at kernel/demo.c:1234 harmless+0x1/0x2 (and 1 more)": """
        [   10.000000] WARNING: CPU: 0 PID: 100 at kernel/demo.c:1234 harmless+0x1/0x2
        [   10.000001] Call Trace:
        [   10.400000] BUG: KASAN: slab-out-of-bounds in serious+0x3/0x4
        [   10.400001] Read of size 8 at addr ffff888000000000 by task demo/9
    """,
    "prog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0": """
        [   10.000000] prog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
        [   10.000001] Call Trace:
        [   10.000002] Mem-Info:
        [   10.000003] oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom
        [   10.000004] Out of memory: Killed process 77 (prog) total-vm:1kB
    """,
}


@pytest.mark.parametrize("reason", COMPLAINTS)
def test_a_complaint_is_a_failure(reason: str) -> None:
    results = read(f"TAP version 13\n1..1\n{textwrap.dedent(COMPLAINTS[reason])}ok 1 demo\n")
    assert outcomes(results) == [("pass", "log.demo", ""), ("fail", "log.demo/kernel_log", reason)]


def test_the_lines_of_a_report_are_its_log() -> None:
    _, complaint = read(f"TAP version 13\n1..1\n{textwrap.dedent(COMPLAINTS['[ BUG: Invalid wait context ]'])}ok 1 a\n")
    assert "[    1.549704] demo/149 is trying to lock:" in complaint.log


KASAN = """
    [    0.500000] KTAP version 1
    [    0.500001] 1..1
    [    0.500002]     KTAP version 1
    [    0.500003]     # Subtest: kasan
    [    0.500004]     # module: kasan_test
    [    0.500005]     1..1
    [    0.600000] ==================================================================
    [    0.600001] BUG: KASAN: slab-out-of-bounds in kmalloc_oob_right+0x1/0x2 [kasan_test]
    [    0.600002] Write of size 1 at addr 1 by task kunit_try_catch/9
    [    0.600003] ==================================================================
    [    0.700000]     ok 1 kmalloc_oob_right
    [    0.700001] ok 1 kasan
"""
PROVOKED = "BUG: KASAN: slab-out-of-bounds in kmalloc_oob_right+0x1/0x2 [kasan_test] (mm/kasan/kasan_test_c.c)"


def test_what_a_test_is_there_to_provoke_fails_nothing_and_is_shown() -> None:
    results = read(KASAN)
    assert outcomes(results) == [("pass", "log.kasan/kmalloc_oob_right", "")]
    assert results[0].expected == (PROVOKED,)
    assert results[0].log[-1] == f"expected: {PROVOKED}"
    assert sum("BUG: KASAN: " in line for line in results[0].log) == 2


@pytest.mark.parametrize(
    ("suite", "headline"),
    [
        ("kfence", "BUG: KFENCE: out-of-bounds read in test_out_of_bounds_read+0xa6/0x234"),
        ("kmsan", "BUG: KMSAN: uninit-value in test_uninit_kmalloc+0x1/0x2"),
        ("kcsan", "BUG: KCSAN: data-race in test_kernel_read / test_kernel_write"),
        ("kunit_fault", "BUG: kernel NULL pointer dereference, address: 0000000000000000"),
        ("kunit_fault", "Unable to handle kernel NULL pointer dereference at virtual address 0000000000000000"),
    ],
)
def test_each_suite_provokes_its_own(suite: str, headline: str) -> None:
    text = KASAN.replace("BUG: KASAN: slab-out-of-bounds in kmalloc_oob_right+0x1/0x2 [kasan_test]", headline)
    assert [result.verdict.value for result in read(text.replace("kasan", suite))] == ["pass"]
    assert [result.verdict.value for result in read(text.replace("kasan", "other"))] == ["pass", "fail"]


def test_another_complaint_in_the_same_test_still_fails_it() -> None:
    other = "[    0.600004] BUG: sleeping function called from invalid context at mm/x.c:1\n    [    0.700000]     ok"
    results = read(KASAN.replace("[    0.700000]     ok", other))
    assert outcomes(results) == [
        ("pass", "log.kasan/kmalloc_oob_right", ""),
        (
            "fail",
            "log.kasan/kmalloc_oob_right/kernel_log",
            "BUG: sleeping function called from invalid context at mm/x.c:1",
        ),
    ]
    assert results[0].expected == (PROVOKED,)
    assert results[1].log == ["[    0.600004] BUG: sleeping function called from invalid context at mm/x.c:1"]


def test_a_suite_that_fails_for_no_complaint_that_counts_fails() -> None:
    results = read(KASAN.replace("] ok 1 kasan", "] not ok 1 kasan"))
    assert [(result.verdict.value, result.id) for result in results] == [
        ("pass", "log.kasan/kmalloc_oob_right"),
        ("fail", "log.kasan"),
    ]


def test_a_program_that_fails_where_the_kernel_complains_as_well_fails_twice() -> None:
    text = """
        TAP version 13
        1..1
        # selftests: mm: cow
        # ok 1 a
        [    1.000000] BUG: Bad page state in process cow
        # ok 2 b
        # 1..2
        not ok 1 selftests: mm: cow # exit=1
    """
    assert [(result.verdict.value, result.id) for result in read(text)] == [
        ("pass", "mm:cow.a"),
        ("pass", "mm:cow.b"),
        ("fail", "mm:cow.b/kernel_log"),
        ("fail", "mm:cow.exit"),
    ]


LKDTM = """
    TAP version 13
    1..1
    # selftests: lkdtm: WARNING.sh
    [   20.000000] lkdtm: Performing direct entry WARNING
    [   20.000001] ------------[ cut here ]------------
    [   20.000002] WARNING: CPU: 0 PID: 1 at drivers/misc/lkdtm/bugs.c:1 lkdtm_WARNING+0x1/0x2
    [   20.000003] ---[ end trace 0000000000000000 ]---
    # WARNING: saw 'WARNING:': ok
    ok 1 selftests: lkdtm: WARNING.sh
"""


def test_lkdtm_provokes_what_its_list_says() -> None:
    assert [(result.verdict.value, result.id) for result in read(LKDTM)] == [("pass", "lkdtm:WARNING.sh.exit")]
    other = read(LKDTM.replace("drivers/misc/lkdtm/bugs.c:1 lkdtm_WARNING", "mm/rmap.c:1 folio_add"))
    assert [result.verdict.value for result in other] == ["pass", "fail"]
    other = read(LKDTM.replace("lkdtm: WARNING.sh", "lkdtm: EXEC_NULL.sh"))
    assert [result.verdict.value for result in other] == ["pass", "fail"]


STACK = """
        KTAP version 1
        # Subtest: demo
        1..1
    sysfs: cannot create duplicate filename '/demo'
    CPU: 0 UID: 0 PID: 421 Comm: kunit_try_catch 6.11.0 #1
    Call Trace: [<004bbe32>] dump_stack+0xc/0x10
     [<00166cd4>] sysfs_warn_dup+0x52/0x64
        ok 1 add_twice_fails
    ok 1 demo
"""


def test_a_stack_alone_is_shown_and_fails_nothing() -> None:
    (result,) = read(STACK)
    assert (result.verdict.value, result.expected) == (
        "pass",
        ("sysfs: cannot create duplicate filename '/demo' (a stack alone, as dump_stack() prints it)",),
    )


@pytest.mark.parametrize(
    "killed",
    ["oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null)", "Memory cgroup out of memory: Killed"],
)
def test_a_memory_cgroup_may_be_out_of_memory(killed: str) -> None:
    report = COMPLAINTS["prog invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0"]
    lines = [line.strip() for line in report.strip().splitlines()][:3]
    (result,) = read("\n".join(["TAP version 13", "1..1", *lines, f"[   10.000003] {killed}", "ok 1 a", ""]))
    assert (result.verdict.value, len(result.expected)) == ("pass", 1)
    assert result.expected[0].startswith(killed)
