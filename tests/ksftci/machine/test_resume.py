# SPDX-License-Identifier: GPL-2.0-only
"""Starts after a panic or a hang, with fake machines."""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ksftci.errors import CiError
from ksftci.machine.machine import Begin, Booted, Cause, End, Event, Job, Limits, Line, Machine, Stopped
from ksftci.machine.resume import Resume
from ksftci.results.model import Run
from ksftci.session.collect import Collector

A, B, C = (Job(name, Path(f"/{name}")) for name in "abc")
FINE = [Line(1, "1..1"), Line(1, "ok 1 x")]


@dataclass
class Boots:
    """A machine that stops during the jobs in `bad`, for the cause given there."""

    bad: dict[str, Cause]
    before: Cause | None = None  # why it stops before the first job, from the second start on
    broken: bool = False  # from the second start on, it does not start
    started: list[list[str]] = field(default_factory=list)
    limits: list[Limits] = field(default_factory=list)
    label: str = "fake"

    def start(self, limits: Limits) -> Machine:
        self.limits.append(limits)
        return self

    def run(self, jobs: Sequence[Job], stop: threading.Event) -> Iterator[Event]:
        self.started.append([job.name for job in jobs])
        again = len(self.started) > 1
        if again and self.broken:
            raise CiError("no QEMU any more")
        yield Booted(0, {"release": "7.3"})
        if again and self.before:
            yield Stopped(1, self.before)
            return
        for job in jobs:
            yield Begin(1, job)
            if job.name in self.bad:
                yield Line(1, "1..2")
                yield Line(1, "ok 1 x")
                yield Stopped(2, self.bad[job.name])
                return
            yield from FINE
            yield End(2, job, 0)


def run(boots: Boots, seconds: float = 1000) -> Run:
    machine = Resume("fake", Limits(seconds, 7), boots.start)
    return Collector(Run("fake"), [A, B, C]).take(machine.run([A, B, C], threading.Event()))


def verdicts(run: Run) -> dict[str, str]:
    return {result.id: result.verdict.value for result in run.results}


def test_the_jobs_after_a_panic_run_on_the_next_start() -> None:
    boots = Boots({"a": Cause.PANIC, "b": Cause.SILENCE})
    result = run(boots)
    assert boots.started == [["a", "b", "c"], ["b", "c"], ["c"]]
    assert verdicts(result) == {
        "a.x": "pass",
        "a.crash": "crash",
        "b.x": "pass",
        "b.timeout": "timeout",
        "c.x": "pass",
    }
    assert result.environment == {"release": "7.3", "starts": "3"}
    assert {limits.silence for limits in boots.limits} == {7}
    assert sorted((limits.total for limits in boots.limits), reverse=True) == [limits.total for limits in boots.limits]


def test_there_is_no_other_start_without_jobs_that_are_left() -> None:
    assert verdicts(run(boots := Boots({}))) == {"a.x": "pass", "b.x": "pass", "c.x": "pass"}
    assert len(boots.started) == 1
    assert verdicts(run(boots := Boots({"c": Cause.DIED})))["c.crash"] == "crash"
    assert len(boots.started) == 1


def test_the_tests_of_a_harness_program_that_had_not_begun_run_on_the_next_start(tmp_path: Path) -> None:
    harness = Job("h", tmp_path / "h")
    harness.program.write_bytes(b"\0# FIXTURE\0VARIANT\0")
    listing = ["# FIXTURE            VARIANT                   TEST", "f".ljust(47) + "one"]
    listing += [f"{'':47}{name}" for name in ("two", "three", "four")]

    class Harness(Boots):
        def run(self, jobs: Sequence[Job], stop: threading.Event) -> Iterator[Event]:
            self.started.append([" ".join((job.name, *job.args)) for job in jobs])
            yield Booted(0, {})
            for job in jobs:
                yield Begin(1, job)
                if job.args == ("-l",):
                    yield from (Line(1, text) for text in listing)
                elif job.name == "h":
                    names = job.args[1::2] or ("f.one", "f.two", "f.three", "f.four")
                    yield Line(1, f"1..{len(names)}")
                    for number, name in enumerate(names, 1):
                        yield Line(1, f"#  RUN           {name} ...")
                        if name in self.bad:
                            yield Stopped(2, self.bad[name])
                            return
                        yield Line(2, f"ok {number} {name}")
                else:
                    yield from FINE
                yield End(3, job, 0)

    boots = Harness({"f.two": Cause.PANIC, "f.three": Cause.SILENCE})
    machine = Resume("fake", Limits(), boots.start)
    result = Collector(Run("fake"), [harness, A]).take(machine.run([harness, A], threading.Event()))
    assert boots.started == [["h", "a"], ["h -l"], ["h -r f.three -r f.four", "a"], ["h -r f.four", "a"]]
    assert verdicts(result) == {
        "h.f.one": "pass",
        "h.f.two": "crash",
        "h.f.three": "timeout",
        "h.f.four": "pass",
        "a.x": "pass",
    }


def test_there_is_no_start_after_an_interrupt() -> None:
    boots = Boots({"b": Cause.INTERRUPTED})
    result = run(boots)
    assert result.interrupted
    assert boots.started == [["a", "b", "c"]]


@pytest.mark.parametrize("cause", [Cause.PANIC, Cause.NO_BOOT])
def test_a_start_that_begins_no_job_is_the_last(cause: Cause) -> None:
    boots = Boots({"a": Cause.PANIC}, before=cause)
    by_test = verdicts(run(boots))
    assert len(boots.started) == 2
    assert by_test["a.x"] == "pass"
    assert by_test["b.machine"] in ("crash", "error")
    assert by_test["c.all"] == "not_run"


def test_a_machine_that_does_not_start_again_keeps_the_earlier_results() -> None:
    result = run(Boots({"a": Cause.PANIC}, broken=True))
    assert verdicts(result)["a.x"] == "pass"
    assert verdicts(result)["b.machine"] == "error"
    assert result.results[2].log == ["no QEMU any more"]
    with pytest.raises(CiError):
        run(Boots({}, broken=True, started=[[]]))


def test_the_total_time_is_that_of_all_starts_together() -> None:
    @dataclass
    class Slow(Boots):
        def run(self, jobs: Sequence[Job], stop: threading.Event) -> Iterator[Event]:
            for event in super().run(jobs, stop):
                if isinstance(event, Stopped):
                    time.sleep(0.2)
                yield event

    boots = Slow({"a": Cause.TIMEOUT})
    by_test = verdicts(run(boots, seconds=0.1))
    assert len(boots.started) == 1
    assert (by_test["a.x"], by_test["b.all"], by_test["c.all"]) == ("pass", "not_run", "not_run")
