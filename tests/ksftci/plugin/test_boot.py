# SPDX-License-Identifier: GPL-2.0-only
"""One boot of a machine that yields given events, and when the results of its cases are ready."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

import pytest

from ksftci.errors import CiError
from ksftci.machine.machine import Begin, Booted, Cause, End, Event, Job, Line, Stopped
from ksftci.plugin.boot import Boot, CaseResult
from ksftci.results.model import Verdict

COW, KSM = Job("cow", Path("cow")), Job("ksm", Path("ksm"))
BOOTED = Booted(0, {"release": "7.3.4"})


@dataclass
class Feed:
    """A machine that yields the events which the test feeds, and no more until the test feeds others."""

    label: str = "debian:7.3"
    queue: SimpleQueue[Event | CiError | None] = field(default_factory=SimpleQueue)
    stop: threading.Event | None = None

    def feed(self, *events: Event | CiError | None) -> None:
        """Feed events, a problem to raise, or None: the machine is done."""
        for event in events:
            self.queue.put(event)

    def run(self, jobs: Sequence[Job], stop: threading.Event) -> Iterator[Event]:
        self.stop = stop
        while (event := self.queue.get(timeout=60)) is not None:  # a request without an end fails
            if isinstance(event, CiError):
                raise event
            yield event


def boot_of(machine: Feed, **tests: Sequence[str]) -> Boot:
    """A boot with a job of each name; `tests` has the tests of each program."""
    return Boot(machine, "arm64", [Job(name, Path(name)) for name in tests], tests)


def finished_boot(events: Iterable[Event], **tests: Sequence[str]) -> Boot:
    """A boot of a machine that yields these events and is done."""
    machine = Feed()
    machine.feed(BOOTED, *events, None)
    return boot_of(machine, **tests)


def begin(job: Job, tests: int) -> list[Event]:
    return [Begin(1, job), Line(1, "TAP version 13"), Line(1, f"1..{tests}")]


def printed(*texts: str) -> list[Event]:
    return [Line(2, text) for text in texts]


def outcome(case: CaseResult) -> tuple[str, Verdict, str]:
    return case.result.name, case.result.verdict, case.result.reason


def extra_names(case: CaseResult) -> list[str]:
    return [result.name for result in case.extra_results]


def test_a_result_comes_as_soon_as_it_is_settled() -> None:
    machine = Feed()
    boot = boot_of(machine, cow=["a", "b"])
    machine.feed(BOOTED, *begin(COW, 2), *printed("ok 1 a", "not ok 2 b"))  # the program still runs
    assert outcome(boot.result("cow", "a")) == ("a", Verdict.PASS, "")
    assert boot.run.results == []
    machine.feed(End(3, COW, 1), None)
    assert outcome(boot.result("cow", "b"))[:2] == ("b", Verdict.FAIL)
    assert [result.id for result in boot.run.results] == ["cow.a", "cow.b"]


def test_results_of_the_second_program_come_as_soon_as_they_are_settled() -> None:
    machine = Feed()
    boot = boot_of(machine, cow=["a", "b"], ksm=["y", "z"])
    machine.feed(BOOTED, *begin(COW, 2), *printed("ok 1 a", "ok 2 b"), End(3, COW, 0))
    machine.feed(*begin(KSM, 2), *printed("ok 1 y", "ok 2 z"))  # ksm still runs
    assert outcome(boot.result("ksm", "y")) == ("y", Verdict.PASS, "")
    machine.feed(None)


def test_results_of_later_programs_may_be_requested_first() -> None:
    events = [*begin(COW, 1), *printed("ok 1 a"), End(3, COW, 0), *begin(KSM, 1), *printed("ok 1 z"), End(4, KSM, 0)]
    boot = finished_boot(events, cow=["a"], ksm=["z"])
    assert outcome(boot.result("ksm", "z")) == ("z", Verdict.PASS, "")
    assert outcome(boot.result("cow", "a")) == ("a", Verdict.PASS, "")
    with pytest.raises(KeyError):  # a result is given out once
        boot.result("cow", "a")


def test_results_without_an_item_come_with_the_last_test() -> None:
    events = [*begin(COW, 3), *printed("ok 1 a", "ok 2 unlisted"), End(3, COW, 0)]  # b and c are missing, as is test 3
    boot = finished_boot(events, cow=["a", "b", "c"])
    assert [extra_names(boot.result("cow", test)) for test in "abc"] == [[], [], ["unlisted"]]


BROKEN_OFF = [*begin(COW, 3), *printed("ok 1 a", "#  RUN           b ..."), End(3, COW, 0, Cause.PANIC)]
CRASHED = ("b", Verdict.CRASH, "the kernel panicked")


def test_a_program_that_begins_again_gives_all_its_tests() -> None:
    again = [BOOTED, *begin(COW, 1), *printed("ok 1 c"), End(5, COW, 0)]
    boot = finished_boot([*BROKEN_OFF, *again], cow=["a", "b", "c"])
    assert [outcome(boot.result("cow", test)) for test in "abc"] == [
        ("a", Verdict.PASS, ""),
        CRASHED,
        ("c", Verdict.PASS, ""),
    ]


def test_the_results_before_the_break_do_not_wait_for_the_rest() -> None:
    machine = Feed()
    boot = boot_of(machine, cow=["a", "b", "c"])
    machine.feed(BOOTED, *BROKEN_OFF)
    assert outcome(boot.result("cow", "b")) == CRASHED
    machine.feed(None)


def test_a_test_that_did_not_run_may_run_when_its_program_begins_again() -> None:
    interrupted = [*begin(COW, 2), *printed("ok 1 a", "#  RUN           b ..."), End(3, COW, 0, Cause.INTERRUPTED)]
    boot = finished_boot([*interrupted, *begin(COW, 1), *printed("ok 1 b"), End(5, COW, 0)], cow=["a", "b"])
    assert outcome(boot.result("cow", "b")) == ("b", Verdict.PASS, "")


def test_the_rest_did_not_run_once_another_program_begins() -> None:
    machine = Feed()
    boot = boot_of(machine, cow=["a", "b", "c", "d"], ksm=["z"])
    machine.feed(BOOTED, *BROKEN_OFF, BOOTED, Begin(4, KSM))  # ksm still runs
    reason = "b: the kernel panicked, before"
    assert outcome(boot.result("cow", "c")) == ("c", Verdict.NOT_RUN, reason)
    assert outcome(boot.result("cow", "d")) == ("d", Verdict.NOT_RUN, reason)
    machine.feed(*printed("1..1", "ok 1 z"), End(5, KSM, 0), None)
    assert outcome(boot.result("ksm", "z")) == ("z", Verdict.PASS, "")


def test_the_rest_did_not_run_when_the_machine_is_done() -> None:
    boot = finished_boot(BROKEN_OFF, cow=["a", "b", "c"])
    assert outcome(boot.result("cow", "c")) == ("c", Verdict.NOT_RUN, "b: the kernel panicked, before")


def test_programs_after_a_stop_did_not_run() -> None:
    events = [*begin(COW, 1), *printed("#  RUN           a ..."), Stopped(3, Cause.DIED)]
    boot = finished_boot(events, cow=["a"], ksm=["y", "z"])
    assert outcome(boot.result("cow", "a")) == ("a", Verdict.CRASH, "the machine stopped")
    for test in ("y", "z"):
        assert outcome(boot.result("ksm", test)) == (test, Verdict.NOT_RUN, "the machine stopped before")


def test_a_kernel_that_does_not_boot_is_an_error_of_the_first_program() -> None:
    machine = Feed()
    machine.feed(Stopped(1, Cause.NO_BOOT, "last\nwords"), None)
    boot = boot_of(machine, cow=["a", "b"])
    boot.wait_until_booted()
    for test in ("a", "b"):
        case = boot.result("cow", test)
        assert outcome(case) == (test, Verdict.ERROR, "the kernel did not start")
        assert case.result.log == ["last", "words"]


def test_a_test_that_its_program_does_not_report() -> None:
    machine = Feed()
    boot = boot_of(machine, cow=["a", "b"])
    machine.feed(BOOTED, *begin(COW, 1), *printed("ok 1 a"), End(3, COW, 0))  # the machine goes on
    reason = "the program ended without telling of it"
    assert outcome(boot.result("cow", "b")) == ("b", Verdict.NOT_RUN, reason)
    machine.feed(None)


@pytest.mark.parametrize(
    ("lines", "status", "expected", "extra"),
    [
        (["1..2", "ok 1 a", "ok 2 b"], 0, (Verdict.PASS, ""), ["a", "b"]),
        (["1..2", "ok 1 a", "not ok 2 b"], 1, (Verdict.FAIL, "1 of 2 tests failed: b"), ["a", "b"]),
        (["1..2", "ok 1 a # SKIP no THP", "ok 2 b # SKIP no KSM"], 4, (Verdict.SKIP, "no THP; no KSM"), ["a", "b"]),
        (["1..2", "ok 1 a # SKIP no THP", "ok 2 b"], 0, (Verdict.PASS, ""), ["a", "b"]),
        (["done"], 0, (Verdict.PASS, ""), []),
        ([], 1, (Verdict.FAIL, "exit status 1"), []),
    ],
)
def test_a_program_that_cannot_list_its_tests_has_one_result(
    lines: list[str], status: int, expected: tuple[Verdict, str], extra: list[str]
) -> None:
    boot = finished_boot([Begin(1, COW), *printed(*lines), End(3, COW, status)], cow=[])
    case = boot.result("cow")
    assert (case.result.verdict, case.result.reason) == expected
    assert extra_names(case) == extra


def test_only_three_failed_tests_of_a_program_are_named() -> None:
    lines = ["1..5", *(f"not ok {number} t{number}" for number in range(1, 6))]
    case = finished_boot([Begin(1, COW), *printed(*lines), End(3, COW, 1)], cow=[]).result("cow")
    assert case.result.reason == "5 of 5 tests failed: t1, t2, t3 and 2 more"


def test_a_program_without_known_tests_may_begin_again_after_a_break() -> None:
    again = [BOOTED, *begin(COW, 1), *printed("ok 1 c"), End(5, COW, 0)]
    case = finished_boot([*BROKEN_OFF, *again], cow=[]).result("cow")
    assert (case.result.verdict, case.result.reason) == (Verdict.FAIL, "1 of 3 tests failed: b")
    assert extra_names(case) == ["a", "b", "c"]


def test_a_machine_that_cannot_start_raises_at_each_request() -> None:
    machine = Feed()
    machine.feed(CiError("no such board"))
    boot = boot_of(machine, cow=["a"])
    with pytest.raises(CiError, match="no such board"):
        boot.wait_until_booted()
    with pytest.raises(CiError, match="no such board"):
        boot.result("cow", "a")


def test_results_before_a_problem_of_the_machine_are_given_out() -> None:
    machine = Feed()
    machine.feed(BOOTED, *begin(COW, 2), *printed("ok 1 a", "ok 2 b"), CiError("the board is gone"))
    boot = boot_of(machine, cow=["a", "b"])
    assert outcome(boot.result("cow", "a")) == ("a", Verdict.PASS, "")
    with pytest.raises(CiError, match="the board is gone"):
        boot.result("cow", "b")


def test_the_facts_of_the_kernel_are_there_once_it_has_booted() -> None:
    machine = Feed()
    boot = boot_of(machine, cow=["a"])
    machine.feed(BOOTED)
    boot.wait_until_booted()
    assert (boot.run.kernel, boot.run.environment) == ("debian:7.3", {"release": "7.3.4"})
    machine.feed(None)


def test_close_stops_the_machine() -> None:
    machine = Feed()
    machine.feed(None)
    boot = boot_of(machine, cow=["a"])
    boot.close()
    assert machine.stop is not None
    assert machine.stop.is_set()
