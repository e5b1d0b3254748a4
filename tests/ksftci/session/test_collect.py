# SPDX-License-Identifier: GPL-2.0-only
"""Results, record and exit status of the events of a machine."""

from pathlib import Path

from tests.ksftci.session.fake_guest import verdicts

from ksftci.formats import record
from ksftci.machine.machine import Begin, Booted, Cause, Changed, End, Event, Job, KernelLine, Line, Stopped
from ksftci.results.model import Run, Verdict, exit_status
from ksftci.session.collect import Collector

A, B = Job("a", Path("/a")), Job("b", Path("/b"))


def program(job: Job, *lines: str, status: int = 0) -> list[Event]:
    """The events of a program that prints these lines."""
    return [Begin(0, job), *(Line(1, line) for line in lines), End(2, job, status)]


def collect(jobs: list[Job], *events: Event) -> Run:
    return Collector(Run("fake"), jobs).take(events)


def test_programs_and_environment() -> None:
    events = [*program(A, "1..1", "ok 1 x"), *program(B, "1..1", "not ok 1 x", status=1)]
    run = collect([A, B], Booted(0, {"release": "7.3"}), *events)
    assert verdicts(run) == {"a.x": "pass", "b.x": "fail"}
    assert run.environment == {"release": "7.3"}
    assert exit_status([run]) == 1


def test_the_record_has_the_times() -> None:
    lines = [
        "1..5",
        "ok 1 a time=",
        "not ok 2 # SKIP y",
        "# ok 1 in",
        "ok 3 z # SKIP why # more",
        "ok 4 b # time=250ms",
        "ok 5",
    ]
    events = [Line(1 + number / 8, line) for number, line in enumerate(lines)]
    run = collect([A], Booted(0, {}), Begin(1, A), *events, End(3, A, 0))
    (read,) = record.parse(record.write([run]), "x")
    known, again = ([(r.id, r.verdict, r.reason, r.seconds) for r in one.results] for one in (run, read))
    assert (again, read.seconds) == (known, 3)
    assert {result.seconds for result in read.results} == {0.125, 0.25}


def test_a_panic_is_a_crash_of_the_running_test() -> None:
    lines = [Line(1, "1..3"), Line(1, "ok 1 x"), Line(1, "# [RUN] y"), Line(1, "Kernel panic")]
    run = collect([A, B], Begin(0, A), *lines, Stopped(3, Cause.PANIC))
    assert verdicts(run) == {
        "a.x": "pass",
        "a.y": "crash",
        "a.test 3": "not_run",
        "b.all": "not_run",
    }
    assert run.results[1].log[-1] == "Kernel panic"


def test_a_kernel_that_does_not_start() -> None:
    run = collect([A, B], Stopped(3, Cause.NO_BOOT, "last\nwords"))
    assert verdicts(run) == {"a.machine": "error", "b.all": "not_run"}
    assert run.results[0].log == ["last", "words"]


def test_an_interrupt_keeps_the_results_so_far() -> None:
    run = collect([A], Begin(0, A), Line(1, "1..2"), Line(1, "ok 1 x"), Stopped(2, Cause.INTERRUPTED))
    assert run.results[0].verdict is Verdict.PASS
    assert exit_status([run]) == 130


WARNING = (
    "[  101.500000] ------------[ cut here ]------------",
    "[  101.500001] WARNING: mm/rmap.c:1 at folio_add+0x1/0x2, CPU#0: a/77",
    "[  101.500002] ---[ end trace 0000000000000000 ]---",
)
HEADLINE = "WARNING: mm/rmap.c:1 at folio_add+0x1/0x2, CPU#0: a/77"


def test_splats_and_changed_settings_are_failures() -> None:
    events: list[Event] = [
        Begin(0, A),
        Line(1, "1..1"),
        Line(1, "ok 1 x"),
        *(KernelLine(1, line) for line in WARNING),
        Changed(1, "/proc/sys/vm/x", "0", "1"),
        End(2, A, 0),
    ]
    run = collect([A], *events)
    assert verdicts(run) == {"a.x": "pass", "a.settings": "fail", "a.kernel_log": "fail"}
    assert run.results[2].reason == HEADLINE
    assert "/proc/sys/vm/x" in run.results[1].reason


def test_a_splat_at_boot_is_a_failure_of_the_first_program() -> None:
    events: list[Event] = []
    for job in (A, B):  # each in a boot of its own
        events += [*(KernelLine(0, line) for line in WARNING), Booted(0, {"page_size": "4096"})]
        events += [Begin(1, job), Line(1, "1..1"), Line(2, "ok 1 x"), End(2, job, 0)]
    run = collect([A, B], *events)
    assert verdicts(run) == {"a.boot/kernel_log": "fail", "a.x": "pass", "b.x": "pass"}
    assert (run.results[0].reason, run.results[0].log, run.results[0].of_program) == (HEADLINE, list(WARNING), True)
    assert run.splats == [("", line) for line in WARNING]
    (read,) = record.parse(record.write([run]), "file")
    assert (list(verdicts(read)), read.results[0], read.splats) == (list(verdicts(run)), run.results[0], run.splats)


def program_with_splat(clock: float) -> list[Event]:
    """Two tests, from 10 s to 12 s and to 14 s. At 10 s the kernel's clock is at `clock`; WARNING is of 101.5 s."""
    return [
        Begin(10, A, clock),
        Line(10, "1..2"),
        Line(12, "ok 1 x"),
        Line(14, "ok 2 y"),
        *(KernelLine(15, line) for line in WARNING),
        End(15, A, 0),
    ]


def test_a_splat_is_a_failure_of_the_test_that_ran_at_its_time() -> None:
    names = {100.0: "a.x/kernel_log", 99.0: "a.y/kernel_log", 97.0: "a.kernel_log"}
    for clock, name in names.items():
        run = collect([A], *program_with_splat(clock))
        (bad,) = [result for result in run.results if result.verdict.bad]
        assert (bad.id, bad.reason, bad.log) == (name, HEADLINE, list(WARNING))
        (read,) = record.parse(record.write([run]), "file")
        assert verdicts(read) == verdicts(run)


def test_a_splat_on_the_console_is_reported_once() -> None:
    events = program_with_splat(99.0)
    events[3:3] = [Line(13, line) for line in WARNING]
    assert verdicts(collect([A], *events)) == {"a.x": "pass", "a.y": "pass", "a.y/kernel_log": "fail"}


def test_tests_that_a_skipped_program_did_not_reach_are_skipped() -> None:
    run = collect([A], *program(A, "1..3", "ok 1 # SKIP no swap", status=4))
    assert verdicts(run) == {"a.no swap": "skip", "a.test 2": "skip", "a.test 3": "skip"}
    assert exit_status([run]) == 3


def test_a_program_without_ktap_has_its_exit_status_as_result() -> None:
    assert verdicts(collect([A], *program(A))) == {"a.exit": "pass"}
    assert verdicts(collect([A], *program(A, "no swap", status=4))) == {"a.exit": "skip"}
    assert verdicts(collect([A], *program(A, status=1))) == {"a.exit": "fail"}
    assert verdicts(collect([A], *program(A, status=127))) == {"a.exit": "error"}


def test_a_bad_exit_status_after_passed_tests_is_a_failure() -> None:
    ktap = ("1..1", "ok 1 x")
    assert verdicts(collect([A], *program(A, *ktap, status=1))) == {"a.x": "pass", "a.exit": "fail"}
    for status, verdict in ((139, "crash"), (192, "crash"), (193, "fail"), (254, "fail"), (255, "fail")):
        assert verdicts(collect([A], *program(A, *ktap, status=status))) == {"a.x": "pass", "a.exit": verdict}


def test_the_exit_status_is_3_when_all_is_skipped_or_nothing_ran() -> None:
    assert exit_status([]) == 3
    assert exit_status([Run("k")]) == 3
    assert exit_status([collect([A], *program(A, status=4))]) == 3
    assert exit_status([collect([A], *program(A))]) == 0


def test_a_record_keeps_the_names_of_programs() -> None:
    jobs = [
        Job(name, Path("/x")) for name in ("futex/functional:wait", "run_vmtests.sh -t ksm", "khugepaged all:shmem")
    ]
    run = collect(jobs, *(event for job in jobs for event in program(job, "1..1", "ok 1 x")))
    (read,) = record.parse(record.write([run]), "file")
    assert verdicts(read) == verdicts(run) == {f"{job.name}.x": "pass" for job in jobs}


def test_a_record_of_two_runs_is_read_as_two_runs() -> None:
    crash: list[Event] = [
        Begin(0, B),
        Line(1, "1..2"),
        Line(1, "not ok 1 y"),
        Stopped(3, Cause.PANIC),
    ]
    run = collect([A, B], Booted(0, {"release": "7.3"}), *program(A, "1..1", "ok 1 x"), *crash)
    first, second = record.parse(record.write([run, Run("other")]), "file")
    assert (first.kernel, second.kernel) == ("fake", "other")
    assert first.environment == {"release": "7.3"}
    read = verdicts(first)
    assert read["a.x"] == "pass"
    assert read["b.y"] == "fail"
    assert "error" in read.values()  # the panic
