# SPDX-License-Identifier: GPL-2.0-only
"""All mutants against all suites: one kernel is built while others run."""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from typing import Protocol

from ksftci.machine.machine import Job
from ksftci.mutants import trial
from ksftci.mutants.forge import Forge, free
from ksftci.mutants.journal import Entry
from ksftci.mutants.ledger import Ledger, Standing
from ksftci.mutants.mutant import Mutant
from ksftci.mutants.trial import Baseline, Start, Suite
from ksftci.results.model import Run


class HuntWatcher(Protocol):
    """Who is told how it goes; called from several threads."""

    def baseline(self, suite: Suite, programs: int, runs: int) -> None:
        """So many programs are run so often on the kernel without a bug."""
        ...

    def made(self, mutant: Mutant, entry: Entry) -> None:
        """A kernel was built, or could not be."""
        ...

    def tried(self, mutant: Mutant, suite: str, told: Standing | str) -> None:
        """A suite is through with it, or the kernel did not boot."""
        ...


@dataclass
class Hunt:
    """What is to be tried, in this order; of the sample as many as `wanted`, not counting what cannot be built."""

    forge: Forge
    start: Start
    suites: Sequence[Suite]
    curated: Sequence[Mutant]
    sample: Sequence[Mutant]
    wanted: int
    ledger: Ledger
    watcher: HuntWatcher
    at_once: int = 2
    baseline_runs: int = 2
    same: Collection[str] = ()  # names of mutants that nobody can tell from the kernel, it is thought
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Everything that the journal does not have.

        Raises CiError when something else than a mutant is wrong; what was done is in the journal.
        """
        image = self.forge.baseline()
        for suite in self.suites:
            self._baseline(image, suite)
        queue: Queue[tuple[Mutant, Path] | None] = Queue(maxsize=self.at_once)
        workers = [lambda: self._work(queue) for _ in range(self.at_once)]
        self._all([lambda: self._build(queue), *workers], 1 + self.at_once)

    def chosen(self) -> Iterator[Mutant]:
        """The mutants that are tried, as far as that is known: of the sample those that could be built."""
        yield from self.curated
        count = 0
        for mutant in self.sample:
            made = self.ledger.made(mutant)
            if count == self.wanted:
                return
            if made is None or made["status"] == "built":
                count += 1
                yield mutant

    def _baseline(self, image: Path, suite: Suite) -> None:
        """Several runs without a bug, as many at once as there will be."""
        jobs = [job for job in suite.jobs if self.ledger.baseline(job) is None]
        if not jobs:
            return
        runs: list[Run] = []
        number = max(self.baseline_runs, self.at_once)
        self.watcher.baseline(suite, len(jobs), number)

        def one() -> None:
            runs.append(trial.run_whole(self.start, image, jobs, suite.limits, self.stop))

        self._all([one] * number, self.at_once)
        for job in jobs:
            self.ledger.add_baseline(job, Baseline.of(runs, job.name))

    def _build(self, queue: Queue[tuple[Mutant, Path] | None]) -> None:
        try:
            seen = set[str]()  # what is chosen changes when something could not be built
            while not self.stop.is_set():
                rest = (mutant for mutant in self.chosen() if mutant.digest not in seen)
                mutant = min(rest, key=self._effort, default=None)
                if mutant is None:
                    break
                seen.add(mutant.digest)
                entry = self.ledger.made(mutant)
                if entry is not None and entry["status"] == "built":
                    self.forge.know(mutant, entry["object"])
                if entry is None or (entry["status"] == "built" and self._left(mutant)):
                    made = self.forge.make(mutant)
                    if made.image is not None:
                        queue.put((mutant, made.image))
                    self.watcher.made(mutant, self.ledger.add_made(mutant, made))
        finally:
            self.forge.restore()
            for _ in range(self.at_once):
                queue.put(None)

    def _left(self, mutant: Mutant) -> list[Suite]:
        """The suites that have not decided about it."""
        if self.ledger.boot(mutant):
            return []
        return [suite for suite in self.suites if self.ledger.standing(suite, mutant) is None]

    def _jobs(self, suite: Suite, mutant: Mutant) -> list[Job]:
        """The programs of a suite that must try it still, those first that are likely to notice.

        That is the one that is expected to, then those that have killed mutants of the same function, then
        those that have killed others: a kill costs seconds then, and whether there is one does not change.
        """
        jobs = [job for job in suite.asked(mutant) if self.ledger.outcome(job, mutant) is None]
        near, far = Counter[str](), Counter[str]()
        for other in (*self.curated, *self.sample):
            for job in jobs:
                entry = self.ledger.outcome(job, other)
                if entry is not None and entry["killed"]:
                    far[job.name] += 1
                    near[job.name] += (other.file, other.function) == (mutant.file, mutant.function)
        return sorted(jobs, key=lambda job: (job.name != mutant.expect, -near[job.name], -far[job.name]))

    def _effort(self, mutant: Mutant) -> tuple[bool, bool, bool]:
        """What costs most comes last: a header is in many objects, and a likely survivor goes through everything."""
        return mutant.name in self.same, mutant.file.endswith(".h"), bool(mutant.missing)

    def _work(self, queue: Queue[tuple[Mutant, Path] | None]) -> None:
        """Take everything from the queue whatever happens, so that nobody waits for ever to put something there."""
        problem: BaseException | None = None
        while (item := queue.get()) is not None:
            mutant, image = item
            try:
                if not self.stop.is_set():
                    self._try(mutant, image)
            except BaseException as error:
                problem = problem or error
                self.stop.set()
            finally:
                free(image)
        if problem is not None:
            raise problem

    def _try(self, mutant: Mutant, image: Path) -> None:
        if self.ledger.boot(mutant) is None:
            why = trial.boots(self.start, image, self.stop)
            if self.stop.is_set():
                return
            self.ledger.add_boot(mutant, why)
            if why:
                self.watcher.tried(mutant, "", why)
        for suite in self._left(mutant):
            baselines = {job.name: found for job in suite.jobs if (found := self.ledger.baseline(job))}
            one = trial.Trial(self.start, image, suite.limits, baselines, self.stop)
            jobs = {job.name: job for job in self._jobs(suite, mutant)}
            run = one.attempt_whole if self.ledger.whole else one.attempt
            for outcome in run(list(jobs.values())):
                self.ledger.add_outcome(jobs[outcome.program], mutant, outcome)
            standing = self.ledger.standing(suite, mutant)
            if standing is not None:
                self.watcher.tried(mutant, suite.name, standing)

    def _all(self, functions: Sequence[Callable[[], object]], at_once: int) -> None:
        """Run functions, some at once; when one fails, or on Ctrl-C, the others are stopped, and then it is raised."""
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
