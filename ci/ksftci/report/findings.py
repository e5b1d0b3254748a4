# SPDX-License-Identifier: GPL-2.0-only
"""What a reader of many results asks first: what failed and where, what was missing, what wavers.

Every report for people is made from these, so that all of them say the same.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ksftci.report.pagemap import page_map
from ksftci.results.model import UNNAMED, Run, TestResult, Verdict, differing_verdicts

COLUMNS = (
    ("pass", (Verdict.PASS, Verdict.XPASS)),
    ("fail", (Verdict.FAIL,)),
    ("skip", (Verdict.SKIP,)),
    ("xfail", (Verdict.XFAIL,)),
    ("broken", (Verdict.TIMEOUT, Verdict.CRASH, Verdict.ERROR)),
    ("not run", (Verdict.NOT_RUN,)),
)
_CAPABILITY = re.compile(r"([^:]{1,60}): ")  # "order 9: no hugepages-2048kB"
_URL = re.compile(r"https?://[^\s<>\"'`]+[^\s<>\"'`.,;:)]")


@dataclass
class Finding:
    """What was the same in several results: what they have in common, and which they are."""

    title: str
    found: list[tuple[Run, TestResult]] = field(default_factory=list)

    @property
    def first(self) -> TestResult:
        """The result that stands for all."""
        return self.found[0][1]

    @property
    def kernels(self) -> list[str]:
        """Labels of the runs that it was seen in, each once."""
        return list(dict.fromkeys(run.label for run, _ in self.found))

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """(reason, how many results), most frequent first."""
        return Counter(result.reason for _, result in self.found).most_common()


@dataclass(frozen=True)
class Unsteady:
    """A test that did not end the same way every time on one kernel; None: it did not appear."""

    kernel: str
    test: str
    verdicts: list[Verdict | None]
    retried: bool  # else the whole run was repeated

    @property
    def words(self) -> str:
        """The verdicts in their order."""
        join = ", then " if self.retried else ", "
        return join.join(verdict.value if verdict else "absent" for verdict in self.verdicts)


def failures(runs: Iterable[Run]) -> list[Finding]:
    """Bad results but those that never ran; one finding for a test that ended the same way in several runs."""
    return _gather(
        ((result.id, result.verdict, result.reason), result.id, run, result)
        for run, result in _all(runs)
        if result.verdict.bad and result.verdict is not Verdict.NOT_RUN
    )


def not_run(runs: Iterable[Run]) -> list[Finding]:
    """What never ran, by the reason."""
    return _gather(
        (result.reason, result.reason or "no reason given", run, result)
        for run, result in _all(runs)
        if result.verdict is Verdict.NOT_RUN
    )


def missing(runs: Iterable[Run]) -> list[Finding]:
    """Skips by the capability that was missing, the most frequent first.

    That is the reason's part before a colon, "order 9: no hugepages-2048kB", else the whole reason.
    """
    found = _gather(
        (title, title, run, result)
        for run, result in _all(runs)
        if result.verdict is Verdict.SKIP
        for title in [capability(result.reason)]
    )
    return sorted(found, key=lambda finding: -len(finding.found))


def capability(reason: str) -> str:
    """What a test says that it lacks, in the reason of its skip."""
    match = _CAPABILITY.match(reason)
    return (match[1] if match else reason).strip(" .") or "no reason given"


def known(runs: Iterable[Run]) -> list[Finding]:
    """Failures that a known issue explains, by the issue."""
    return _gather(
        (result.known, result.known, run, result)
        for run, result in _all(runs)
        if result.known and result.verdict is not Verdict.XPASS
    )


def unexpected(runs: Iterable[Run]) -> list[Finding]:
    """Tests that passed although a failure was expected."""
    return _gather((result.id, result.id, run, result) for run, result in _all(runs) if result.verdict is Verdict.XPASS)


def unusual(runs: Iterable[Run]) -> list[Finding]:
    """Numbers that are far from what they usually are: to be looked at, no failures."""
    return _gather(
        (title, title, run, result)
        for run, result in _all(runs)
        for one in result.measured
        if one.unusual
        for title in [f"{result.id}: {one.name} {one.digits} {one.unit}, usually {one.usual:.3g}"]
    )


def unsteady(runs: Sequence[Run]) -> list[Unsteady]:
    """Tests that a retry or a repeat ended otherwise."""
    retried = [
        Unsteady(run.label, result.id, [*result.earlier, result.verdict], True)
        for run, result in _all(runs)
        if result.flaky
    ]
    repeated = [
        Unsteady(kernel or UNNAMED, test, verdicts, False)
        for (kernel, test), verdicts in differing_verdicts(runs).items()
    ]
    return [*retried, *repeated]


def headline(runs: Sequence[Run]) -> str:
    """One sentence that says how it went."""
    tests = len({result.id for _, result in _all(runs)})
    where = _count(len(runs), "run" if any(run.repeat > 1 for run in runs) else "kernel")
    failed = failures(runs)
    if not failed:
        text = f"{_count(tests, 'test')} on {where}: none failed"
    else:
        titles = {finding.title for finding in failed}
        kernels = len({id(run) for finding in failed for run, _ in finding.found})
        text = f"{len(titles)} of {_count(tests, 'test')} failed, on {kernels} of {where}"
    for verdict, word in ((Verdict.SKIP, "skipped"), (Verdict.NOT_RUN, "not run")):
        if count := len({result.id for _, result in _all(runs) if result.verdict is verdict}):
            text += f", {count} {word}" + (" on some" if len(runs) > 1 else "")
    found = unsteady(runs)
    for retried, word in ((True, "flaky"), (False, "not the same in every run")):
        if count := len({one.test for one in found if one.retried is retried}):
            text += f", {count} {word}"
    return f"{text}, interrupted" if any(run.interrupted for run in runs) else text


def excerpt(result: TestResult, lines: int) -> list[str]:
    """The end of a log, and before it the page map if the end does not have all of it."""
    end, drawn = result.log[-lines:], page_map(result.log)
    return end if not drawn or drawn == page_map(end) else [*drawn, "...", *end]


def seconds(run: Run) -> float:
    """How long a run took; of a log, what its tests took."""
    return run.seconds or sum(suite.seconds for suite in run.programs)


def bad(run: Run) -> bool:
    """Whether anything in a run failed."""
    return any(result.verdict.bad for result in run.results)


def some(names: Sequence[str], limit: int = 3) -> str:
    """The first few of several names, and how many more there are."""
    if len(names) <= limit + 1:
        return ", ".join(names)
    return f"{', '.join(names[:limit])} and {len(names) - limit} more"


def link(text: str) -> str:
    """The first address in a text, or nothing."""
    match = _URL.search(text)
    return match[0] if match else ""


def _all(runs: Iterable[Run]) -> Iterable[tuple[Run, TestResult]]:
    return ((run, result) for run in runs for result in run.results)


def _gather(found: Iterable[tuple[object, str, Run, TestResult]]) -> list[Finding]:
    """One finding for each key, in the order of the first."""
    findings: dict[object, Finding] = {}
    for key, title, run, result in found:
        findings.setdefault(key, Finding(title)).found.append((run, result))
    return list(findings.values())


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
