# SPDX-License-Identifier: GPL-2.0-only
"""A machine that boots no kernel, for tests of sessions, and what its runs look like."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ksftci.machine.machine import Begin, Booted, Cause, End, Event, Job, KernelLine, Line, Stopped
from ksftci.results.model import Run
from ksftci.session.collect import Collector
from ksftci.session.session import Session

WARNING = "[    1.0] WARNING: CPU: 0 PID: 1 at mm/rmap.c:1 foo+0x0/0x1"
TESTS = ["f.one", "f.two", "f.three", "f.four"]  # of each harness program
ALL_IDS = [
    *(f"harness_a.{test}" for test in TESTS),
    "plain.x",
    "plain.y",
    *(f"harness_b.{test}" for test in TESTS),
]


def write_jobs(folder: Path) -> list[Job]:
    """Two harness programs, and one that cannot list its tests between them."""
    jobs = [Job(name, folder / name) for name in ("harness_a", "plain", "harness_b")]
    for job in jobs:
        is_harness = job.name.startswith("harness")
        job.program.write_bytes(b"\0# FIXTURE\0VARIANT\0" + job.name[-1].encode() if is_harness else b"ELF")
    return jobs


@dataclass
class FakeGuest:
    """Runs harness programs, with TESTS, and plain ones, with two tests.

    `ends` has for a test's id how it ends in each boot: ok, not ok, skip, splat, panic; ok in all boots after that.
    """

    ends: dict[str, list[str]] = field(default_factory=dict)
    label: str = "fake"
    can_list: bool = True
    boots: list[Sequence[Job]] = field(default_factory=list)  # the jobs of each boot that was not for a listing
    listings: int = 0  # boots that were for a listing
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, jobs: Sequence[Job], stop: threading.Event) -> Iterator[Event]:
        if any(job.args == ("-l",) for job in jobs):
            self.listings += 1
            yield from self.list_tests(jobs)
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
                yield Line(1, f"ok {number} {test} # SKIP" if end == "skip" else f"{end} {number} {test}")
            yield End(2, job, 0)

    def list_tests(self, jobs: Sequence[Job]) -> Iterator[Event]:
        if not self.can_list:
            yield Stopped(0, Cause.NO_BOOT)
            return
        for job in jobs:
            yield Begin(0, job)
            yield Line(0, "# FIXTURE            VARIANT                   TEST")
            for test in TESTS:
                yield Line(0, ("f" if test == TESTS[0] else "").ljust(47) + test[2:])
            yield End(0, job, 4)


class SilentWatcher:
    """Prints nothing, and keeps the labels of finished runs."""

    def __init__(self) -> None:
        self.labels: list[str] = []

    def progress(self, run: Run, collector: Collector, event: Event) -> None: ...

    def finished(self, run: Run) -> None:
        self.labels.append(run.label)


def ids(run: Run) -> list[str]:
    return [result.id for result in run.results]


def verdicts(run: Run) -> dict[str, str]:
    return {result.id: result.verdict.value for result in run.results}


def run_on(guest: FakeGuest, jobs: Sequence[Job], **options: Any) -> Run:
    """The one run of a session on this guest; `options` are fields of Session."""
    (run,) = Session([guest], jobs, "arm64", SilentWatcher(), **options).run()
    return run
