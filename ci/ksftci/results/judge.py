# SPDX-License-Identifier: GPL-2.0-only
"""Results compared with what is expected: known issues and usual measurements."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ksftci.results.history import History
from ksftci.results.known import KnownIssues
from ksftci.results.model import Run


@dataclass(frozen=True)
class Judge:
    """What results are compared with; `issues` is None without a file of known issues."""

    issues: KnownIssues | None
    history: History

    @classmethod
    def read(cls, known: Path | None, history: Path | None = None) -> "Judge":
        """Read the YAML files. Without `history` the history that comes with ksftci is used.

        Raises CiError with every problem of a file.
        """
        return cls(KnownIssues.read(known) if known else None, History.read(history))

    def unused(self, runs: Sequence[Run]) -> list[str]:
        """A sentence for each known issue that matches no test of these runs: it may have a typo, or be of no use."""
        if self.issues is None:
            return []
        what = "matches no test of this report; check the pattern"
        return [f"{self.issues.path}:{line}: {issue.test} {what}" for line, issue in self.issues.unused(runs)]

    def attempt(self, run: Run) -> None:
        """After each attempt: apply the known issues, so that expected failures are not retried."""
        if self.issues is not None:
            self.issues.judge(run)

    def finish(self, runs: Iterable[Run], today: date) -> None:
        """After the last attempt: report problems of the known issues themselves, add the usual measurements.

        `today` decides which known issues have expired.
        """
        runs = list(runs)
        if self.issues is not None:
            self.issues.check(runs, today)
        for run in runs:
            self.history.judge(run)
