# SPDX-License-Identifier: GPL-2.0-only
"""The progress and the results of a hunt in a terminal."""

import threading
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ksftci.mutants import board
from ksftci.mutants.board import Figures, Row, Topic
from ksftci.mutants.hunt import Hunt
from ksftci.mutants.journal import Entry
from ksftci.mutants.ledger import SuiteOutcome
from ksftci.mutants.mutant import Mutant
from ksftci.mutants.trial import Suite
from ksftci.report import unbroken

_SURVIVORS_SHOWN = 60
_TESTS_SHOWN = 8
_NUMBERS = ("killed", "tried", "distinguishable", "left", "median s", "min in all")


class Progress:
    """Prints a line for each thing that happens in a hunt, with the rate and the time that is left."""

    def __init__(self, console: Console, clock: Callable[[], float]) -> None:
        self.console, self.clock = console, clock
        self._lock = threading.Lock()
        self._hunt: Hunt | None = None
        self._began = 0.0
        self._done = 0

    def begin(self, hunt: Hunt) -> None:
        """Start the clock of this hunt."""
        self._hunt, self._began = hunt, self.clock()

    def baseline(self, suite: Suite, programs: int, runs: int) -> None:
        """So many programs of a suite start so many runs on the unchanged kernel."""
        self._print(f"{suite.name}: {programs} programs on the unchanged kernel, {runs} times each")

    def built(self, mutant: Mutant, entry: Entry) -> None:
        """A build has ended; one with an image gets its line when it has been tried."""
        if entry["status"] != "built":
            self._print(f"{mutant.name}: {entry['status']}: {entry['why']}")

    def not_booted(self, mutant: Mutant, problem: str) -> None:
        """A mutant does not boot."""
        self._print_trial(f"{mutant.name}: does not boot: {problem}")

    def tried(self, mutant: Mutant, suite: str, outcome: SuiteOutcome) -> None:
        """A suite has killed a mutant or has no programs left for it."""
        if outcome.kill is not None:
            self._print_trial(f"{mutant.name}: {suite} killed it in {outcome.seconds:.0f} s by {outcome.kill['by']}")
        else:
            effort = f"{outcome.seconds:.0f} s" if outcome.programs else "no program executes the line"
            self._print_trial(f"{mutant.name}: survived {suite}, {effort}")

    def _print_trial(self, text: str) -> None:
        with self._lock:
            self._done += 1
            self.console.print(f"{text}  [{self._rate()}]", markup=False, highlight=False, soft_wrap=True)

    def _rate(self) -> str:
        assert self._hunt is not None
        hours = (self.clock() - self._began) / 3600
        table = board.rows(self._hunt, {})
        left = sum(figure.left for figure in board.figures(table, self._hunt.suites))
        rate = self._done / hours if hours else 0.0
        remaining = f", {left / rate * 60:.0f} min left" if rate else ""
        return f"{rate:.0f} trials an hour, {left} to do{remaining}"

    def _print(self, text: str) -> None:
        with self._lock:
            self.console.print(text, markup=False, highlight=False, soft_wrap=True)


def show(hunt: Hunt, rows: Sequence[Row], console: Console) -> None:
    """Print the survivors, the tests and mutants that are left out, and the figures."""
    for suite in hunt.suites:
        _print_survivors(suite.name, board.survivors(rows, suite.name), console)
        baselines = {job.name: baseline for job in suite.jobs if (baseline := hunt.ledger.baseline(job))}
        useless = [name for name, baseline in baselines.items() if not baseline.is_of_use()]
        if useless:
            _line(console, f"{suite.name}: no test passes on the unchanged kernel of: {', '.join(useless)}")
        unstable = sorted(test for baseline in baselines.values() for test in baseline.unstable)
        if unstable:
            first = ", ".join(unstable[:_TESTS_SHOWN])
            _line(console, f"{suite.name}: unstable tests left out: {len(unstable)}, such as {first}")
    for status, number in board.not_built(hunt).items():
        _line(console, f"sample: {number} {status}")
    not_booted = [row.mutant.name for row in rows if row.status == "does not boot"]
    if not_booted:
        _line(console, f"do not boot and count for no suite: {len(not_booted)}: {', '.join(not_booted)}")
    unbroken.show(_figures(board.figures(rows, hunt.suites)), console)
    _print_topics(board.topics(rows, hunt.suites), [suite.name for suite in hunt.suites], console)
    for comparison in board.compare_groups(rows, hunt.suites):
        killed = [f"{name} killed {n} ({comparison.alone[name]} alone)" for name, n in comparison.killed.items()]
        numbers = ", ".join([*killed, f"no suite killed {comparison.nobody}"])
        _line(console, f"{comparison.group}: of {comparison.tried} mutants that all suites have tried, {numbers}")
    for suite in hunt.suites if hunt.ledger.every_test else ():
        cases = board.fewest_cases(hunt, rows, suite)
        kills = sum(len(case.kills) for case in cases)
        _line(console, f"{suite.name}: {len(cases)} cases kill all {kills} mutants that the suite kills")


def _grid(*titles: str) -> Table:
    """A table without rows, with these columns of text."""
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        grid.add_column(title)
    return grid


def _figures(figures: Sequence[Figures]) -> Table:
    grid = _grid("mutants", "suite")
    for title in _NUMBERS:
        grid.add_column(title, justify="right")
    for figure in figures:
        grid.add_row(
            figure.group,
            figure.suite,
            str(figure.killed),
            str(figure.tried),
            str(figure.unlike),
            str(figure.left),
            f"{figure.median:.1f}",
            f"{figure.seconds / 60:.0f}",
        )
    return grid


def _print_topics(topics: Sequence[Topic], suites: Sequence[str], console: Console) -> None:
    """Print how many mutants of each topic the suites killed; topics with a missing state are one line."""
    grid = _grid("curated: what is broken")
    for title in ("bugs", *suites):
        grid.add_column(title, justify="right")
    exercised = [topic for topic in topics if not topic.missing]
    for about, group in (
        *((topic.about, [topic]) for topic in exercised),
        ("all of the above", exercised),
        ("states that no scenario has", [topic for topic in topics if topic.missing]),
    ):
        numbers = [sum(topic.tried for topic in group), *(sum(t.killed[name] for t in group) for name in suites)]
        if group:
            grid.add_row(about, *map(str, numbers))
    if topics:
        unbroken.show(grid, console)


def _print_survivors(suite: str, rows: Sequence[Row], console: Console) -> None:
    if not rows:
        return
    _line(console, f"survived {suite}:", "bold")
    for row in rows[:_SURVIVORS_SHOWN]:
        mutant = row.mutant
        _line(console, f"  {mutant.name}  {mutant.function}: {mutant.before!r} -> {mutant.after!r}  {_reason(row)}")
    if len(rows) > _SURVIVORS_SHOWN:
        _line(console, f"  and {len(rows) - _SURVIVORS_SHOWN} more")


def _reason(row: Row) -> str:
    """Why a suite did not kill a mutant: the judgement, the suites that did kill it, or the state that is missing."""
    if row.judgement:
        return f"{row.judgement.verdict}: {row.judgement.why}"
    killers = [name for name in row.outcomes if row.killed(name)]
    return f"{' and '.join(killers)} killed it" if killers else row.mutant.missing or "no verdict yet"


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style=style), soft_wrap=True)
