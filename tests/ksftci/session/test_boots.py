# SPDX-License-Identifier: GPL-2.0-only
"""One run in several boots: batches, shards, retries; on a machine that is none."""

import _thread
import io
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from rich.console import Console

from ksftci.errors import CiError
from ksftci.formats import record
from ksftci.host.cache import Cache
from ksftci.machine.machine import Begin, Booted, Cause, End, Event, Job, KernelLine, Line, Stopped
from ksftci.report import terminal
from ksftci.results.merge import add_attempt, merge
from ksftci.results.model import Run, TestResult, Verdict, exit_status
from ksftci.results.shard import Shard
from ksftci.session.choice import parse as choose
from ksftci.session.collect import Collector
from ksftci.session.durations import Durations
from ksftci.session.retry import again
from ksftci.session.session import Session
from ksftci.session.unit import Lister, Unit

WARNING = "[    1.0] WARNING: CPU: 0 PID: 1 at mm/rmap.c:1 foo+0x0/0x1"
TESTS = ["f.one", "f.two", "f.three", "f.four"]


class Silent:
    def __init__(self) -> None:
        self.said: list[str] = []

    def progress(self, run: Run, collector: Collector, event: Event) -> None: ...

    def finished(self, run: Run) -> None:
        self.said.append(run.label)


@dataclass
class Guest:
    """Boots, and runs "harness" programs with TESTS and "plain" ones with two tests.

    `ends` gives, for a test's id, how it ends boot by boot: ok, not ok, panic, splat; ok after the last.
    """

    ends: dict[str, list[str]] = field(default_factory=dict)
    label: str = "fake"
    lists: bool = True
    boots: list[Sequence[Job]] = field(default_factory=list)
    listed: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, jobs: Sequence[Job], stop: threading.Event) -> Iterator[Event]:
        if any(job.args == ("-l",) for job in jobs):
            self.listed += 1
            yield from self.list(jobs)
            return
        with self.lock:
            self.boots.append(jobs)
        yield Booted(0, {"release": "7.3"})
        for job in jobs:
            yield Begin(0, job)
            chosen = [word for word in job.args if word != "-r"]
            tests = (chosen or TESTS) if job.name.startswith("harness") else ["x", "y"]
            yield Line(1, f"1..{len(tests)}")
            for number, test in enumerate(tests, 1):
                with self.lock:
                    ends = self.ends.get(f"{job.name}.{test}")
                    end = ends.pop(0) if ends else "ok"
                if end == "splat":
                    yield KernelLine(1, WARNING)
                    end = "ok"
                if end == "panic":
                    yield Line(1, f"#  RUN           {test} ...")
                    yield Stopped(2, Cause.PANIC)
                    return
                yield Line(1, f"{end} {number} {test}")
            yield End(2, job, 0)

    def list(self, jobs: Sequence[Job]) -> Iterator[Event]:
        if not self.lists:
            yield Stopped(0, Cause.NO_BOOT)
            return
        for job in jobs:
            yield Begin(0, job)
            yield Line(0, "# FIXTURE            VARIANT                   TEST")
            for test in TESTS:
                yield Line(0, ("f" if test == TESTS[0] else "").ljust(47) + test[2:])
            yield End(0, job, 4)


@pytest.fixture
def jobs(tmp_path: Path) -> list[Job]:
    found = [Job(name, tmp_path / name) for name in ("harness_a", "plain", "harness_b")]
    for job in found:
        job.program.write_bytes(b"\0# FIXTURE\0VARIANT\0" + job.name[-1].encode() if "harness" in job.name else b"ELF")
    return found


EVERYTHING = [
    *(f"harness_a.{test}" for test in TESTS),
    "plain.x",
    "plain.y",
    *(f"harness_b.{test}" for test in TESTS),
]


def ids(run: Run) -> list[str]:
    return [result.id for result in run.results]


def verdicts(run: Run) -> dict[str, str]:
    return {result.id: result.verdict.value for result in run.results}


def test_the_listing_of_this_fake_is_read(jobs: list[Job]) -> None:
    assert Lister().ask(Guest().run, jobs, threading.Event())["harness_a"] == TESTS


@pytest.mark.parametrize("at_once", [1, 2, 3, 20])
def test_several_boots_of_a_kernel_give_what_one_gives(at_once: int, jobs: list[Job]) -> None:
    guest, watcher = Guest({"harness_a.f.two": ["not ok"]}), Silent()
    (run,) = Session([guest], jobs, "arm64", watcher, at_once=at_once).run()
    assert ids(run) == EVERYTHING
    assert [test for test, verdict in verdicts(run).items() if verdict == "fail"] == ["harness_a.f.two"]
    assert len(guest.boots) == min(at_once, 9)  # plain is one unit of its own
    assert (run.kernel, run.environment, run.anomalies) == ("fake", {"release": "7.3"}, [])
    assert watcher.said[-1] == "fake"
    (back,) = merge(record.parse(record.write([run]), "x"))
    assert sorted(verdicts(back).items()) == sorted(verdicts(run).items())
    assert back.anomalies == []


def test_machines_are_shared_out_to_kernels_before_a_kernel_is_split(jobs: list[Job]) -> None:
    guests = [Guest(label="one"), Guest(label="two")]
    Session(guests, jobs, "arm64", Silent(), at_once=2).run()
    assert [len(guest.boots) for guest in guests] == [1, 1]
    guests = [Guest(label="one"), Guest(label="two")]
    runs = Session(guests, jobs, "arm64", Silent(), at_once=4).run()
    assert [len(guest.boots) for guest in guests] == [2, 2]
    assert [run.kernel for run in runs] == ["one", "two"]


def test_a_program_is_asked_for_its_tests_once(jobs: list[Job], tmp_path: Path) -> None:
    for _ in range(2):
        guests = [Guest(label="one"), Guest(label="two")]
        lister = Lister(Cache(tmp_path / "cache"))
        Session(guests, jobs, "arm64", Silent(), repeat=2, shard=Shard(1, 2), lister=lister).run()
        listed = sum(guest.listed for guest in guests)
        assert listed == (1 if _ == 0 else 0)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_of_several_boots_keeps_what_there_is(jobs: list[Job]) -> None:
    """Four boots, three at once: the fourth one does not start any more."""
    booted = threading.Barrier(3)

    class Slow(Guest):
        def run(self, jobs: Sequence[Job], stop: threading.Event) -> Iterator[Event]:
            events = super().run(jobs, stop)
            for event in events:
                yield event
                if isinstance(event, Line) and event.text.startswith("ok 1"):
                    if booted.wait(20) == 0:
                        _thread.interrupt_main()
                    assert stop.wait(20)
                    yield Stopped(1, Cause.INTERRUPTED)
                    return

    guests = [Slow(label="one"), Slow(label="two")]
    runs = Session(guests, jobs, "arm64", Silent(), at_once=3, retries=1).run()
    assert sum(len(guest.boots) for guest in guests) == 3
    assert exit_status(runs) == 130
    for run in runs:
        assert {test for test in EVERYTHING if "harness" in test} <= set(ids(run))
        assert "plain" in {result.program for result in run.results}
    assert sum(run.counts[Verdict.PASS] for run in runs) == 3


def test_an_error_of_one_boot_is_the_session_s(jobs: list[Job]) -> None:
    class Missing(Guest):
        def run(self, jobs: Sequence[Job], stop: threading.Event) -> Iterator[Event]:
            if not any(job.args == ("-l",) for job in jobs):
                raise CiError("no QEMU")
            yield from super().run(jobs, stop)

    with pytest.raises(CiError, match="no QEMU"):
        Session([Missing()], jobs, "arm64", Silent(), at_once=2).run()


@pytest.mark.parametrize("of", [1, 2, 3, 12])
def test_shards_are_disjoint_and_together_everything(of: int, jobs: list[Job]) -> None:
    runs = []
    for number in range(1, of + 1):
        (run,) = Session([Guest()], jobs, "arm64", Silent(), shard=Shard(number, of)).run()
        assert run.environment["shard"] == f"{number}/{of}"
        runs.append(run)
    found = [test for run in runs for test in ids(run)]
    assert sorted(found) == sorted(EVERYTHING)
    (whole,) = merge(runs)
    assert sorted(ids(whole)) == sorted(EVERYTHING)
    assert whole.anomalies == []


def test_a_listing_that_was_cut_off_is_none(jobs: list[Job]) -> None:
    class Hangs(Guest):
        def list(self, jobs: Sequence[Job]) -> Iterator[Event]:
            for event in super().list(jobs):
                yield End(0, event.job, 137, Cause.TIMEOUT) if isinstance(event, End) else event

    assert Lister().ask(Hangs().run, jobs, threading.Event()) == {"plain": []}


def test_a_job_with_arguments_is_not_asked(jobs: list[Job]) -> None:
    guest, job = Guest(), replace(jobs[0], args=("-v",))
    assert Lister().ask(guest.run, [job], threading.Event()) == {"harness_a": []}
    assert guest.listed == 0


def test_durations_balance_the_shards(jobs: list[Job]) -> None:
    durations = Durations({"harness_a.f.two": 100.0, "harness_a.f.one": 1.0, "harness_b.f.one": 1.0}, {"plain": 60.0})
    (run,) = Session([Guest()], jobs, "arm64", Silent(), shard=Shard(1, 3), durations=durations).run()
    assert ids(run) == ["harness_a.f.two"]


def test_a_choice_comes_before_the_shards(jobs: list[Job]) -> None:
    found = []
    for number in (1, 2):
        session = Session([Guest()], jobs[:1], "arm64", Silent(), shard=Shard(number, 2), choice=choose("one or two"))
        found += ids(session.run()[0])
    assert sorted(found) == ["harness_a.f.one", "harness_a.f.two"]


def test_a_program_that_cannot_be_listed_is_in_every_shard(jobs: list[Job]) -> None:
    for number in (1, 2):
        (run,) = Session([Guest(lists=False)], jobs, "arm64", Silent(), shard=Shard(number, 2)).run()
        assert {f"harness_a.{test}" for test in TESTS} <= set(ids(run))
        assert "harness_a did not list its tests, so each shard runs all of it" in run.anomalies


def test_what_a_panic_takes_with_it_is_called_by_its_name(jobs: list[Job]) -> None:
    guest = Guest({"harness_a.f.two": ["panic"]})
    (run,) = Session([guest], [jobs[0], jobs[2]], "arm64", Silent(), shard=Shard(1, 1)).run()
    found = verdicts(run)
    assert guest.boots == [[jobs[0], jobs[2]]]  # all tests of a program need no arguments
    assert list(found) == [test for test in EVERYTHING if "plain" not in test]
    assert list(found.values()) == ["pass", "crash", *["not_run"] * 6]
    assert run.results[2].reason == "planned, never reported"
    assert run.results[4].reason == "the kernel panicked before"


def test_a_test_that_passes_in_a_retry_is_flaky_and_told(jobs: list[Job]) -> None:
    guest = Guest({"harness_a.f.two": ["not ok"], "harness_b.f.one": ["not ok"] * 9})
    (run,) = Session([guest], jobs, "arm64", Silent(), retries=2).run()
    flaky, failed = (next(r for r in run.results if r.id == test) for test in ("harness_a.f.two", "harness_b.f.one"))
    assert (flaky.verdict, flaky.earlier, flaky.flaky) == (Verdict.PASS, [Verdict.FAIL], True)
    assert (failed.verdict, failed.earlier, failed.flaky) == (Verdict.FAIL, [Verdict.FAIL] * 2, False)
    assert flaky.log == ["attempt 1: fail", "attempt 2: pass"]
    assert [[(job.name, job.args) for job in boot] for boot in guest.boots[1:]] == [
        [("harness_a", ("-r", "f.two")), ("harness_b", ("-r", "f.one"))],
        [("harness_b", ("-r", "f.one"))],
    ]
    assert ids(run) == EVERYTHING
    console = Console(width=200, file=io.StringIO(), record=True)
    terminal.show([run], console)
    told = console.export_text()
    assert "flaky" in told
    assert "harness_a.f.two on fake: fail, " in told


def test_only_flaky_is_passed_and_without_retries_it_is_failed(jobs: list[Job]) -> None:
    flaky = {"harness_a.f.two": ["not ok"]}
    assert exit_status(Session([Guest(dict(flaky))], jobs, "arm64", Silent(), retries=1).run()) == 0
    flaky = {"harness_a.f.two": ["not ok"]}
    assert exit_status(Session([Guest(flaky)], jobs, "arm64", Silent()).run()) == 1


def test_a_retry_of_a_panic_lets_the_others_run_first(jobs: list[Job]) -> None:
    guest = Guest({"harness_a.f.two": ["panic"] * 9})
    (run,) = Session([guest], jobs, "arm64", Silent(), retries=1).run()
    found = verdicts(run)
    assert list(found) == EVERYTHING
    assert {test for test, verdict in found.items() if verdict != "pass"} == {"harness_a.f.two"}
    assert found["harness_a.f.two"] == "crash"
    assert not any(result.flaky for result in run.results)
    assert run.results[-1].earlier == [Verdict.NOT_RUN]


def test_a_program_without_a_list_is_retried_whole(jobs: list[Job]) -> None:
    guest = Guest({"plain.x": ["panic"]})
    (run,) = Session([guest], jobs[1:2], "arm64", Silent(), retries=1).run()
    assert verdicts(run) == {"plain.x": "pass", "plain.y": "pass"}
    assert run.results[0].earlier == [Verdict.CRASH]
    assert run.results[0].flaky
    assert not run.results[1].flaky


def test_what_breaks_off_again_stays_as_it_was(jobs: list[Job]) -> None:
    guest = Guest({"plain.x": ["panic"] * 2, "harness_a.f.one": ["not ok", "panic"], "harness_a.f.two": ["not ok"] * 2})
    (run,) = Session([guest], jobs[:2], "arm64", Silent(), retries=1).run()
    one, two, *_, x, second = run.results
    assert (one.verdict, one.earlier) == (Verdict.CRASH, [Verdict.FAIL])
    assert (two.verdict, two.earlier) == (Verdict.FAIL, [])
    assert (x.verdict, x.earlier) == (Verdict.CRASH, [Verdict.CRASH])
    assert (second.id, second.verdict, second.earlier) == ("plain.test 2", Verdict.NOT_RUN, [])


def test_the_log_of_a_flaky_test_has_every_attempt_once(jobs: list[Job]) -> None:
    guest = Guest({"plain.x": ["not ok", "ok", "ok"], "plain.y": ["not ok"] * 2 + ["ok"]})
    (run,) = Session([guest], jobs[1:2], "arm64", Silent(), retries=2).run()
    assert run.results[0].log == ["attempt 1: fail", "attempt 2: pass", "attempt 3: pass"]
    assert run.results[1].log == ["attempt 2: fail", "attempt 3: pass"]
    (back,) = merge(record.parse(record.write([run]), "x"))
    assert [(r.id, r.verdict, r.earlier) for r in back.results] == [(r.id, r.verdict, r.earlier) for r in run.results]
    assert (back.anomalies, back.environment) == ([], {"release": "7.3"})


def test_a_warning_of_a_retry_is_kept(jobs: list[Job]) -> None:
    guest = Guest({"plain.x": ["not ok", "splat"]})
    (run,) = Session([guest], jobs[1:2], "arm64", Silent(), retries=1).run()
    assert verdicts(run) == {"plain.x": "pass", "plain.y": "pass", "plain.kernel_log": "fail"}
    assert run.splats == [("plain", WARNING)]
    assert run.results[-1].earlier == [Verdict.NOT_RUN]


def test_a_test_that_fails_only_in_the_retry_fails(jobs: list[Job]) -> None:
    guest = Guest({"plain.x": ["not ok", "ok"], "plain.y": ["ok", "not ok"]})
    (run,) = Session([guest], jobs[1:2], "arm64", Silent(), retries=1).run()
    assert verdicts(run) == {"plain.x": "pass", "plain.y": "fail"}
    assert all(result.flaky for result in run.results)


def test_a_kernel_warning_has_the_whole_program_run_again(jobs: list[Job]) -> None:
    guest = Guest({"harness_a.f.two": ["splat"]})
    (run,) = Session([guest], jobs, "arm64", Silent(), retries=1).run()
    assert [job.name for job in guest.boots[1]] == ["harness_a"]
    (warning,) = [result for result in run.results if result.name == "kernel_log"]
    assert (warning.verdict, warning.flaky) == (Verdict.PASS, True)
    assert run.splats == [("harness_a", WARNING)]


def test_a_warning_during_a_test_has_that_test_run_again(jobs: list[Job]) -> None:
    run = Run("k")
    run.results = [
        TestResult("harness_a", "f.two", Verdict.PASS),
        TestResult("harness_a", "f.two/kernel_log", Verdict.FAIL),
    ]
    units = [Unit(jobs[0], test) for test in TESTS]
    assert again(run, units) == [[Unit(jobs[0], "f.two")]]
    second = Run("k", results=[TestResult("harness_a", "f.two", Verdict.PASS)], anomalies=["odd"], interrupted=True)
    add_attempt(run, second)
    assert (run.anomalies, run.interrupted) == (["odd"], True)
    assert verdicts(run) == {"harness_a.f.two": "pass", "harness_a.f.two/kernel_log": "pass"}
    assert [result.flaky for result in run.results] == [False, True]


def test_shards_with_retries_read_back_as_one_run(jobs: list[Job]) -> None:
    logs = []
    for number in (1, 2):
        guest = Guest({"harness_a.f.one": ["not ok"], "harness_b.f.two": ["not ok"], "plain.y": ["not ok"] * 2})
        session = Session([guest], jobs, "arm64", Silent(), at_once=2, shard=Shard(number, 2), retries=1)
        logs.append(record.write(session.run()))
    (run,) = merge(run for log in logs for run in record.parse(log, "x"))
    assert sorted(ids(run)) == sorted(EVERYTHING)
    assert {r.id: r.verdict.value for r in run.results if r.earlier} == {
        "harness_a.f.one": "pass",
        "harness_b.f.two": "pass",
        "plain.x": "pass",
        "plain.y": "fail",
    }
    assert run.anomalies == []


def test_known_failures_are_not_retried(jobs: list[Job]) -> None:
    def judge(run: Run) -> None:
        for result in run.results:
            if result.verdict is Verdict.FAIL:
                result.verdict, result.known = Verdict.XFAIL, "known"

    guest = Guest({"harness_a.f.two": ["not ok"]})
    (run,) = Session([guest], jobs, "arm64", Silent(), retries=3, judge=judge).run()
    assert len(guest.boots) == 1
    assert verdicts(run)["harness_a.f.two"] == "xfail"


def test_a_choice_does_not_hide_what_the_kernel_said(jobs: list[Job]) -> None:
    guest = Guest({"harness_a.f.two": ["splat"]})
    (run,) = Session([guest], jobs[:1], "arm64", Silent(), choice=choose("two")).run()
    assert verdicts(run) == {"harness_a.f.two": "pass", "harness_a.kernel_log": "fail"}
