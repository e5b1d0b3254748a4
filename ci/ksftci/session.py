# SPDX-License-Identifier: GPL-2.0-only
"""All runs that one command asks for: machines times repeats, some at once."""

import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import Protocol

from ksftci.choice import Choice
from ksftci.collect import Collector
from ksftci.errors import Interrupted
from ksftci.listing import ask, has_harness
from ksftci.machine import Event, Job, Machine
from ksftci.results import Run


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
    at_once: int = 1
    choice: Choice | None = None
    _known: dict[str, list[Job]] = field(default_factory=dict)  # machine to its chosen jobs

    def run(self) -> list[Run]:
        """Every run, by machine and repeat; the partial ones too when interrupted.

        Raises CiError when a machine cannot be had.
        """
        stop = threading.Event()
        todo = [(machine, n) for n in range(1, self.repeat + 1) for machine in self.machines]
        runs: list[Run] = []

        def one(machine: Machine, number: int) -> None:
            run = Run(machine.label, self.arch, repeat=number)
            jobs = self._chosen(machine, stop)
            runs.append(run)
            if not jobs:
                self.watcher.finished(run)
                return
            if stop.is_set():
                run.interrupted = True
                return
            collector = Collector(run, jobs)
            collector.take(
                machine.run(jobs, stop),
                lambda event: self.watcher.progress(run, collector, event),
            )
            if self.choice is not None:
                choice = self.choice
                run.results = [r for r in run.results if choice(r.id) or r.verdict.infrastructure]
            self.watcher.finished(run)

        with ThreadPoolExecutor(self.at_once) as pool:
            futures = [pool.submit(one, machine, number) for machine, number in todo]
            try:
                _wait(futures)
            except (KeyboardInterrupt, Interrupted):
                stop.set()
                for future in futures:
                    future.cancel()
                wait(futures)
                if not runs:
                    raise
                for run in runs:
                    run.interrupted = True
            except BaseException:
                stop.set()
                for future in futures:
                    future.cancel()
                raise
        places = {machine.label: place for place, machine in enumerate(self.machines)}
        return sorted(runs, key=lambda run: (places[run.kernel], run.repeat))

    def _chosen(self, machine: Machine, stop: threading.Event) -> list[Job]:
        """The jobs with the arguments that make harness programs run only the chosen tests.

        They are asked for their tests on the machine itself. Others run whole, and what was not
        chosen of them is left out afterwards.
        """
        if self.choice is None:
            return list(self.jobs)
        if machine.label in self._known:
            return self._known[machine.label]
        able = [job for job in self.jobs if has_harness(job.program)]
        names = {job.name: found for job, found in zip(able, ask(machine, able, stop), strict=True)}
        chosen: list[Job] = []
        for job in self.jobs:
            if not names.get(job.name):
                chosen.append(job)
                continue
            wanted = [test for test in names[job.name] if self.choice(f"{job.name}.{test}")]
            if wanted and len(wanted) < len(names[job.name]):
                chosen.append(replace(job, args=tuple(w for test in wanted for w in ("-r", test))))
            elif wanted:
                chosen.append(job)
        if not stop.is_set():
            self._known[machine.label] = chosen
        return chosen


def _wait(futures: Sequence[Future[None]]) -> None:
    """Until all are done, or the first has failed: then its error is raised."""
    left = set(futures)
    while left:
        done, left = wait(left, timeout=0.2, return_when=FIRST_COMPLETED)
        for future in done:
            future.result()
