# SPDX-License-Identifier: GPL-2.0-only
"""Known issues: failures that are expected for now, each with a reason, a link and an end."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from ksftci.host.yamlfile import read_list
from ksftci.results.model import KNOWN_ISSUES, Run, TestResult, Verdict
from ksftci.results.release import numbers, on_machine, version

_BOUND = re.compile(r"(>=|<=|>|<|=|)(\d+(?:\.\d+)*)")


def _filled(text: str) -> str:
    if not text.strip() or "\n" in text.strip():
        raise ValueError("must be one line of text")
    return text.strip()


def _kernels(text: str) -> str:
    if re.match(r"[\d<>=]", text) and not all(map(_BOUND.fullmatch, text.split())):
        raise ValueError(
            'is no range; allowed: ">=6.9 <6.12", "6.12" for all of 6.12, or a name such as "debian:*-16k"'
        )
    return _filled(text)


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


Text = Annotated[str, AfterValidator(_filled)]
Failure = Literal["fail", "timeout", "crash", "error", "not_run"]


class Issue(BaseModel):
    """What is expected to fail, where, why and until when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    test: Text  # fnmatch pattern over program.name
    reason: Text
    link: Annotated[str, AfterValidator(_https)]
    expires: Annotated[date, BeforeValidator(_date)]  # the last day on which it holds
    kernels: Annotated[str, AfterValidator(_kernels)] = "*"  # a range of versions, or a pattern over the label
    arch: Literal["arm64", "x86_64"] | None = None
    page_size: Literal["4K", "16K", "64K"] | None = None
    verdicts: Annotated[list[Failure], Field(min_length=1)] = ["fail", "timeout", "crash", "error"]
    strict: Annotated[bool, BeforeValidator(_yes)] = False

    @property
    def told(self) -> str:
        """The reason and the link, as results carry them."""
        return f"{self.reason} ({self.link})"

    def concerns(self, run: Run) -> bool:
        """Whether it is about the kernel and the machine of this run."""
        return _is_among(run, self.kernels) and on_machine(run, self.arch, self.page_size)

    def names(self, result: TestResult) -> bool:
        """Whether the test is one of those that it is about."""
        return fnmatchcase(result.id, self.test)


@dataclass(frozen=True)
class KnownIssues:
    """A file of them: a YAML list. Of several that name a test, the first one counts."""

    path: Path
    issues: Sequence[tuple[int, Issue]]  # line, from 1

    @classmethod
    def read(cls, path: Path) -> "KnownIssues":
        """Raises CiError with every problem of the file, each with line and column."""
        return cls(path, read_list(path, Issue))

    def judge(self, run: Run) -> None:
        """Failures that are expected become XFAIL, passes that are not XPASS; both keep reason and log."""
        issues = [issue for _, issue in self.issues if issue.concerns(run)]
        for result in run.results:
            issue = next((issue for issue in issues if issue.names(result)), None)
            if issue is None:
                continue
            if result.verdict.value in issue.verdicts:
                result.verdict = Verdict.XFAIL
                result.known = issue.told
            elif result.verdict is Verdict.PASS:
                result.verdict = Verdict.FAIL if issue.strict else Verdict.XPASS
                result.reason = "passed, and is expected to fail" if issue.strict else result.reason
                result.known = issue.told

    def check(self, runs: Iterable[Run], today: date) -> None:
        """Add what is wrong with the file itself, after all is run and judged.

        An entry that is about a kernel that was run and has expired is a failing result. One that
        names none of a program's tests, although all of them were run, is an anomaly.
        """
        for run in runs:
            there = {result.id for result in run.results}
            for line, issue in self.issues:
                if not issue.concerns(run):
                    continue
                if _names_none(issue, run):
                    run.anomalies.append(f"{self.path}:{line}: no test is called {issue.test}")
                if issue.expires < today:
                    reason = f"expired on {issue.expires}, renew or remove: {issue.told}"
                    result = TestResult(KNOWN_ISSUES, issue.test, Verdict.FAIL, reason)
                    result.file, result.line = str(self.path), line
                    run.results += [] if result.id in there else [result]


def _is_among(run: Run, kernels: str) -> bool:
    bounds = [_BOUND.fullmatch(word) for word in kernels.split()]
    if not all(bounds):
        return fnmatchcase(run.kernel, kernels)
    release = version(run)
    return release is not None and all(_holds(release, bound[1], numbers(bound[2])) for bound in bounds if bound)


def _holds(version: tuple[int, ...], sign: str, bound: tuple[int, ...]) -> bool:
    """A bound counts as many parts as it has: 6.12.117 is 6.12, and <=6.12."""
    least = (version + (0,) * len(bound))[: len(bound)]
    return {
        "": least == bound,
        "=": least == bound,
        "<": least < bound,
        "<=": least <= bound,
        ">": least > bound,
        ">=": least >= bound,
    }[sign]


def _names_none(issue: Issue, run: Run) -> bool:
    """Whether all tests of its programs were run in full, and none is called so."""
    if run.interrupted or run.environment.keys() & {"chosen", "shard"}:
        return False
    program = issue.test.partition(".")[0]
    ran = [result for result in run.results if fnmatchcase(result.program, program)]
    broken = any(result.verdict.infrastructure or result.of_program for result in ran)
    return bool(ran) and not broken and not any(map(issue.names, ran))
