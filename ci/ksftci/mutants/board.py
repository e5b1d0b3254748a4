# SPDX-License-Identifier: GPL-2.0-only
"""What came of it: a row for each mutant, and the figures over them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ksftci.mutants.hunt import BOOT, MADE, Hunt
from ksftci.mutants.journal import Entry
from ksftci.mutants.mutant import Mutant
from ksftci.mutants.plan import Judgement
from ksftci.mutants.trial import Suite

GROUPS = ("curated", "sample")


@dataclass(frozen=True)
class Row:
    """A mutant. `outcomes` has the suites that have tried it."""

    mutant: Mutant
    made: Entry | None
    boot: str  # why it does not, or ""
    outcomes: Mapping[str, Entry]
    judgement: Judgement | None

    @property
    def status(self) -> str:
        """One word or two: waiting, not compiled, same code, does not boot, tried."""
        if self.made is None:
            return "waiting"
        if self.made["status"] != "built":
            return str(self.made["status"])
        return "does not boot" if self.boot else "tried"

    def killed(self, suite: str) -> bool | None:
        """None when the suite has not tried it."""
        outcome = self.outcomes.get(suite)
        return None if outcome is None else bool(outcome["killed"])


@dataclass(frozen=True)
class Figures:
    """One suite and one group of mutants. `left` are those that the suite has not tried yet."""

    suite: str
    group: str
    killed: int
    tried: int
    left: int
    unlike: int  # of those tried, the ones that some program can tell from the kernel without a bug
    median: float  # seconds to a kill
    spent: float  # seconds of all boots


def rows(hunt: Hunt, judgements: Mapping[str, Judgement]) -> list[Row]:
    """All mutants that are tried or will be, in order."""
    return [_row(hunt, mutant, judgements) for mutant in hunt.chosen()]


def _row(hunt: Hunt, mutant: Mutant, judgements: Mapping[str, Judgement]) -> Row:
    boot = hunt.journal.get(BOOT, mutant.digest)
    outcomes: dict[str, Entry] = {}
    for suite in hunt.suites:
        entry = hunt.journal.get(hunt.key(suite), mutant.digest)
        if entry is not None:
            outcomes[suite.name] = entry
    made = hunt.journal.get(MADE, mutant.digest)
    return Row(mutant, made, str(boot["why"]) if boot else "", outcomes, judgements.get(mutant.name))


def figures(table: Sequence[Row], suites: Sequence[Suite]) -> list[Figures]:
    """For each group that has mutants and each suite."""
    found = []
    for group in GROUPS:
        of_group = [row for row in table if row.mutant.group == group and row.status in ("tried", "waiting")]
        for suite in suites:
            outcomes = [(row, row.outcomes[suite.name]) for row in of_group if suite.name in row.outcomes]
            kills = sorted(float(outcome["seconds"]) for _, outcome in outcomes if outcome["killed"])
            same = sum(
                row.judgement is not None and row.judgement.verdict in ("equivalent", "slower") for row, _ in outcomes
            )
            found.append(
                Figures(
                    suite.name,
                    group,
                    len(kills),
                    len(outcomes),
                    len(of_group) - len(outcomes),
                    len(outcomes) - same,
                    kills[len(kills) // 2] if kills else 0.0,
                    sum(float(outcome["spent"]) for _, outcome in outcomes),
                )
            )
    return [figure for figure in found if figure.tried or figure.left]


def data(hunt: Hunt, table: Sequence[Row], version: str) -> dict[str, Any]:
    """Everything, for JSON."""
    suites = {}
    for suite in hunt.suites:
        baseline = hunt.baseline(suite)
        suites[suite.name] = {
            "programs": [job.name for job in suite.jobs],
            "digest": suite.digest,
            **(
                {
                    "tests": baseline.tests,
                    "seconds": baseline.seconds,
                    "left_out": {test: sorted(verdicts) for test, verdicts in baseline.unstable.items()},
                }
                if baseline
                else {}
            ),
        }
    return {
        "linux": version,
        "suites": suites,
        "figures": [vars(figure) for figure in figures(table, hunt.suites)],
        "mutants": [_told(row) for row in table],
    }


def _told(row: Row) -> dict[str, Any]:
    told: dict[str, Any] = {**row.mutant.fields, "status": row.status}
    if row.status == "not compiled" and row.made:
        told["why"] = row.made["why"]
    if row.boot:
        told["boot"] = row.boot
    told["outcomes"] = {
        name: {
            field: value
            for field, value in outcome.items()
            if field not in ("key", "name") and value not in ("", [], ())
        }
        for name, outcome in row.outcomes.items()
    }
    if row.judgement:
        told["survivor"] = row.judgement.model_dump(exclude={"name"})
    return told


def dropped(hunt: Hunt) -> Counter[str]:
    """How many of the sample could not be tried, and why."""
    entries = (hunt.journal.get(MADE, mutant.digest) for mutant in hunt.sample)
    return Counter(str(entry["status"]) for entry in entries if entry and entry["status"] != "built")


def survivors(table: Iterable[Row], suite: str) -> list[Row]:
    """Those that a suite has not noticed."""
    return [row for row in table if row.killed(suite) is False]
