# SPDX-License-Identifier: GPL-2.0-only
"""All mutants against all suites: one kernel is built while others run."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from pathlib import Path
from queue import Queue
from typing import Protocol

from ksftci.mutants import trial
from ksftci.mutants.forge import Forge, free
from ksftci.mutants.journal import Entry, Journal
from ksftci.mutants.mutant import Mutant
from ksftci.mutants.trial import Baseline, Start, Suite
from ksftci.results import Run

MADE, BOOT, BASELINE = "made", "boot", "baseline"  # kinds of the journal's entries


class Watcher(Protocol):
    """Who is told how it goes; called from several threads."""

    def baseline(self, suite: Suite, runs: int) -> None:
        """The kernel without a bug is run so often."""
        ...

    def made(self, mutant: Mutant, entry: Entry) -> None:
        """A kernel was built, or could not be."""
        ...

    def tried(self, mutant: Mutant, suite: str, entry: Entry) -> None:
        """A suite is over, or the kernel did not boot."""
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
    journal: Journal
    watcher: Watcher
    at_once: int = 2
    baseline_runs: int = 2
    whole: bool = False  # all tests of each suite, not only up to the first that notices
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Everything that the journal does not have.

        Raises CiError when something else than a mutant is wrong, Interrupted; what was done is in the journal.
        """
        image = self.forge.baseline()
        for suite in self.suites:
            self._baseline(image, suite)
        queue: Queue[tuple[Mutant, Path] | None] = Queue(maxsize=self.at_once)
        workers = [lambda: self._work(queue) for _ in range(self.at_once)]
        self._all([lambda: self._build(queue), *workers], 1 + self.at_once)

    def key(self, suite: Suite) -> str:
        """Under which outcomes of a suite are kept."""
        return f"{suite.name} {suite.digest}{' whole' if self.whole else ''}"

    def baseline(self, suite: Suite) -> Baseline | None:
        """What is known of a suite on the kernel without a bug."""
        entry = self.journal.get(BASELINE, suite.name, suite.digest)
        if entry is None:
            return None
        unstable = {test: set(verdicts) for test, verdicts in entry["unstable"].items()}
        return Baseline(unstable, entry["tests"], entry["seconds"])

    def chosen(self) -> Iterator[Mutant]:
        """The mutants that are tried, as far as that is known: of the sample those that could be built."""
        yield from self.curated
        count = 0
        for mutant in self.sample:
            made = self.journal.get(MADE, mutant.digest)
            if count == self.wanted:
                return
            if made is None or made["status"] == "built":
                count += 1
                yield mutant

    def _baseline(self, image: Path, suite: Suite) -> None:
        """Several runs without a bug, as many at once as there will be."""
        if self.baseline(suite) is not None:
            return
        runs: list[Run] = []
        number = max(self.baseline_runs, self.at_once)
        self.watcher.baseline(suite, number)
        self._all([lambda: runs.append(trial.run_whole(self.start, image, suite, self.stop))] * number, self.at_once)
        found = Baseline.of(runs)
        unstable = {test: sorted(verdicts) for test, verdicts in sorted(found.unstable.items())}
        seconds = round(found.seconds, 1)
        self.journal.add(BASELINE, suite.name, suite.digest, tests=found.tests, seconds=seconds, unstable=unstable)

    def _build(self, queue: Queue[tuple[Mutant, Path] | None]) -> None:
        try:
            count = 0
            for mutant in sorted([*self.curated, *self.sample], key=_effort):
                if self.stop.is_set() or (mutant.group == "sample" and count == self.wanted):
                    break
                entry = self.journal.get(MADE, mutant.digest)
                if entry is not None and entry["status"] == "built":
                    self.forge.know(mutant.name, entry["object"])
                if entry is None or (entry["status"] == "built" and self._left(mutant)):
                    made = self.forge.make(mutant)
                    if made.image is not None:
                        queue.put((mutant, made.image))
                    told = {"name": mutant.name, "status": made.status, "why": made.why, "object": made.object}
                    entry = self.journal.add(MADE, mutant.digest, **told)
                    self.watcher.made(mutant, entry)
                count += mutant.group == "sample" and entry["status"] == "built"
        finally:
            self.forge.restore()
            for _ in range(self.at_once):
                queue.put(None)

    def _left(self, mutant: Mutant) -> list[Suite]:
        """The suites that have not tried it."""
        boot = self.journal.get(BOOT, mutant.digest)
        if boot is not None and boot["why"]:
            return []
        return [suite for suite in self.suites if self.journal.get(self.key(suite), mutant.digest) is None]

    def _work(self, queue: Queue[tuple[Mutant, Path] | None]) -> None:
        """Everything is taken from the queue, also when stopped, so that nobody waits to put something there."""
        while (item := queue.get()) is not None:
            mutant, image = item
            try:
                self._try(mutant, image)
            finally:
                free(image)

    def _try(self, mutant: Mutant, image: Path) -> None:
        if self.stop.is_set():
            return
        if self.journal.get(BOOT, mutant.digest) is None:
            why = trial.boots(self.start, image, self.stop)
            if self.stop.is_set():
                return
            entry = self.journal.add(BOOT, mutant.digest, name=mutant.name, why=why)
            if why:
                self.watcher.tried(mutant, "", entry)
        for suite in self._left(mutant):
            baseline = self.baseline(suite)
            assert baseline is not None
            outcome = trial.attempt(self.start, image, suite, baseline, self.stop, self.whole)
            if outcome is None:
                return
            entry = self.journal.add(self.key(suite), mutant.digest, name=mutant.name, **asdict(outcome))
            self.watcher.tried(mutant, suite.name, entry)

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


def _effort(mutant: Mutant) -> bool:
    """A header is in so many objects that it comes last."""
    return mutant.file.endswith(".h")
