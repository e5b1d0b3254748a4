# SPDX-License-Identifier: GPL-2.0-only
"""Known issues: failures that are expected for now, each with a reason, a link and an expiry date."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from ksftci.host.yamlfile import ArchName, read_list
from ksftci.results.model import KNOWN_ISSUES, Run, TestResult, Verdict
from ksftci.results.release import kernel_version, matches_machine, version_numbers

_BOUND = re.compile(r"(>=|<=|>|<|=|)(\d+(?:\.\d+)*)")


def _one_line(text: str) -> str:
    if not text.strip() or "\n" in text.strip():
        raise ValueError("must be one line of text")
    return text.strip()


def _kernel_range(text: str) -> str:
    if re.match(r"[\d<>=]", text) and not all(map(_BOUND.fullmatch, text.split())):
        raise ValueError(
            'is no range; allowed: ">=6.9 <6.12", "6.12" for all of 6.12, or a name such as "debian:*-16k"'
        )
    return _one_line(text)


def _https(text: str) -> str:
    if not re.fullmatch(r"https://[\w.-]+(?::\d+)?(?:/[^\s<>\"]*)?", text):
        raise ValueError("is no link; allowed: a URL that starts with https://")
    return text


def _date(text: object) -> date:
    try:
        if isinstance(text, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError("is no date; allowed: YYYY-MM-DD")


def _yes(text: object) -> bool:
    if text not in ("true", "false"):
        raise ValueError("is neither yes nor no; allowed: true, false")
    return text == "true"


Text = Annotated[str, AfterValidator(_one_line)]
Failure = Literal["fail", "timeout", "crash", "error", "not_run"]


class Issue(BaseModel):
    """One entry: which tests are expected to fail, on which kernels, why and until when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    test: Text  # fnmatch pattern for ids, program.name
    reason: Text
    link: Annotated[str, AfterValidator(_https)]
    expires: Annotated[date, BeforeValidator(_date)]  # the last day on which the entry is valid
    kernels: Annotated[str, AfterValidator(_kernel_range)] = "*"  # a range of versions, or a pattern for labels
    arch: ArchName | None = None
    page_size: Literal["4K", "16K", "64K"] | None = None
    verdicts: Annotated[list[Failure], Field(min_length=1)] = ["fail", "timeout", "crash", "error"]
    strict: Annotated[bool, BeforeValidator(_yes)] = False

    @property
    def explanation(self) -> str:
        """The reason and the link, as in `TestResult.known`."""
        return f"{self.reason} ({self.link})"

    def concerns(self, run: Run) -> bool:
        """Whether the entry holds for the kernel, the architecture and the page size of the run."""
        return _matches_kernel(run, self.kernels) and matches_machine(run, self.arch, self.page_size)

    def matches(self, result: TestResult) -> bool:
        """Whether the entry is about the test."""
        return fnmatchcase(result.id, self.test)


@dataclass(frozen=True)
class KnownIssues:
    """The entries of a file, which is a YAML list. For each test the first entry that matches it counts."""

    path: Path
    issues: Sequence[tuple[int, Issue]]  # line, from 1

    @classmethod
    def read(cls, path: Path) -> "KnownIssues":
        """Read a file. Raises CiError with every problem of the file, each with line and column."""
        return cls(path, read_list(path, Issue))

    def judge(self, run: Run) -> None:
        """Turn expected failures into XFAIL and unexpected passes into XPASS, or FAIL if the entry is strict.

        Reason and log stay, except that a strict entry replaces the reason.
        """
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

    def check(self, runs: Iterable[Run], today: date) -> None:
        """Report problems of the file itself in the runs, after the last attempt.

        An expired entry becomes a failing result of each run that it concerns. An entry that matches none of a
        program's tests, although all of them ran, becomes an anomaly.
        """
        for run in runs:
            ids = {result.id for result in run.results}
            for line, issue in self.issues:
                if not issue.concerns(run):
                    continue
                if _matches_no_test(issue, run):
                    run.anomalies.append(f"{self.path}:{line}: no test is called {issue.test}")
                if issue.expires < today:
                    reason = f"expired on {issue.expires}, renew or remove: {issue.explanation}"
                    result = TestResult(KNOWN_ISSUES, issue.test, Verdict.FAIL, reason)
                    result.file, result.line = str(self.path), line
                    run.results += [] if result.id in ids else [result]


def _matches_kernel(run: Run, kernels: str) -> bool:
    bounds = [_BOUND.fullmatch(word) for word in kernels.split()]
    if not all(bounds):
        return fnmatchcase(run.kernel, kernels)
    version = kernel_version(run)
    if version is None:
        return False
    return all(_is_within(version, bound[1], version_numbers(bound[2])) for bound in bounds if bound)


def _is_within(version: tuple[int, ...], sign: str, bound: tuple[int, ...]) -> bool:
    """Whether a version keeps a bound. As many parts are compared as the bound has: 6.12.117 is 6.12, and <=6.12."""
    compared = (version + (0,) * len(bound))[: len(bound)]
    return {
        "": compared == bound,
        "=": compared == bound,
        "<": compared < bound,
        "<=": compared <= bound,
        ">": compared > bound,
        ">=": compared >= bound,
    }[sign]


def _matches_no_test(issue: Issue, run: Run) -> bool:
    """Whether the programs of the entry ran all their tests, and the entry matches none of the tests."""
    if run.interrupted or run.environment.keys() & {"chosen", "shard"}:
        return False
    program = issue.test.partition(".")[0]
    results = [result for result in run.results if fnmatchcase(result.program, program)]
    broken = any(result.verdict.infrastructure or result.of_program for result in results)
    return bool(results) and not broken and not any(map(issue.matches, results))
