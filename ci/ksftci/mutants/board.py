# SPDX-License-Identifier: GPL-2.0-only
"""The results of a hunt: a row for each mutant, figures over the rows, and all of it as data for JSON."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ksftci.mutants.fewest import ChosenCase, case_of, choose
from ksftci.mutants.hunt import Hunt
from ksftci.mutants.journal import Entry
from ksftci.mutants.ledger import SuiteOutcome
from ksftci.mutants.mutant import Mutant
from ksftci.mutants.plan import INDISTINGUISHABLE, Judgement
from ksftci.mutants.trial import Suite

GROUPS = ("curated", "sample")


@dataclass(frozen=True)
class Row:
    """A mutant and what is recorded about it."""

    mutant: Mutant
    build: Entry | None
    boot_problem: str  # "" when it boots
    outcomes: Mapping[str, SuiteOutcome]  # of the suites that have decided
    judgement: Judgement | None

    @property
    def status(self) -> str:
        """How far it got: waiting, not compiled, same code, does not boot, or tried."""
        if self.build is None:
            return "waiting"
        if self.build["status"] != "built":
            return str(self.build["status"])
        return "does not boot" if self.boot_problem else "tried"

    @property
    def indistinguishable(self) -> bool:
        """Whether no test can be expected to kill it, by judgement."""
        return self.judgement is not None and self.judgement.verdict in INDISTINGUISHABLE

    def tried_by(self, suites: Sequence[Suite]) -> bool:
        """Whether all of these suites have decided."""
        return all(suite.name in self.outcomes for suite in suites)

    def killed(self, suite: str) -> bool | None:
        """Whether a suite kills it; None while the suite has not decided."""
        outcome = self.outcomes.get(suite)
        return None if outcome is None else outcome.kill is not None


@dataclass(frozen=True)
class Figures:
    """The figures of one suite and one group of mutants. The field names are keys of mutants.json."""

    suite: str
    group: str
    killed: int
    tried: int
    left: int  # to be tried
    unlike: int  # tried, without the indistinguishable ones
    median: float  # seconds to a kill
    seconds: float  # of all programs on all mutants


@dataclass(frozen=True)
class GroupComparison:
    """A group's mutants that all suites have tried, and who killed them. The field names are keys of mutants.json."""

    group: str
    tried: int
    killed: Mapping[str, int]  # by suite
    alone: Mapping[str, int]  # by suite: killed by no other
    nobody: int  # killed by no suite


@dataclass(frozen=True)
class Topic:
    """The curated mutants about one thing that all suites have tried, without the indistinguishable ones.

    `about` is what they break or, with `missing`, the state that no scenario has. The field names are keys of
    mutants.json.
    """

    about: str
    missing: bool
    tried: int
    killed: Mapping[str, int]  # by suite


def rows(hunt: Hunt, judgements: Mapping[str, Judgement]) -> list[Row]:
    """A row for each mutant that was or will be tried, in order."""
    return [_row(hunt, mutant, judgements) for mutant in hunt.mutants()]


def _row(hunt: Hunt, mutant: Mutant, judgements: Mapping[str, Judgement]) -> Row:
    ledger, build = hunt.ledger, hunt.ledger.build(mutant)
    built = build is not None and build["status"] == "built"
    outcomes = {s.name: outcome for s in hunt.suites if built and (outcome := ledger.suite_outcome(s, mutant))}
    return Row(mutant, build, ledger.boot_problem(mutant) or "", outcomes, judgements.get(mutant.name))


def figures(table: Sequence[Row], suites: Sequence[Suite]) -> list[Figures]:
    """The figures of each suite in each group that has mutants."""
    all_figures = []
    for group in GROUPS:
        of_group = [row for row in table if row.mutant.group == group and row.status in ("tried", "waiting")]
        for suite in suites:
            tried = [row for row in of_group if suite.name in row.outcomes]
            outcomes = [row.outcomes[suite.name] for row in tried]
            kills = sorted(outcome.seconds for outcome in outcomes if outcome.kill)
            indistinguishable = sum(row.indistinguishable for row in tried)
            figure = Figures(
                suite.name,
                group,
                killed=len(kills),
                tried=len(tried),
                left=len(of_group) - len(tried),
                unlike=len(tried) - indistinguishable,
                median=kills[len(kills) // 2] if kills else 0.0,
                seconds=sum(outcome.seconds for outcome in outcomes),
            )
            all_figures.append(figure)
    return [figure for figure in all_figures if figure.tried or figure.left]


def compare_groups(table: Sequence[Row], suites: Sequence[Suite]) -> list[GroupComparison]:
    """A comparison for each group that has mutants that all suites have tried; [] with fewer than two suites."""
    comparisons = []
    for group in GROUPS if len(suites) > 1 else ():
        tried = [row for row in table if row.mutant.group == group and row.tried_by(suites)]
        killers = [[suite.name for suite in suites if row.killed(suite.name)] for row in tried]
        killed = {suite.name: sum(suite.name in names for names in killers) for suite in suites}
        alone = {suite.name: sum(names == [suite.name] for names in killers) for suite in suites}
        if tried:
            nobody = sum(not names for names in killers)
            comparisons.append(GroupComparison(group, len(tried), killed, alone, nobody))
    return comparisons


def topics(table: Sequence[Row], suites: Sequence[Suite]) -> list[Topic]:
    """The topics of the curated mutants in the order of the list, those with a missing state last."""
    rows_of: dict[tuple[bool, str], list[Row]] = {}
    for row in table:
        mutant = row.mutant
        if mutant.group == "curated" and not row.indistinguishable and row.tried_by(suites):
            about = mutant.missing or mutant.about or mutant.file
            rows_of.setdefault((bool(mutant.missing), about), []).append(row)
    result = []
    for (missing, about), of_topic in sorted(rows_of.items(), key=lambda item: item[0][0]):
        killed = {suite.name: sum(bool(row.killed(suite.name)) for row in of_topic) for suite in suites}
        result.append(Topic(about, missing, len(of_topic), killed))
    return result


def data(hunt: Hunt, table: Sequence[Row], version: str) -> dict[str, Any]:
    """Everything, as the content of mutants.json; `version` is that of the tree."""
    fewest = {suite.name: _fewest_data(hunt, table, suite) for suite in hunt.suites} if hunt.ledger.every_test else None
    return {
        "linux": version,
        "kernel": hunt.ledger.kernel,
        "suites": {suite.name: _suite_data(hunt, suite) for suite in hunt.suites},
        "figures": [vars(figure) for figure in figures(table, hunt.suites)],
        "together": [vars(comparison) for comparison in compare_groups(table, hunt.suites)],
        "parts": [vars(topic) for topic in topics(table, hunt.suites)],
        "mutants": [_mutant_data(row) for row in table],
        **({"fewest": fewest} if fewest is not None else {}),
    }


def _fewest_data(hunt: Hunt, table: Sequence[Row], suite: Suite) -> dict[str, list[str]]:
    """Case to the mutants that no case before it kills."""
    return {choice.case: list(choice.kills) for choice in fewest_cases(hunt, table, suite)}


def _suite_data(hunt: Hunt, suite: Suite) -> dict[str, Any]:
    """The programs of a suite, and their results on the unchanged kernel as far as they are recorded."""
    baselines = {job.name: baseline for job in suite.jobs if (baseline := hunt.ledger.baseline(job))}
    return {
        "programs": {job.name: baselines[job.name].seconds if job.name in baselines else None for job in suite.jobs},
        "tests": sum(baseline.tests for baseline in baselines.values()),
        "runs": min((baseline.runs for baseline in baselines.values()), default=0),
        "seconds": round(sum(baseline.seconds for baseline in baselines.values()), 1),
        "left_out": {test: sorted(v) for baseline in baselines.values() for test, v in baseline.unstable.items()},
    }


def _mutant_data(row: Row) -> dict[str, Any]:
    entry: dict[str, Any] = {**row.mutant.fields, "status": row.status}
    if row.status == "not compiled" and row.build:
        entry["why"] = row.build["why"]
    if row.boot_problem:
        entry["boot"] = row.boot_problem
    entry["outcomes"] = {name: _outcome_data(outcome) for name, outcome in row.outcomes.items()}
    if row.judgement:
        entry["survivor"] = row.judgement.model_dump(exclude={"name"})
    return entry


def _outcome_data(outcome: SuiteOutcome) -> dict[str, Any]:
    kill = outcome.kill
    entry: dict[str, Any] = {"killed": kill is not None, "asked": outcome.programs, "seconds": outcome.seconds}
    if kill is not None:
        entry |= {name: kill[name] for name in ("by", "verdict", "reason", "log") if kill[name]}
    tests = {"unconfirmed": outcome.unconfirmed, "failed": outcome.failed}
    return entry | {name: list(ids) for name, ids in tests.items() if ids}


def fewest_cases(hunt: Hunt, table: Sequence[Row], suite: Suite) -> list[ChosenCase]:
    """A small set of the suite's cases that kills every mutant that the suite kills; needs runs of every test."""
    failed = {row.mutant.name: row.outcomes[suite.name].failed for row in table if suite.name in row.outcomes}
    baselines = {job.name: baseline for job in suite.jobs if (baseline := hunt.ledger.baseline(job))}
    pace = {name: baseline.seconds / baseline.tests for name, baseline in baselines.items() if baseline.tests}
    names = {case_of(test) for tests in failed.values() for test in tests}
    return choose(failed, {case: pace.get(case.partition(".")[0], 1.0) or 0.001 for case in names})


def not_built(hunt: Hunt) -> Counter[str]:
    """How many mutants of the sample have no image, by status."""
    entries = map(hunt.ledger.build, hunt.sample)
    return Counter(str(entry["status"]) for entry in entries if entry and entry["status"] != "built")


def survivors(table: Iterable[Row], suite: str) -> list[Row]:
    """The mutants that a suite has tried and not killed."""
    return [row for row in table if row.killed(suite) is False]
