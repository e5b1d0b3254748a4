# SPDX-License-Identifier: GPL-2.0-only
"""Tries all mutants with all suites: one thread builds, others boot and run what is built."""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from typing import Protocol

from ksftci.errors import CiError
from ksftci.machine.machine import Job
from ksftci.mutants import trial
from ksftci.mutants.forge import Forge, delete
from ksftci.mutants.journal import Entry
from ksftci.mutants.ledger import Ledger, SuiteOutcome
from ksftci.mutants.mutant import Mutant
from ksftci.mutants.trial import Baseline, MachineFactory, Suite
from ksftci.results.model import Run

_Images = Queue[tuple[Mutant, Path] | None]  # None: nothing else will be built


class HuntWatcher(Protocol):
    """Gets the progress of a hunt; called from several threads."""

    def baseline(self, suite: Suite, programs: int, runs: int) -> None:
        """So many programs of a suite start so many runs on the unchanged kernel."""
        ...

    def built(self, mutant: Mutant, entry: Entry) -> None:
        """A build has ended; `entry` has its status."""
        ...

    def not_booted(self, mutant: Mutant, problem: str) -> None:
        """A mutant does not boot."""
        ...

    def tried(self, mutant: Mutant, suite: str, outcome: SuiteOutcome) -> None:
        """A suite has killed a mutant or has no programs left for it."""
        ...


@dataclass
class Hunt:
    """The mutants and suites of a campaign, and what builds, runs and records."""

    forge: Forge
    machine_for: MachineFactory
    suites: Sequence[Suite]
    curated: Sequence[Mutant]
    sample: Sequence[Mutant]
    sample_size: int  # mutants of the sample to try, not counting those that cannot be built
    ledger: Ledger
    watcher: HuntWatcher
    at_once: int = 2  # machines
    baseline_runs: int = 2
    indistinguishable: Collection[str] = ()  # names of mutants that, by judgement, no test can kill
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Do everything that the ledger does not have yet.

        Raises CiError when something else than a mutant has a problem; the ledger has what was done until then.
        """
        image = self.forge.build_baseline()
        for suite in self.suites:
            self._run_baseline(image, suite)
        images: _Images = Queue(maxsize=self.at_once)
        workers = [lambda: self._try_images(images) for _ in range(self.at_once)]
        self._run_threads([lambda: self._build_mutants(images), *workers], 1 + self.at_once)

    def mutants(self) -> Iterator[Mutant]:
        """The mutants to try: the curated ones, and as many of the sample as `sample_size` says.

        A mutant of the sample that turns out not to build is replaced by the next one.
        """
        yield from self.curated
        count = 0
        for mutant in self.sample:
            build = self.ledger.build(mutant)
            if count == self.sample_size:
                return
            if build is None or build["status"] == "built":
                count += 1
                yield mutant

    def _run_baseline(self, image: Path, suite: Suite) -> None:
        """Run a suite on the unchanged kernel, on as many machines at once as there will be with mutants."""
        jobs = [job for job in suite.jobs if self.ledger.baseline(job) is None]
        if not jobs:
            return
        runs: list[Run] = []
        number = max(self.baseline_runs, self.at_once)
        self.watcher.baseline(suite, len(jobs), number)

        def run() -> None:
            runs.append(trial.run_all(self.machine_for, image, jobs, suite.limits, self.stop))

        self._run_threads([run] * number, self.at_once)
        baselines = {job: Baseline.from_runs(runs, job.name) for job in jobs}
        if not any(baseline.is_of_use() for baseline in baselines.values()) and not self.stop.is_set():
            reason = next((result.reason for run in runs for result in run.results if result.verdict.bad), "no result")
            raise CiError(f"{suite.name}: no test passes on the unchanged kernel: {reason}")
        for job, baseline in baselines.items():
            self.ledger.add_baseline(job, baseline)

    def _build_mutants(self, images: _Images) -> None:
        """Put the image of each mutant that a suite has not decided about into the queue, cheap ones first."""
        try:
            seen = set[str]()
            while not self.stop.is_set():
                # mutants() is called each time, since it goes on in the sample after a failed build.
                rest = (mutant for mutant in self.mutants() if mutant.digest not in seen)
                mutant = min(rest, key=self._cost, default=None)
                if mutant is None:
                    break
                seen.add(mutant.digest)
                entry = self.ledger.build(mutant)
                if entry is not None and entry["status"] == "built":
                    self.forge.register(mutant, entry["object"])
                if entry is None or (entry["status"] == "built" and self._undecided(mutant)):
                    result = self.forge.build(mutant)
                    if result.image is not None:
                        images.put((mutant, result.image))
                    self.watcher.built(mutant, self.ledger.add_build(mutant, result))
        finally:
            self.forge.restore()
            for _ in range(self.at_once):
                images.put(None)

    def _undecided(self, mutant: Mutant) -> list[Suite]:
        """The suites that have programs left to run on a mutant."""
        if self.ledger.boot_problem(mutant):
            return []
        return [suite for suite in self.suites if self.ledger.suite_outcome(suite, mutant) is None]

    def _jobs(self, suite: Suite, mutant: Mutant) -> list[Job]:
        """The programs of a suite that are left to run on a mutant, likely killers first.

        The expected killer is first, then programs that have killed mutants of the same function, then programs
        that have killed other mutants. The order decides how long a kill takes, not whether there is one.
        """
        jobs = [job for job in suite.able(mutant) if self.ledger.program_outcome(job, mutant) is None]
        same_function, anywhere = Counter[str](), Counter[str]()
        for other in (*self.curated, *self.sample):
            for job in jobs:
                outcome = self.ledger.program_outcome(job, other)
                if outcome is not None and outcome["killed"]:
                    anywhere[job.name] += 1
                    same_function[job.name] += (other.file, other.function) == (mutant.file, mutant.function)
        return sorted(jobs, key=lambda job: (job.name != mutant.expect, -same_function[job.name], -anywhere[job.name]))

    def _cost(self, mutant: Mutant) -> tuple[bool, bool, bool]:
        """A key that sorts expensive mutants last: a likely survivor takes every program, a header many objects."""
        return mutant.name in self.indistinguishable, mutant.file.endswith(".h"), bool(mutant.missing)

    def _try_images(self, images: _Images) -> None:
        """Try images from the queue until None comes, and raise the first problem only then.

        A worker that stopped before would leave the building thread waiting for a free place in the queue.
        """
        problem: BaseException | None = None
        while (item := images.get()) is not None:
            mutant, image = item
            try:
                if not self.stop.is_set():
                    self._try(mutant, image)
            except BaseException as error:
                problem = problem or error
                self.stop.set()
            finally:
                delete(image)
        if problem is not None:
            raise problem

    def _try(self, mutant: Mutant, image: Path) -> None:
        """Boot a mutant and run the suites that are left, and record the outcomes."""
        if self.ledger.boot_problem(mutant) is None:
            problem = trial.boot_problem(self.machine_for, image, self.stop)
            if self.stop.is_set():
                return
            self.ledger.add_boot(mutant, problem)
            if problem:
                self.watcher.not_booted(mutant, problem)
        for suite in self._undecided(mutant):
            baselines = {job.name: baseline for job in suite.jobs if (baseline := self.ledger.baseline(job))}
            attempt = trial.Trial(self.machine_for, image, suite.limits, baselines, self.stop)
            jobs = {job.name: job for job in self._jobs(suite, mutant)}
            run = attempt.every_test if self.ledger.every_test else attempt.until_killed
            for outcome in run(list(jobs.values())):
                self.ledger.add_program_outcome(jobs[outcome.program], mutant, outcome)
            suite_outcome = self.ledger.suite_outcome(suite, mutant)
            if suite_outcome is not None:
                self.watcher.tried(mutant, suite.name, suite_outcome)

    def _run_threads(self, functions: Sequence[Callable[[], object]], at_once: int) -> None:
        """Run functions in threads; the first exception, also that of Ctrl-C, stops the others and is raised."""
        with ThreadPoolExecutor(at_once) as pool:
            futures = [pool.submit(function) for function in functions]
            try:
                left = set(futures)
                while left:
                    done, left = wait(left, timeout=0.2, return_when=FIRST_EXCEPTION)
                    for future in done:
                        future.result()
            except BaseException:
                self.stop.set()
                for future in futures:
                    future.cancel()
                raise
