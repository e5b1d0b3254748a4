# SPDX-License-Identifier: GPL-2.0-only
"""Logs as runners, consoles and log collectors leave them, each with a trap, and what is true of them."""

from pathlib import Path

import pytest
from tests.ksftci.conftest import LOGS

from ksftci.formats import record
from ksftci.results.model import Run

EXPECTED = {
    # run_vmtests.sh through runner.sh: a category with passing tests that calls itself skipped, a skip
    # that counts but prints no result, XFAIL counted as failed, a time-out in the middle of a test.
    "vmtests.log": """
        pass    mm:ksft_thp.sh.khugepaged all:anon/alloc
        pass    mm:ksft_thp.sh.khugepaged all:anon/collapse
        pass    mm:ksft_thp.sh.khugepaged all:anon/collapse_full
        pass    mm:ksft_thp.sh.khugepaged all:anon/collapse_empty
        pass    mm:ksft_thp.sh.khugepaged all:anon/collapse_single
        skip    mm:ksft_thp.sh.khugepaged all:anon/collapse_swapin
        skip    mm:ksft_thp.sh.thp_settings.sh
        pass    mm:ksft_thp.sh.split_huge_page_test /tmp/xfs_dir_k3G/split to order 0
        xfail   mm:ksft_thp.sh.split_huge_page_test /tmp/xfs_dir_k3G/split to order 1
        skip    mm:ksft_thp.sh.khugepaged all:file
        pass    mm:ksft_mlock.sh.mlock2-tests/one
        pass    mm:ksft_mlock.sh.mlock2-tests/two
        pass    mm:ksft_mlock.sh.mlock2-tests/three
        pass    mm:ksft_mlock.sh.mlock2-tests/four
        pass    mm:ksft_mlock.sh.mlock2-tests/five
        pass    mm:ksft_mlock.sh.mlock2-tests/six
        skip    mm:ksft_mlock.sh.mlock2-tests/seven
        pass    mm:ksft_mlock.sh.mlock-random-test/first
        skip    mm:ksft_mlock.sh.mlock-random-test/RLIMIT_MEMLOCK is too high
        skip    mm:ksft_mlock.sh.mlock-random-test/test 3
        skip    mm:ksft_mlock.sh.on-fault-limit
        pass    mm:ksft_hmm.sh.hmm-tests/hmm.open
        timeout mm:ksft_hmm.sh.hmm-tests/hmm.migrate
        not_run mm:ksft_hmm.sh.hmm-tests/test 3
        fail    mm:ksft_gone.sh.exit
        anomaly vmtests: split_huge_page_test /tmp/xfs_dir_k3G says fail, what failed inside it was expected to
        anomaly vmtests: selftests: mm: ksft_thp.sh says fail, what failed inside it was expected to
        anomaly vmtests: hmm-tests: 3 tests planned, 2 reported
        anomaly vmtests: selftests: mm: ksft_hmm.sh: no plan
    """,
    # Time stamps of two sorts, signals glued to results, a line of the kernel's within one, a panic.
    "lava.log": """
        pass    mm:mkdirty.SIGSEGV generated, page not modified
        fail    mm:mkdirty.SIGSEGV generated, page mod
        skip    mm:mkdirty.userfaultfd not available
        pass    mm:cow.fork
        pass    mm:droppable.mapped
        crash   mm:droppable.crash
        anomaly lava: selftests: mm: droppable: no plan
    """,
    # KUnit through syslog or the journal.
    "journal.log": """
        pass    journal.list/list_add
        fail    journal.list/list_del
        skip    journal.empty
    """,
    # KUnit of old, which indents by tabs, with a report of KASAN's.
    "kasan.log": """
        pass    kasan.old_tabs/first
        pass    kasan.old_tabs/second
        fail    kasan.old_tabs/second/kernel_log
        pass    kasan.plain
    """,
    # One of each: what the kernel says between the lines of a test is of that test.
    "splats.log": """
        pass    splats.quiet
        pass    splats.warned
        fail    splats.warned/kernel_log
        fail    splats.locked
        fail    splats.locked/kernel_log
        pass    splats.stalled
        fail    splats.stalled/kernel_log
        pass    splats.hung
        fail    splats.hung/kernel_log
        pass    splats.bad page
        fail    splats.bad page/kernel_log
        pass    splats.bounds
        fail    splats.bounds/kernel_log
        skip    splats.asleep
        fail    splats.asleep/kernel_log
        fail    splats.kernel_log
    """,
    # Several streams, with and without version lines; plans last, first and unfulfilled.
    "streams.log": """
        pass    streams.before a plan
        pass    streams.the same
        pass    streams.the same#2
        not_run streams.test 2
        pass    streams.the same#3
        pass    streams.more
        pass    streams.than the next plan
        fail    streams.after a plan alone
        anomaly streams: 2 tests planned, 1 reported
    """,
    # Plans that are late, absent, too small and absurd.
    "plans.log": """
        pass    plans.wrong/late
        pass    plans.wrong/too many
        fail    plans.wrong/too many#2
        pass    plans.absent/no plan
        pass    plans.huge/the only one
        not_run plans.huge/tests
        anomaly plans: more results than the 2 planned
        anomaly plans: no plan
        anomaly plans: 999999999 tests planned, 1 reported
    """,
    # Colours, a title, carriage returns, NUL, bytes that are no UTF-8, a result behind other words.
    "terminal.log": """
        pass    terminal.coloured
        fail    terminal.after progress
        fail    terminal.glued
        pass    terminal.broken by
        fail    terminal.with NUL
        pass    terminal.titled
        fail    terminal.bytes \ufffd\ufffd and \ufffd
        anomaly terminal: a result in the middle of a line
    """,
    # A panic in the middle of a test, then the next boot.
    "panic-and-again.log": """
        pass    panic-and-again.first
        crash   panic-and-again.second
        not_run panic-and-again.test 3
        not_run panic-and-again.test 4
        pass    panic-and-again.first#2
        anomaly panic-and-again: 4 tests planned, 2 reported
    """,
    # A kernel's line in the middle of a program's, and a result in the kernel's line.
    "torn-not-ok.log": """
        pass    torn-not-ok.demo/first
        fail    torn-not-ok.demo/second
        pass    torn-not-ok.demo/third
    """,
    "torn-not-ok-green.log": """
        pass    torn-not-ok-green.first
        fail    torn-not-ok-green.second
        pass    torn-not-ok-green.third
        anomaly torn-not-ok-green: no plan
    """,
    # Wrappers that are learned.
    "autotest.log": """
        pass    net:demo.one
        fail    net:demo.two
    """,
    "avocado.log": """
        pass    net:demo.one
        fail    net:demo.two
    """,
    "dmesg-x-user.log": """
        timeout bpf:one.sh.exit
        pass    bpf:two.exit
    """,
    "lava-line-numbers.log": """
        pass    mm:demo.sh.suite.one
        fail    mm:demo.sh.suite.two
        anomaly lava-line-numbers: no plan
    """,
    "lava-yaml.log": """
        pass    lava-yaml.one
        fail    lava-yaml.two
    """,
    "nipa.log": """
        fail    net:demo.suite.one
        pass    net:demo.suite.two
        skip    net:demo.suite.three
    """,
    # Times behind names and directives, as mptcp_lib.sh prints them.
    "mptcp.log": """
        pass    net/mptcp:demo.sh.demo: one
        fail    net/mptcp:demo.sh.demo: two
        skip    net/mptcp:demo.sh.demo: three
        pass    net/mptcp:demo.sh.demo: four
    """,
    # Exit codes of programs, and one of a signal.
    "exits.log": """
        fail    kvm:one.exit
        fail    net:two.sh.exit
        crash   a:three.exit
    """,
    "kunit-places.log": """
        fail    kunit-places.demo/one
        fail    kunit-places.demo/two
    """,
    "ksft-py.log": """
        pass    drivers/net:demo.py.demo.one
        fail    drivers/net:demo.py.demo.two
    """,
    # Lines that look like results, in what is told of a result.
    "yaml-block.log": """
        pass    yaml-block.first
        pass    yaml-block.second
    """,
}


def reported(run: Run) -> list[tuple[str, str]]:
    results = [(result.verdict.value, result.id) for result in run.results]
    return results + [("anomaly", note) for note in run.anomalies]


def read(name: str) -> Run:
    (run,) = record.read(LOGS / name)
    return run


@pytest.mark.parametrize("name", EXPECTED)
def test_the_results_of_a_recording(name: str) -> None:
    lines = [line.strip() for line in EXPECTED[name].strip().split("\n")]
    assert reported(read(name)) == [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in lines]


def test_reasons_and_places() -> None:
    reasons = {result.id: result.reason for name in EXPECTED for result in read(name).results}
    assert reasons["mm:ksft_thp.sh.thp_settings.sh"] == "Module hwpoison_inject not found, skipping..."
    assert reasons["mm:ksft_hmm.sh.hmm-tests/hmm.migrate"] == "timeout after 900 seconds"
    assert reasons["mm:droppable.crash"] == (
        "the kernel panicked: Unable to handle kernel NULL pointer dereference at virtual address 0000000000000010"
    )
    assert reasons["kasan.old_tabs/second/kernel_log"] == "BUG: KASAN: slab-out-of-bounds in second_test+0x10/0x20"
    assert reasons["splats.stalled/kernel_log"] == ("rcu: INFO: rcu_preempt self-detected stall on CPU (and 1 more)")
    assert reasons["plans.huge/tests"] == "999999998 planned, never reported"
    (broken, slow, _) = read("nipa.log").results
    assert (broken.file, broken.line) == ("demo.c", 151)
    assert slow.seconds == pytest.approx(8.92)
    locked = next(result for result in read("splats.log").results if result.name == "locked")
    assert (locked.file, locked.line, locked.reason) == ("file.c", 12, "Expected 1 (1) == 2 (2)")


def test_what_runners_print_behind_and_before_a_result() -> None:
    results = {result.id: result for name in EXPECTED for result in read(name).results}
    times = [results[f"net/mptcp:demo.sh.demo: {name}"].seconds for name in ("one", "two", "three", "four")]
    assert times == pytest.approx([1.234, 0.010, 0.005, 0.007])
    assert results["net/mptcp:demo.sh.demo: four"].reason == "IGNORE Flaky"
    told = {name: (result.file, result.line, result.reason) for name, result in results.items()}
    assert told["kunit-places.demo/one"] == ("lib/demo_test.c", 364, "Expected sum == 0, but sum == 124 (0x7c)")
    assert told["kunit-places.demo/two"] == ("lib/demo_test.c", 304, "try faulted")
    assert told["drivers/net:demo.py.demo.two"] == (
        "/tmp/ksft/drivers/net/./demo.py",
        125,
        "Check failed 45 != 44 repeated keys",
    )


def test_a_splat_is_without_the_lines_of_the_program() -> None:
    (splat,) = [result for result in read("splats.log").results if result.name == "warned/kernel_log"]
    assert splat.log == [
        "[   10.000000] ------------[ cut here ]------------",
        "[   10.000001] WARNING: CPU: 1 PID: 77 at mm/rmap.c:1234 folio_add_anon_rmap+0x1c/0x90",
        "[   10.000002] Modules linked in:",
        "[   10.000003] ---[ end trace 0000000000000000 ]---",
    ]


def test_a_log_that_is_cut_keeps_the_ids_of_the_whole_one(tmp_path: Path) -> None:
    """After each line of a log, what has been read bears the names that it has in the end."""
    whole = {result.id for result in read("vmtests.log").results}
    lines = (LOGS / "vmtests.log").read_bytes().splitlines(keepends=True)
    for count in range(len(lines)):
        path = tmp_path / "vmtests.log"
        path.write_bytes(b"".join(lines[:count]))
        (run,) = record.read(path)
        assert {result.id for result in run.results if not result.verdict.bad} <= whole, count
