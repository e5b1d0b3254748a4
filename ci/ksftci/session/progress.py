# SPDX-License-Identifier: GPL-2.0-only
"""Shows on the terminal, or in a log, how far the runs have come."""

import threading
import time
from typing import Self

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from ksftci.machine.machine import Event
from ksftci.results.model import Run
from ksftci.session.collect import Collector
from plainprint.text import visible

_INTERVAL = 15.0  # seconds between two lines about a run where there is no terminal


class ProgressDisplay:
    """On a terminal a live line for each run. Elsewhere a plain line every 15 seconds, and at the end of a run."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.live: Progress | None = None
        self._tasks: dict[int, TaskID] = {}  # id of a run to its live line
        self._printed: dict[int, float] = {}  # id of a run to the time of its last plain line
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
            self.live = Progress(*columns, console=self.console, transient=True)
            self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.live is not None:
            self.live.stop()
            self.live = None

    def say(self, text: str) -> None:
        """Print a line above the live ones."""
        self.console.print(Text(text), soft_wrap=True)

    def progress(self, run: Run, collector: Collector, event: Event) -> None:
        """Show how far this run has come."""
        with self._lock:
            text = _describe(run, collector)
            if self.live is not None:
                if id(run) not in self._tasks:
                    self._tasks[id(run)] = self.live.add_task(text, total=None)
                self.live.update(self._tasks[id(run)], description=text)
                return
            now = time.monotonic()
            if now - self._printed.setdefault(id(run), now) > _INTERVAL:
                self._printed[id(run)] = now
                self.say(text)

    def finished(self, run: Run) -> None:
        """Print how many tests of this run have each verdict; its live line vanishes."""
        with self._lock:
            if self.live is not None and (task := self._tasks.pop(id(run), None)) is not None:
                self.live.remove_task(task)
            counts = ", ".join(f"{n} {verdict.value}" for verdict, n in run.counts.items())
            self.say(f"{run.label}: {counts or 'nothing ran'} in {run.seconds:.1f} s")


def _describe(run: Run, collector: Collector) -> str:
    """One line, whatever the names of programs and tests hold."""
    done, bad = collector.counts()
    failures = f", {bad} failed" if bad else ""
    text = f"{run.label}: {done} done{failures}  {collector.running or 'starting'}"
    return visible(text.replace("\n", " "))
