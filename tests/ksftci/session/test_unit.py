# SPDX-License-Identifier: GPL-2.0-only
"""Listings of harness programs, jobs of units, and results for tests that reported none."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tests.ksftci.session.fake_guest import TESTS, FakeGuest

from ksftci.machine.machine import Cause, End, Event, Job
from ksftci.results.model import TestResult, Verdict
from ksftci.session.unit import Lister, Unit, add_missing, jobs_of

CRASH = TestResult("harness_a", "f.two", Verdict.CRASH)


def list_tests(guest: FakeGuest, jobs: list[Job], lister: Lister | None = None) -> dict[str, list[str]]:
    return (lister or Lister()).list_tests(guest.run, jobs, threading.Event())


def test_harness_programs_list_their_tests_in_one_boot(jobs: list[Job]) -> None:
    guest = FakeGuest()
    assert list_tests(guest, jobs) == {"harness_a": TESTS, "plain": [], "harness_b": TESTS}
    assert (guest.listings, guest.boots) == (1, [])


def test_only_programs_that_are_not_known_are_run(jobs: list[Job]) -> None:
    guest, lister = FakeGuest(), Lister()
    list_tests(guest, jobs[:1], lister)
    assert list_tests(guest, jobs[:2], lister)["harness_a"] == TESTS
    assert guest.listings == 1
    jobs[0].program.write_bytes(jobs[0].program.read_bytes() + b"changed")
    list_tests(guest, jobs[:2], lister)
    assert guest.listings == 2


def test_a_listing_that_was_cut_off_is_missing(jobs: list[Job]) -> None:
    class HangingGuest(FakeGuest):
        def list_tests(self, jobs: Sequence[Job]) -> Iterator[Event]:
            for event in super().list_tests(jobs):
                yield End(0, event.job, 137, Cause.TIMEOUT) if isinstance(event, End) else event

    assert list_tests(HangingGuest(), jobs) == {"plain": []}


def test_a_job_with_arguments_has_no_list(jobs: list[Job]) -> None:
    guest = FakeGuest()
    assert list_tests(guest, [replace(jobs[0], args=("-v",))]) == {"harness_a": []}
    assert guest.listings == 0


def test_a_job_gets_arguments_unless_it_runs_all_its_tests(jobs: list[Job]) -> None:
    units = [*(Unit(jobs[0], test) for test in TESTS), Unit(jobs[1]), Unit(jobs[2], "f.two"), Unit(jobs[2], "f.four")]
    chosen = replace(jobs[2], args=("-r", "f.two", "-r", "f.four"))
    assert jobs_of(units, {"harness_a": TESTS, "plain": [], "harness_b": TESTS}) == [jobs[0], jobs[1], chosen]


def test_a_nameless_result_is_replaced_by_those_of_the_missing_tests(jobs: list[Job]) -> None:
    nameless = TestResult("harness_a", "test 3", Verdict.NOT_RUN, "planned, never reported")
    units = [Unit(jobs[0], "f.two"), Unit(jobs[0], "f.three"), Unit(jobs[0], "f.four")]
    assert add_missing([CRASH, nameless], units) == [
        CRASH,
        TestResult("harness_a", "f.three", Verdict.NOT_RUN, "planned, never reported"),
        TestResult("harness_a", "f.four", Verdict.NOT_RUN, "planned, never reported"),
    ]


def test_a_missing_test_without_a_reason_was_not_reported(jobs: list[Job]) -> None:
    missing = TestResult("harness_a", "f.one", Verdict.NOT_RUN, "not reported")
    assert add_missing([CRASH], [Unit(jobs[0], "f.one"), Unit(jobs[0], "f.two")]) == [CRASH, missing]


def test_a_program_that_cannot_list_keeps_its_nameless_results(jobs: list[Job]) -> None:
    nameless = TestResult("plain", "test 2", Verdict.NOT_RUN, "planned, never reported")
    assert add_missing([nameless], [Unit(jobs[1])]) == [nameless]
