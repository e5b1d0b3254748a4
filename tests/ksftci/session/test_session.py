# SPDX-License-Identifier: GPL-2.0-only
"""Sessions: several boots of a kernel, several kernels, shards, choices, repeats."""

import _thread
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.ksftci.session.fake_guest import ALL_IDS, TESTS, FakeGuest, SilentWatcher, ids, run_on, verdicts

from ksftci.errors import CiError
from ksftci.formats import record
from ksftci.host.cache import Cache
from ksftci.machine.machine import Cause, Event, Job, Line, Stopped
from ksftci.results.merge import merge
from ksftci.results.model import Run, Verdict, differing_verdicts, exit_status
from ksftci.results.shard import Shard
from ksftci.session.choice import Choice
from ksftci.session.durations import Durations
from ksftci.session.session import Session
from ksftci.session.unit import Lister


def run_on_two(jobs: list[Job], at_once: int) -> tuple[list[int], list[Run]]:
    """How often each of two kernels booted, and the runs."""
    guests = [FakeGuest(label="first"), FakeGuest(label="second")]
    runs = Session(guests, jobs, "arm64", SilentWatcher(), at_once=at_once).run()
    return [len(guest.boots) for guest in guests], runs


@pytest.mark.parametrize("at_once", [1, 2, 3, 20])
def test_several_boots_of_a_kernel_are_one_run(at_once: int, jobs: list[Job]) -> None:
    guest, watcher = FakeGuest({"harness_a.f.two": ["not ok"]}), SilentWatcher()
    (run,) = Session([guest], jobs, "arm64", watcher, at_once=at_once).run()
    assert ids(run) == ALL_IDS
    assert [test for test, verdict in verdicts(run).items() if verdict == "fail"] == ["harness_a.f.two"]
    assert len(guest.boots) == min(at_once, 9)  # 8 tests of harness programs, and plain
    assert (run.kernel, run.environment, run.anomalies) == ("fake", {"release": "7.3"}, [])
    assert watcher.labels[-1] == "fake"
    (read,) = merge(record.parse(record.write([run]), "x"))
    assert sorted(verdicts(read).items()) == sorted(verdicts(run).items())
    assert read.anomalies == []


def test_a_kernel_boots_several_times_only_when_all_kernels_boot(jobs: list[Job]) -> None:
    assert run_on_two(jobs, at_once=2)[0] == [1, 1]
    boots, runs = run_on_two(jobs, at_once=4)
    assert boots == [2, 2]
    assert [run.kernel for run in runs] == ["first", "second"]


def test_a_program_lists_its_tests_once(jobs: list[Job], tmp_path: Path) -> None:
    for expected in (1, 0):  # the second session has the listing of the first in its cache
        guests = [FakeGuest(label="first"), FakeGuest(label="second")]
        lister = Lister(Cache(tmp_path / "cache"))
        Session(guests, jobs, "arm64", SilentWatcher(), repeat=2, shard=Shard(1, 2), lister=lister).run()
        assert sum(guest.listings for guest in guests) == expected


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_keeps_the_results_of_all_boots(jobs: list[Job]) -> None:
    """Of four boots three run at the same time; the fourth one does not start any more."""
    booted = threading.Barrier(3)

    class SlowGuest(FakeGuest):
        def run(self, jobs: Sequence[Job], stop: threading.Event) -> Iterator[Event]:
            for event in super().run(jobs, stop):
                yield event
                if isinstance(event, Line) and event.text.startswith("ok 1"):
                    if booted.wait(20) == 0:
                        _thread.interrupt_main()
                    assert stop.wait(20)
                    yield Stopped(1, Cause.INTERRUPTED)
                    return

    guests = [SlowGuest(label="first"), SlowGuest(label="second")]
    runs = Session(guests, jobs, "arm64", SilentWatcher(), at_once=3, retries=1).run()
    assert sum(len(guest.boots) for guest in guests) == 3
    assert exit_status(runs) == 130
    for run in runs:
        assert {test for test in ALL_IDS if "harness" in test} <= set(ids(run))
        assert "plain" in {result.program for result in run.results}
    assert sum(run.counts[Verdict.PASS] for run in runs) == 3


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("at_once", [1, 2])
def test_an_interrupt_between_repeats_makes_no_test_differ(jobs: list[Job], at_once: int) -> None:
    class SlowGuest(FakeGuest):
        def run(self, jobs: Sequence[Job], stop: threading.Event) -> Iterator[Event]:
            for event in super().run(jobs, stop):
                yield event
                if len(self.boots) > 1 and isinstance(event, Line) and event.text.startswith("ok 1 f"):
                    yield Line(1, "#  RUN           f.two ...")
                    _thread.interrupt_main()
                    assert stop.wait(20)
                    yield Stopped(1, Cause.INTERRUPTED)
                    return

    runs = Session([SlowGuest()], jobs, "arm64", SilentWatcher(), repeat=3, at_once=at_once).run()
    for again in (runs, merge(record.parse(record.write(runs), "x"))):
        assert differing_verdicts(again) == {}
        assert not {Verdict.FAIL, Verdict.ERROR} & {result.verdict for run in again for result in run.results}
        assert exit_status(again) == 130


def test_the_error_of_a_boot_is_raised(jobs: list[Job]) -> None:
    class MissingGuest(FakeGuest):
        def run(self, jobs: Sequence[Job], stop: threading.Event) -> Iterator[Event]:
            if not any(job.args == ("-l",) for job in jobs):
                raise CiError("no QEMU")
            yield from super().run(jobs, stop)

    with pytest.raises(CiError, match="no QEMU"):
        Session([MissingGuest()], jobs, "arm64", SilentWatcher(), at_once=2).run()


@pytest.mark.parametrize("count", [1, 2, 3, 12])
def test_each_test_is_in_one_shard(count: int, jobs: list[Job]) -> None:
    runs = [run_on(FakeGuest(), jobs, shard=Shard(number, count)) for number in range(1, count + 1)]
    assert [run.environment["shard"] for run in runs] == [f"{number}/{count}" for number in range(1, count + 1)]
    assert sorted(test for run in runs for test in ids(run)) == sorted(ALL_IDS)
    (merged,) = merge(runs)
    assert sorted(ids(merged)) == sorted(ALL_IDS)
    assert merged.anomalies == []


def test_durations_balance_the_shards(jobs: list[Job]) -> None:
    durations = Durations({"harness_a.f.two": 100.0, "harness_a.f.one": 1.0, "harness_b.f.one": 1.0}, {"plain": 60.0})
    run = run_on(FakeGuest(), jobs, shard=Shard(1, 3), durations=durations)
    assert ids(run) == ["harness_a.f.two"]


def test_the_chosen_tests_are_split_into_shards(jobs: list[Job]) -> None:
    choice = Choice("one or two")
    runs = [run_on(FakeGuest(), jobs[:1], shard=Shard(number, 2), choice=choice) for number in (1, 2)]
    assert sorted(test for run in runs for test in ids(run)) == ["harness_a.f.one", "harness_a.f.two"]


def test_a_program_that_cannot_list_its_tests_is_in_every_shard(jobs: list[Job]) -> None:
    for number in (1, 2):
        run = run_on(FakeGuest(can_list=False), jobs, shard=Shard(number, 2))
        assert {f"harness_a.{test}" for test in TESTS} <= set(ids(run))
        assert "harness_a did not list its tests, so each shard runs all of it" in run.anomalies


def test_the_tests_that_a_panic_prevents_have_their_names(jobs: list[Job]) -> None:
    guest = FakeGuest({"harness_a.f.two": ["panic"]})
    run = run_on(guest, [jobs[0], jobs[2]], shard=Shard(1, 1))
    assert guest.boots == [[jobs[0], jobs[2]]]  # a program that runs all of its tests needs no arguments
    assert ids(run) == [test for test in ALL_IDS if "plain" not in test]
    assert list(verdicts(run).values()) == ["pass", "crash", *["not_run"] * 6]
    assert run.results[2].reason == "planned, never reported"
    assert run.results[4].reason == "the kernel panicked before"


def test_a_choice_is_passed_to_the_harness_and_applied_to_the_results_of_others(jobs: list[Job]) -> None:
    guest = FakeGuest()
    run = run_on(guest, jobs[:2], choice=Choice("two or plain.y"))
    assert guest.boots == [[replace(jobs[0], args=("-r", "f.two")), jobs[1]]]
    assert verdicts(run) == {"harness_a.f.two": "pass", "plain.y": "pass"}


def test_a_choice_of_nothing_knows_the_tests_that_are_listed_and_those_that_are_not(jobs: list[Job]) -> None:
    guest, choice = FakeGuest(), Choice("plaim")
    run = run_on(guest, jobs[:2], choice=choice)
    assert (run.results, exit_status([run])) == ([], 3)
    assert choice.complaint().split("\n    ")[:3] == [
        "-k 'plaim': no test matches; the nearest of 6 are",
        "plain.x",
        "plain.y",
    ]


def test_a_choice_does_not_hide_what_the_kernel_logged(jobs: list[Job]) -> None:
    guest = FakeGuest({"harness_a.f.two": ["splat"]})
    run = run_on(guest, jobs[:1], choice=Choice("two"))
    assert verdicts(run) == {"harness_a.f.two": "pass", "harness_a.kernel_log": "fail"}


def test_repeats_that_differ_fail(jobs: list[Job]) -> None:
    guest = FakeGuest({"plain.x": ["skip", "ok"]})
    runs = Session([guest], jobs[1:2], "arm64", SilentWatcher(), repeat=2).run()
    assert [run.repeat for run in runs] == [1, 2]
    assert differing_verdicts(runs) == {("fake", "plain.x"): [Verdict.SKIP, Verdict.PASS]}
    assert exit_status(runs) == 1
