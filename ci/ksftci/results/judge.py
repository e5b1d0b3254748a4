# SPDX-License-Identifier: GPL-2.0-only
"""What is known beforehand, held against results: known issues, and what measurements usually are."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ksftci.results.history import History
from ksftci.results.known import KnownIssues
from ksftci.results.model import Run


@dataclass(frozen=True)
class Judge:
    """Known issues, if a file of them is given, and the history of measurements."""

    issues: KnownIssues | None
    history: History

    @classmethod
    def read(cls, known: Path | None, history: Path | None = None) -> "Judge":
        """From YAML files; without `history` the one that comes with ksftci. Raises CiError with every problem."""
        return cls(KnownIssues.read(known) if known else None, History.read(history))

    def attempt(self, run: Run) -> None:
        """Turn failures that are expected into XFAIL, before a retry is decided on."""
        if self.issues is not None:
            self.issues.judge(run)

    def finish(self, runs: Iterable[Run], today: date) -> None:
        """When all has been run: what is wrong with the known issues themselves, and unusual measurements."""
        runs = list(runs)
        if self.issues is not None:
            self.issues.check(runs, today)
        for run in runs:
            self.history.judge(run)
