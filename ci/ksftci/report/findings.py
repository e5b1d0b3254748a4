# SPDX-License-Identifier: GPL-2.0-only
"""Find what a reader of many results needs first: failures, missing capabilities, known issues, unsteady tests.

All reports for people are made of these findings, so that they agree with each other.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ksftci.report.pagemap import page_map
from ksftci.results.model import UNNAMED, Run, TestResult, Verdict, differing_verdicts

Column = tuple[str, tuple[Verdict, ...]]  # of a table that counts results: title and verdicts
COLUMNS: tuple[Column, ...] = (
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
    """Results that have something in common; the title says what."""

    title: str
    results: list[tuple[Run, TestResult]] = field(default_factory=list)

    @property
    def first(self) -> TestResult:
        """The first result, which a report shows as the example."""
        return self.results[0][1]

    @property
    def kernels(self) -> list[str]:
        """Labels of the runs that have these results, each once."""
        return list(dict.fromkeys(run.label for run, _ in self.results))

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """(reason, number of results), the most frequent first."""
        return Counter(result.reason for _, result in self.results).most_common()


@dataclass(frozen=True)
class Unsteady:
    """A test with different verdicts on one kernel."""

    kernel: str
    test: str
    verdicts: list[Verdict | None]  # in the order of attempts or repeats; None for a repeat without the test
    retried: bool  # whether the verdicts are of attempts in one run, else of repeats of the run

    @property
    def text(self) -> str:
        """The verdicts in their order: "fail, then pass" of attempts, "fail, pass, absent" of repeats."""
        separator = ", then " if self.retried else ", "
        return separator.join(verdict.value if verdict else "absent" for verdict in self.verdicts)


def columns(counts: Iterable[Counter[Verdict]]) -> list[Column]:
    """The columns that a table of such counts needs: the first three always, others if there is a number in them."""
    total = sum(counts, Counter[Verdict]())
    return [*COLUMNS[:3], *(column for column in COLUMNS[3:] if any(map(total.get, column[1])))]


def failures(runs: Iterable[Run]) -> list[Finding]:
    """Failed tests, without those that did not run. A test that failed alike in several runs is one finding."""
    return _group(
        ((result.id, result.verdict, result.reason), result.id, run, result)
        for run, result in _results(runs)
        if result.verdict.bad and result.verdict is not Verdict.NOT_RUN
    )


def not_run(runs: Iterable[Run]) -> list[Finding]:
    """Tests that did not run, grouped by reason."""
    return _group(
        (result.reason, result.reason or "no reason given", run, result)
        for run, result in _results(runs)
        if result.verdict is Verdict.NOT_RUN
    )


def missing_capabilities(runs: Iterable[Run]) -> list[Finding]:
    """Skipped tests, grouped by the capability that was missing, the most frequent first."""
    findings = _group(
        (title, title, run, result)
        for run, result in _results(runs)
        if result.verdict is Verdict.SKIP
        for title in [capability(result.reason)]
    )
    return sorted(findings, key=lambda finding: -len(finding.results))


def capability(reason: str) -> str:
    """The missing capability in a skip's reason: at most 60 characters before the first ": ", else all of it."""
    match = _CAPABILITY.match(reason)
    return (match[1] if match else reason).strip(" .") or "no reason given"


def known_issues(runs: Iterable[Run]) -> list[Finding]:
    """Failures that a known issue explains, grouped by issue."""
    return _group(
        (result.known, result.known, run, result)
        for run, result in _results(runs)
        if result.known and result.verdict is not Verdict.XPASS
    )


def expected_complaints(runs: Iterable[Run]) -> list[Finding]:
    """What the kernel complained of as tests meant it to, grouped by the complaint's reason and by program."""
    return _group(
        ((result.program, text), f"{result.program}: {text}", run, result)
        for run, result in _results(runs)
        for text in result.expected
    )


def unexpected_passes(runs: Iterable[Run]) -> list[Finding]:
    """Tests that passed although a failure was expected."""
    return _group(
        (result.id, result.id, run, result) for run, result in _results(runs) if result.verdict is Verdict.XPASS
    )


def unusual_measurements(runs: Iterable[Run]) -> list[Finding]:
    """Measurements far from their usual value, which are worth a look but no failures."""
    return _group(
        (title, title, run, result)
        for run, result in _results(runs)
        for number in result.measured
        if number.unusual
        for title in [f"{result.id}: {number.name} {number.digits} {number.unit}, usually {number.usual:.3g}"]
    )


def unsteady_tests(runs: Sequence[Run]) -> list[Unsteady]:
    """Tests whose verdict differs between the attempts in a run, or between repeats of the run."""
    retried = [
        Unsteady(run.label, result.id, [*result.earlier, result.verdict], True)
        for run, result in _results(runs)
        if result.flaky
    ]
    repeated = [
        Unsteady(kernel or UNNAMED, test, verdicts, False)
        for (kernel, test), verdicts in differing_verdicts(runs).items()
    ]
    return [*retried, *repeated]


def headline(runs: Sequence[Run]) -> str:
    """The outcome of all runs in one sentence: "3 of 8 tests failed, on 1 of 2 kernels, 2 skipped on some"."""
    tests = len({result.id for _, result in _results(runs)})
    where = _count(len(runs), "run" if any(run.repeat > 1 for run in runs) else "kernel")
    failed = failures(runs)
    if not failed:
        text = f"{_count(tests, 'test')} on {where}: {'none failed' if tests else 'nothing ran'}"
    else:
        titles = {finding.title for finding in failed}
        kernels = len({id(run) for finding in failed for run, _ in finding.results})
        text = f"{len(titles)} of {_count(tests, 'test')} failed"
        text += f", on {kernels} of {where}" if len(runs) > 1 else ""
    for verdict, participle in ((Verdict.SKIP, "skipped"), (Verdict.NOT_RUN, "not run")):
        if count := len({result.id for _, result in _results(runs) if result.verdict is verdict}):
            text += f", {count} {participle}" + (" on some" if len(runs) > 1 else "")
    unsteady = unsteady_tests(runs)
    for retried, description in ((True, "flaky"), (False, "differing between repeats")):
        if count := len({entry.test for entry in unsteady if entry.retried is retried}):
            text += f", {count} {description}"
    return f"{text}, interrupted" if any(run.interrupted for run in runs) else text


def excerpt(result: TestResult, lines: int) -> list[str]:
    """The last lines of a log. The page map comes first when it is not complete in them."""
    end, drawn = result.log[-lines:], page_map(result.log)
    return end if not drawn or drawn == page_map(end) else [*drawn, "...", *end]


def duration(run: Run) -> float:
    """Seconds that a run took; when they are unknown, as in a log, the sum over its tests."""
    return run.seconds or sum(suite.seconds for suite in run.programs)


def has_failures(run: Run) -> bool:
    """Whether anything in a run failed."""
    return any(result.verdict.bad for result in run.results)


def first_names(names: Sequence[str], limit: int = 3) -> str:
    """The names in one text: all up to limit + 1, else the first `limit` and how many more there are."""
    if len(names) <= limit + 1:
        return ", ".join(names)
    return f"{', '.join(names[:limit])} and {len(names) - limit} more"


def first_url(text: str) -> str:
    """The first http or https address in a text, or ""."""
    match = _URL.search(text)
    return match[0] if match else ""


def _results(runs: Iterable[Run]) -> Iterable[tuple[Run, TestResult]]:
    return ((run, result) for run in runs for result in run.results)


def _group(results: Iterable[tuple[object, str, Run, TestResult]]) -> list[Finding]:
    """Group (key, title, run, result) by key: a finding for each key, in the order of the first results."""
    findings: dict[object, Finding] = {}
    for key, title, run, result in results:
        findings.setdefault(key, Finding(title)).results.append((run, result))
    return list(findings.values())


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
