# SPDX-License-Identifier: GPL-2.0-only
"""All runs of one command: a run for each machine and repeat, some at the same time, each in one or several boots."""

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
from ksftci.session.choice import Choice
from ksftci.session.collect import Collector
from ksftci.session.durations import Durations
from ksftci.session.parts import sort_results, split_units
from ksftci.session.retry import batches_to_retry
from ksftci.session.unit import Lister, Unit, add_missing, jobs_of


class Watcher(Protocol):
    """Follows the runs of a session. Its methods are called from several threads."""

    def progress(self, run: Run, collector: Collector, event: Event) -> None:
        """The machine of this run has yielded an event, which the collector has taken."""
        ...

    def finished(self, run: Run) -> None:
        """This run is over."""
        ...


@dataclass
class Session:
    """Which jobs run on which machines, and how."""

    machines: Sequence[Machine]
    jobs: Sequence[Job]
    arch: str
    watcher: Watcher
    repeat: int = 1
    at_once: int = 1  # boots at the same time; must be 1 when the jobs run on this machine itself
    choice: Choice | None = None
    shard: Shard | None = None
    durations: Durations = field(default_factory=Durations)
    retries: int = 0
    judge: Callable[[Run], None] | None = None  # changes verdicts after each attempt, for example of known issues
    lister: Lister = field(default_factory=Lister)
    facts: Mapping[str, str] = field(default_factory=dict)  # added to the environment of every run
    stop: threading.Event = field(default_factory=threading.Event)  # when it is set, all runs end early

    def run(self) -> list[Run]:
        """All runs, by machine and repeat; after an interrupt as much of each as was run.

        Raises CiError when a machine does not start.
        """
        stop = self.stop
        planned = [(machine, repeat) for repeat in range(1, self.repeat + 1) for machine in self.machines]
        with ThreadPoolExecutor(self.at_once) as boots, ThreadPoolExecutor(self.at_once) as pool:
            batches = math.ceil(self.at_once / max(len(planned), 1))
            machine_runs = [_MachineRun(self, machine, repeat, batches, boots, stop) for machine, repeat in planned]
            futures = [pool.submit(machine_run.run) for machine_run in machine_runs]
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
                for boot in (boot for run in runs for boot in (run, *run.parts)):
                    boot.interrupted = True
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
class _MachineRun:
    """One run: all that one machine does in one repeat, in as many boots as that takes."""

    session: Session
    machine: Machine
    repeat: int  # counts from 1
    batches: int  # boots that the units are split between
    boots: ThreadPoolExecutor
    stop: threading.Event
    all_tests: dict[str, list[str]] = field(default_factory=dict)  # job name to its tests, as the Lister gives them
    parts: list[Run] = field(default_factory=list)  # a run for each boot

    def run(self) -> Run:
        """Raises CiError when the machine does not start."""
        session, started = self.session, time.monotonic()
        run = self._new_run(self.machine.label)
        units = self._choose_units(run)
        if units and not self.stop.is_set():
            anomalies = run.anomalies
            batches = [batch for batch in split_units(units, self.batches, session.durations) if batch]
            run = self._run_batches(batches)
            run.kernel, run.anomalies = self.machine.label, anomalies + run.anomalies
            self._retry(run, units)
            run.results = sort_results(run.results, units)
            if len(self.parts) > 1:
                run.parts, run.seconds = self.parts, time.monotonic() - started
        session.watcher.finished(run)
        return run

    def _new_run(self, label: str, **facts: str) -> Run:
        session = self.session
        shard = {"shard": str(session.shard)} if session.shard else {}
        return Run(label, session.arch, {**session.facts, **shard, **facts}, repeat=self.repeat)

    def _choose_units(self, run: Run) -> list[Unit]:
        """The units that are chosen and in this shard.

        A harness program that could not list its tests runs as a whole in every shard, so that no test is lost.
        """
        session = self.session
        all_tests: dict[str, list[str]] = {job.name: [] for job in session.jobs}
        if session.choice or session.shard or session.retries or self.batches > 1:
            all_tests = session.lister.list_tests(self.machine.run, session.jobs, self.stop)
        self.all_tests = all_tests
        units = [
            Unit(job, test)
            for job in session.jobs
            for test in all_tests.get(job.name) or [""]
            if not test or session.choice is None or session.choice(f"{job.name}.{test}")
        ]
        if session.shard is None:
            return units
        unlisted = [job.name for job in session.jobs if job.name not in all_tests]
        run.anomalies += [f"{name} did not list its tests, so each shard runs all of it" for name in unlisted]
        listed = [unit for unit in units if unit.job.name not in unlisted]
        in_shard = set(split_units(listed, session.shard.total, session.durations)[session.shard.number - 1])
        return [unit for unit in units if unit in in_shard or unit.job.name in unlisted]

    def _retry(self, run: Run, units: Sequence[Unit]) -> None:
        """Run failed units again, and put the results of each attempt into the run."""
        for attempt in range(2, self.session.retries + 2):
            batches = batches_to_retry(run, units)
            if not batches:
                return
            add_attempt(run, self._run_batches(batches, attempt))

    def _run_batches(self, batches: Sequence[Sequence[Unit]], attempt: int = 1) -> Run:
        """Boot once for each batch. The results of all boots as one run."""
        futures = []
        for number, batch in enumerate(batches, 1):
            label = self.machine.label + (f", attempt {attempt}" if attempt > 1 else "")
            label += f", part {number} of {len(batches)}" if len(batches) > 1 else ""
            part = self._new_run(label, **({"attempt": str(attempt)} if attempt > 1 else {}))
            futures.append(self.boots.submit(self._run_batch, part, batch))
        parts = [future.result() for future in futures]
        self.parts += [replace(part, kernel=self.machine.label) for part in parts]
        run = join(parts)
        if self.session.judge is not None:
            self.session.judge(run)
        return run

    def _run_batch(self, part: Run, units: Sequence[Unit]) -> Run:
        """Run the units in one boot, and fill `part` with their results."""
        jobs = jobs_of(units, self.all_tests)
        collector = Collector(part, jobs)
        events = self.machine.run(jobs, self.stop)
        collector.take(
            [Stopped(0, Cause.INTERRUPTED)] if self.stop.is_set() else events,
            lambda event: self.session.watcher.progress(part, collector, event),
        )
        part.results = [result for result in add_missing(part.results, units) if self._is_kept(result)]
        if part.kernel != self.machine.label:
            self.session.watcher.finished(part)
        return part

    def _is_kept(self, result: TestResult) -> bool:
        """Whether a result is chosen by -k, or says that the program, the machine or the kernel failed."""
        choice = self.session.choice
        return (
            choice is None
            or choice(result.id)
            or result.verdict.infrastructure
            or (result.verdict.bad and result.of_program)
        )


def _wait(futures: Sequence[Future[Run]]) -> None:
    """Wait until all are done. Raises the error of the first that fails, without waiting for the others."""
    pending = set(futures)
    while pending:
        done, pending = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
        for future in done:
            future.result()
