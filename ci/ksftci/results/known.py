# SPDX-License-Identifier: GPL-2.0-only
"""Known issues: failures that are expected for now, each with a reason, a link and an expiry date.

The file may also say what tests provoke the kernel to complain of; see `provoked`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from operator import itemgetter
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from ksftci.host.yamlfile import read_list
from ksftci.results.entry import Entry, LastDay, Link
from ksftci.results.model import KNOWN_ISSUES, Run, TestResult, Verdict
from ksftci.results.provoked import Provoked, settle


def _yes(text: object) -> bool:
    if text not in ("true", "false"):
        raise ValueError("is neither yes nor no; allowed: true, false")
    return text == "true"


Failure = Literal["fail", "timeout", "crash", "error", "not_run"]


class Issue(Entry):
    """One entry: which tests are expected to fail, on which kernels, why and until when."""

    link: Link
    expires: LastDay
    verdicts: list[Failure] = Field(["fail", "timeout", "crash", "error"], min_length=1)
    strict: Annotated[bool, BeforeValidator(_yes)] = False


@dataclass(frozen=True)
class KnownIssues:
    """The entries of a file, which is a YAML list. For each test the first entry that matches it counts."""

    path: Path
    issues: Sequence[tuple[int, Issue]]  # line, from 1
    provoked: Sequence[tuple[int, Provoked]] = ()

    @classmethod
    def read(cls, path: Path) -> "KnownIssues":
        """Read a file. Raises CiError with every problem of the file, each with line and column."""
        entries = read_list(path, Issue, {"provokes": Provoked})
        return cls(
            path,
            [(line, entry) for line, entry in entries if isinstance(entry, Issue)],
            [(line, entry) for line, entry in entries if isinstance(entry, Provoked)],
        )

    def judge(self, run: Run) -> None:
        """Move what tests provoke to these tests.

        Then turn expected failures into XFAIL and unexpected passes into XPASS, or FAIL if the entry is strict.

        Reason and log stay, except that a strict entry replaces the reason.
        """
        run.results = settle(run.results, self.provocations(run))
        issues = [issue for _, issue in self.issues if issue.concerns(run)]
        for result in run.results:
            issue = next((issue for issue in issues if issue.matches(result)), None)
            if issue is None:
                continue
            if result.verdict.value in issue.verdicts:
                result.verdict = Verdict.XFAIL
                result.known = issue.explanation
            elif result.verdict is Verdict.PASS:
                result.verdict = Verdict.FAIL if issue.strict else Verdict.XPASS
                result.reason = "passed, and is expected to fail" if issue.strict else result.reason
                result.known = issue.explanation

    def provocations(self, run: Run) -> list[Provoked]:
        """The entries that say what tests of the run provoke."""
        return [entry for _, entry in self.provoked if entry.concerns(run)]

    def unused(self, runs: Sequence[Run]) -> list[tuple[int, Issue | Provoked]]:
        """The entries, each with its line, that match no test of any run, whatever the reason."""
        return [
            (line, issue)
            for line, issue in self._entries()
            if not any(issue.concerns(run) and any(map(issue.matches, run.results)) for run in runs)
        ]

    def _entries(self) -> list[tuple[int, Issue | Provoked]]:
        """All entries in the order of their lines."""
        return sorted((*self.issues, *self.provoked), key=itemgetter(0))

    def check(self, runs: Iterable[Run], today: date) -> None:
        """Report problems of the file itself in the runs, after the last attempt.

        An expired entry becomes a failing result of each run that it concerns. An entry that matches none of a
        program's tests, although all of them ran, becomes an anomaly.
        """
        for run in runs:
            ids = {result.id for result in run.results}
            for line, issue in self._entries():
                if not issue.concerns(run):
                    continue
                if _matches_no_test(issue, run):
                    run.anomalies.append(f"{self.path}:{line}: no test is called {issue.test}")
                if issue.expires and issue.expires < today:
                    reason = f"expired on {issue.expires}, renew or remove: {issue.explanation}"
                    result = TestResult(KNOWN_ISSUES, issue.test, Verdict.FAIL, reason)
                    result.file, result.line = str(self.path), line
                    run.results += [] if result.id in ids else [result]


def _matches_no_test(issue: Entry, run: Run) -> bool:
    """Whether the programs of the entry ran all their tests, and the entry matches none of the tests."""
    if run.interrupted or run.environment.keys() & {"chosen", "shard"}:
        return False
    program = issue.test.partition(".")[0]
    results = [result for result in run.results if fnmatchcase(result.program, program)]
    broken = any(result.verdict.infrastructure or result.of_program for result in results)
    return bool(results) and not broken and not any(map(issue.matches, results))
