# SPDX-License-Identifier: GPL-2.0-only
"""All runs that one command asks for: machines times repeats, some at once, one in several boots or in one."""

import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import Protocol

from ksftci.errors import Interrupted
from ksftci.machine.machine import Cause, Event, Job, Machine, Stopped
from ksftci.results.merge import add_attempt, join
from ksftci.results.model import Run, TestResult
from ksftci.results.shard import Shard
from ksftci.session import retry
from ksftci.session.choice import Choice
from ksftci.session.collect import Collector
from ksftci.session.durations import Durations
from ksftci.session.parts import in_order, parts
from ksftci.session.unit import Lister, Unit, jobs_of, name_lost


class Watcher(Protocol):
    """Who is told how things go; called from several threads."""

    def progress(self, run: Run, collector: Collector, event: Event) -> None:
        """Something has happened on the machine of this run."""
        ...

    def finished(self, run: Run) -> None:
        """This run is over."""
        ...


@dataclass
class Session:
    """What is to be run, and where."""

    machines: Sequence[Machine]
    jobs: Sequence[Job]
    arch: str
    watcher: Watcher
    repeat: int = 1
    at_once: int = 1  # machines; must be 1 when they are not machines of their own
    choice: Choice | None = None
    shard: Shard | None = None
    durations: Durations = field(default_factory=Durations)
    retries: int = 0
    judge: Callable[[Run], None] | None = None  # what else is known of the results of an attempt
    lister: Lister = field(default_factory=Lister)
    facts: Mapping[str, str] = field(default_factory=dict)  # what else belongs into the environment
    stop: threading.Event = field(default_factory=threading.Event)  # ends every run where it is

    def run(self) -> list[Run]:
        """Every run, by machine and repeat; the partial ones too when interrupted.

        Raises CiError when a machine cannot be had.
        """
        stop = self.stop
        todo = [(machine, n) for n in range(1, self.repeat + 1) for machine in self.machines]
        with ThreadPoolExecutor(self.at_once) as boots, ThreadPoolExecutor(self.at_once) as pool:
            batches = math.ceil(self.at_once / max(len(todo), 1))
            ones = [_One(self, machine, number, batches, boots, stop) for machine, number in todo]
            futures = [pool.submit(one.run) for one in ones]
            try:
                _wait(futures)
            except (KeyboardInterrupt, Interrupted):
                stop.set()
                for future in futures:
                    future.cancel()
                wait(futures)
                runs = [f.result() for f in futures if not f.cancelled() and f.exception() is None]
                if not runs:
                    raise
                for run in runs:
                    run.interrupted = True
            except BaseException:
                stop.set()
                for future in futures:
                    future.cancel()
                raise
            else:
                runs = [future.result() for future in futures]
        places = {machine.label: place for place, machine in enumerate(self.machines)}
        return sorted(runs, key=lambda run: (places[run.kernel], run.repeat))


@dataclass
class _One:
    """One run: everything that a machine does once, in as many boots as it takes."""

    session: Session
    machine: Machine
    number: int  # of the repeat
    batches: int
    boots: ThreadPoolExecutor
    stop: threading.Event
    names: dict[str, list[str]] = field(default_factory=dict)  # job to all its tests, of harness programs
    parts: list[Run] = field(default_factory=list)  # the boots, as they were

    def run(self) -> Run:
        """Raises CiError when the machine cannot be had."""
        session, started = self.session, time.monotonic()
        run = self._new(self.machine.label)
        units = self._units(run)
        if units and not self.stop.is_set():
            anomalies = run.anomalies
            run = self._boot(self._batches(units))
            run.kernel, run.anomalies = self.machine.label, anomalies + run.anomalies
            self._retry(run, units)
            run.results = in_order(run.results, units)
            if len(self.parts) > 1:
                run.parts, run.seconds = self.parts, time.monotonic() - started
        session.watcher.finished(run)
        return run

    def _new(self, label: str, **facts: str) -> Run:
        session = self.session
        shard = {"shard": str(session.shard)} if session.shard else {}
        return Run(label, session.arch, {**session.facts, **shard, **facts}, repeat=self.number)

    def _units(self, run: Run) -> list[Unit]:
        """What is to be run: chosen, and in this shard.

        A program that has tests but could not be asked for them runs whole, in every shard: nothing is lost.
        """
        session = self.session
        names: dict[str, list[str]] = {job.name: [] for job in session.jobs}
        if session.choice or session.shard or session.retries or self.batches > 1:
            names = session.lister.ask(self.machine.run, session.jobs, self.stop)
        self.names = names
        units = [
            Unit(job, test)
            for job in session.jobs
            for test in names.get(job.name) or [""]
            if not test or session.choice is None or session.choice(f"{job.name}.{test}")
        ]
        if session.shard is None:
            return units
        unlisted = [job.name for job in session.jobs if job.name not in names]
        run.anomalies += [f"{name} did not list its tests, so each shard runs all of it" for name in unlisted]
        sure = [unit for unit in units if unit.job.name not in unlisted]
        mine = set(parts(sure, session.shard.total, session.durations)[session.shard.number - 1])
        return [unit for unit in units if unit in mine or unit.job.name in unlisted]

    def _batches(self, units: Sequence[Unit]) -> list[list[Unit]]:
        return [part for part in parts(units, self.batches, self.session.durations) if part]

    def _retry(self, run: Run, units: Sequence[Unit]) -> None:
        for attempt in range(2, self.session.retries + 2):
            batches = retry.again(run, units)
            if not batches:
                return
            add_attempt(run, self._boot(batches, attempt))

    def _boot(self, batches: Sequence[Sequence[Unit]], attempt: int = 1) -> Run:
        """A boot for each batch, and what came out of all of them as one run."""
        futures = []
        for number, batch in enumerate(batches, 1):
            label = self.machine.label + (f", attempt {attempt}" if attempt > 1 else "")
            label += f", part {number} of {len(batches)}" if len(batches) > 1 else ""
            part = self._new(label, **({"attempt": str(attempt)} if attempt > 1 else {}))
            futures.append(self.boots.submit(self._batch, part, batch))
        parts = [future.result() for future in futures]
        self.parts += [replace(part, kernel=self.machine.label) for part in parts]
        run = join(parts)
        if self.session.judge is not None:
            self.session.judge(run)
        return run

    def _batch(self, part: Run, units: Sequence[Unit]) -> Run:
        jobs = jobs_of(units, self.names)
        collector = Collector(part, jobs)
        events = self.machine.run(jobs, self.stop)
        collector.take(
            [Stopped(0, Cause.INTERRUPTED)] if self.stop.is_set() else events,
            lambda event: self.session.watcher.progress(part, collector, event),
        )
        part.results = [result for result in name_lost(part.results, units) if self._chosen(result)]
        if part.kernel != self.machine.label:
            self.session.watcher.finished(part)
        return part

    def _chosen(self, result: TestResult) -> bool:
        choice = self.session.choice
        return (
            choice is None
            or choice(result.id)
            or result.verdict.infrastructure
            or (result.verdict.bad and result.of_program)
        )


def _wait(futures: Sequence[Future[Run]]) -> None:
    """Until all are done, or the first has failed: then its error is raised."""
    left = set(futures)
    while left:
        done, left = wait(left, timeout=0.2, return_when=FIRST_COMPLETED)
        for future in done:
            future.result()
