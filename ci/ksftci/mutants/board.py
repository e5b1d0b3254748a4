# SPDX-License-Identifier: GPL-2.0-only
"""What came of it: a row for each mutant, and the figures over them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ksftci.mutants.fewest import ChosenCase, case_of, choose
from ksftci.mutants.hunt import Hunt
from ksftci.mutants.journal import Entry
from ksftci.mutants.ledger import Standing
from ksftci.mutants.mutant import Mutant
from ksftci.mutants.plan import SAME, Judgement
from ksftci.mutants.trial import Suite

GROUPS = ("curated", "sample")


@dataclass(frozen=True)
class Row:
    """A mutant. `standings` has the suites that have decided about it."""

    mutant: Mutant
    made: Entry | None
    boot: str  # why it does not, or ""
    standings: Mapping[str, Standing]
    judgement: Judgement | None

    @property
    def status(self) -> str:
        """One word or two: waiting, not compiled, same code, does not boot, tried."""
        if self.made is None:
            return "waiting"
        if self.made["status"] != "built":
            return str(self.made["status"])
        return "does not boot" if self.boot else "tried"

    @property
    def same(self) -> bool:
        """Whether it is thought that no program can tell it from the kernel without a bug, or only by time."""
        return self.judgement is not None and self.judgement.verdict in SAME

    def tried_by(self, suites: Sequence[Suite]) -> bool:
        """Whether all of these have decided."""
        return all(suite.name in self.standings for suite in suites)

    def killed(self, suite: str) -> bool | None:
        """None when the suite has not decided."""
        standing = self.standings.get(suite)
        return None if standing is None else standing.kill is not None


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
    seconds: float  # of all programs


@dataclass(frozen=True)
class Together:
    """A group's mutants that all suites have tried: how many each killed, and each alone."""

    group: str
    tried: int
    killed: Mapping[str, int]
    alone: Mapping[str, int]
    nobody: int


@dataclass(frozen=True)
class Topic:
    """The bugs of the list about one thing that all suites have tried and that can be told: how many each killed.

    `about` is what they break or, where `missing`, the state that no scenario has.
    """

    about: str
    missing: bool
    tried: int
    killed: Mapping[str, int]


def rows(hunt: Hunt, judgements: Mapping[str, Judgement]) -> list[Row]:
    """All mutants that are tried or will be, in order."""
    return [_row(hunt, mutant, judgements) for mutant in hunt.chosen()]


def _row(hunt: Hunt, mutant: Mutant, judgements: Mapping[str, Judgement]) -> Row:
    made = hunt.ledger.made(mutant)
    built = made is not None and made["status"] == "built"
    standings = {suite.name: found for suite in hunt.suites if built and (found := hunt.ledger.standing(suite, mutant))}
    return Row(mutant, made, hunt.ledger.boot(mutant) or "", standings, judgements.get(mutant.name))


def figures(table: Sequence[Row], suites: Sequence[Suite]) -> list[Figures]:
    """For each group that has mutants and each suite."""
    found = []
    for group in GROUPS:
        of_group = [row for row in table if row.mutant.group == group and row.status in ("tried", "waiting")]
        for suite in suites:
            tried = [row for row in of_group if suite.name in row.standings]
            standings = [row.standings[suite.name] for row in tried]
            kills = sorted(standing.seconds for standing in standings if standing.kill)
            same = sum(row.same for row in tried)
            median = kills[len(kills) // 2] if kills else 0.0
            left, seconds = len(of_group) - len(tried), sum(standing.seconds for standing in standings)
            figure = Figures(suite.name, group, len(kills), len(tried), left, len(tried) - same, median, seconds)
            found.append(figure)
    return [figure for figure in found if figure.tried or figure.left]


def together(table: Sequence[Row], suites: Sequence[Suite]) -> list[Together]:
    """For each group that has such mutants; none with one suite."""
    found = []
    for group in GROUPS if len(suites) > 1 else ():
        of_group = [row for row in table if row.mutant.group == group]
        tried = [row for row in of_group if row.tried_by(suites)]
        kills = [[suite.name for suite in suites if row.killed(suite.name)] for row in tried]
        killed = {suite.name: sum(suite.name in names for names in kills) for suite in suites}
        alone = {suite.name: sum(names == [suite.name] for names in kills) for suite in suites}
        if tried:
            found.append(Together(group, len(tried), killed, alone, sum(not names for names in kills)))
    return found


def parts(table: Sequence[Row], suites: Sequence[Suite]) -> list[Topic]:
    """In the order of the list, those with a missing state last."""
    of: dict[tuple[bool, str], list[Row]] = {}
    for row in table:
        mutant = row.mutant
        if mutant.group == "curated" and not row.same and row.tried_by(suites):
            of.setdefault((bool(mutant.missing), mutant.missing or mutant.about or mutant.file), []).append(row)
    found = []
    for (missing, about), some in sorted(of.items(), key=lambda item: item[0][0]):
        killed = {suite.name: sum(bool(row.killed(suite.name)) for row in some) for suite in suites}
        found.append(Topic(about, missing, len(some), killed))
    return found


def data(hunt: Hunt, table: Sequence[Row], version: str) -> dict[str, Any]:
    """Everything, for JSON."""
    return {
        "linux": version,
        "kernel": hunt.ledger.kernel,
        "suites": {suite.name: _suite(hunt, suite) for suite in hunt.suites},
        "figures": [vars(figure) for figure in figures(table, hunt.suites)],
        "together": [vars(found) for found in together(table, hunt.suites)],
        "parts": [vars(part) for part in parts(table, hunt.suites)],
        "mutants": [_told(row) for row in table],
        **({"fewest": {suite.name: _fewest(hunt, table, suite) for suite in hunt.suites}} if hunt.ledger.whole else {}),
    }


def _fewest(hunt: Hunt, table: Sequence[Row], suite: Suite) -> dict[str, list[str]]:
    """Case to the mutants that no case before it kills."""
    return {choice.case: list(choice.kills) for choice in cases(hunt, table, suite)}


def _suite(hunt: Hunt, suite: Suite) -> dict[str, Any]:
    """Its programs, and what they say on the kernel without a bug, as far as that is known."""
    known = {job.name: found for job in suite.jobs if (found := hunt.ledger.baseline(job))}
    return {
        "programs": {job.name: known[job.name].seconds if job.name in known else None for job in suite.jobs},
        "tests": sum(found.tests for found in known.values()),
        "runs": min((found.runs for found in known.values()), default=0),
        "seconds": round(sum(found.seconds for found in known.values()), 1),
        "left_out": {t: sorted(verdicts) for found in known.values() for t, verdicts in found.unstable.items()},
    }


def _told(row: Row) -> dict[str, Any]:
    told: dict[str, Any] = {**row.mutant.fields, "status": row.status}
    if row.status == "not compiled" and row.made:
        told["why"] = row.made["why"]
    if row.boot:
        told["boot"] = row.boot
    told["outcomes"] = {name: _outcome(standing) for name, standing in row.standings.items()}
    if row.judgement:
        told["survivor"] = row.judgement.model_dump(exclude={"name"})
    return told


def _outcome(standing: Standing) -> dict[str, Any]:
    told: dict[str, Any] = {"killed": standing.kill is not None, "asked": standing.asked, "seconds": standing.seconds}
    if standing.kill is not None:
        told |= {field: standing.kill[field] for field in ("by", "verdict", "reason", "log") if standing.kill[field]}
    return told | {name: list(ids) for name in ("unconfirmed", "failed") if (ids := getattr(standing, name))}


def cases(hunt: Hunt, table: Sequence[Row], suite: Suite) -> list[ChosenCase]:
    """The fewest cases of a suite that kill what all of it kills, as far as its tests were all run."""
    failed = {row.mutant.name: row.standings[suite.name].failed for row in table if suite.name in row.standings}
    known = {job.name: found for job in suite.jobs if (found := hunt.ledger.baseline(job))}
    pace = {name: found.seconds / found.tests for name, found in known.items() if found.tests}
    names = {case_of(test) for tests in failed.values() for test in tests}
    return choose(failed, {case: pace.get(case.partition(".")[0], 1.0) or 0.001 for case in names})


def dropped(hunt: Hunt) -> Counter[str]:
    """How many of the sample could not be tried, and why."""
    entries = map(hunt.ledger.made, hunt.sample)
    return Counter(str(entry["status"]) for entry in entries if entry and entry["status"] != "built")


def survivors(table: Iterable[Row], suite: str) -> list[Row]:
    """Those that a suite has not noticed."""
    return [row for row in table if row.killed(suite) is False]
