# SPDX-License-Identifier: GPL-2.0-only
"""Starting again after a panic or a hang, on machines that are none."""

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
    """Stops in the middle of the jobs that it is told to, with the cause it is told."""

    bad: dict[str, Cause]
    before: Cause | None = None  # before the first job, from the second start on
    broken: bool = False  # cannot be had, from the second start on
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
    found = run(boots)
    assert boots.started == [["a", "b", "c"], ["b", "c"], ["c"]]
    assert verdicts(found) == {
        "a.x": "pass",
        "a.crash": "crash",
        "b.x": "pass",
        "b.timeout": "timeout",
        "c.x": "pass",
    }
    assert found.environment == {"release": "7.3", "starts": "3"}
    assert {limits.silence for limits in boots.limits} == {7}
    assert sorted((limits.total for limits in boots.limits), reverse=True) == [limits.total for limits in boots.limits]


def test_nothing_starts_again_when_all_went_well_or_the_last_job_was_the_bad_one() -> None:
    assert verdicts(run(boots := Boots({}))) == {"a.x": "pass", "b.x": "pass", "c.x": "pass"}
    assert len(boots.started) == 1
    assert verdicts(run(boots := Boots({"c": Cause.DIED})))["c.crash"] == "crash"
    assert len(boots.started) == 1


def test_the_other_tests_of_a_harness_program_run_too(tmp_path: Path) -> None:
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
    found = Collector(Run("fake"), [harness, A]).take(machine.run([harness, A], threading.Event()))
    assert boots.started == [["h", "a"], ["h -l"], ["h -r f.three -r f.four", "a"], ["h -r f.four", "a"]]
    assert verdicts(found) == {
        "h.f.one": "pass",
        "h.f.two": "crash",
        "h.f.three": "timeout",
        "h.f.four": "pass",
        "a.x": "pass",
    }


def test_an_interrupt_is_the_end() -> None:
    boots = Boots({"b": Cause.INTERRUPTED})
    found = run(boots)
    assert found.interrupted
    assert boots.started == [["a", "b", "c"]]


@pytest.mark.parametrize("cause", [Cause.PANIC, Cause.NO_BOOT])
def test_a_start_that_gets_to_no_job_is_the_last(cause: Cause) -> None:
    boots = Boots({"a": Cause.PANIC}, before=cause)
    found = verdicts(run(boots))
    assert len(boots.started) == 2
    assert found["a.x"] == "pass"
    assert found["b.machine"] in ("crash", "error")
    assert found["c.all"] == "not_run"


def test_a_machine_that_is_gone_costs_only_what_was_to_come() -> None:
    found = run(Boots({"a": Cause.PANIC}, broken=True))
    assert verdicts(found)["a.x"] == "pass"
    assert verdicts(found)["b.machine"] == "error"
    assert found.results[2].log == ["no QEMU any more"]
    with pytest.raises(CiError):
        run(Boots({}, broken=True, started=[[]]))


def test_the_time_is_for_all_starts_together() -> None:
    @dataclass
    class Slow(Boots):
        def run(self, jobs: Sequence[Job], stop: threading.Event) -> Iterator[Event]:
            for event in super().run(jobs, stop):
                if isinstance(event, Stopped):
                    time.sleep(0.2)
                yield event

    boots = Slow({"a": Cause.TIMEOUT})
    found = verdicts(run(boots, seconds=0.1))
    assert len(boots.started) == 1
    assert (found["a.x"], found["b.all"], found["c.all"]) == ("pass", "not_run", "not_run")
