# SPDX-License-Identifier: GPL-2.0-only
"""How a comparison goes, and what came of it, in a terminal."""

import threading
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ksftci.mutants import board
from ksftci.mutants.board import Row, Topic
from ksftci.mutants.hunt import Hunt
from ksftci.mutants.journal import Entry
from ksftci.mutants.ledger import Standing
from ksftci.mutants.mutant import Mutant
from ksftci.mutants.trial import Suite

_SHOWN = 60  # survivors
_NAMED = 8  # tests
_NUMBERS = ("killed", "of", "that differ", "to do", "s to a kill", "min in all")


class Progress:
    """A line for each thing that happened, with the rate and what is left."""

    def __init__(self, console: Console, clock: Callable[[], float]) -> None:
        self.console, self.clock = console, clock
        self._lock = threading.Lock()
        self._hunt: Hunt | None = None
        self._began = 0.0
        self._done = 0

    def begin(self, hunt: Hunt) -> None:
        """Whose progress it is."""
        self._hunt, self._began = hunt, self.clock()

    def baseline(self, suite: Suite, programs: int, runs: int) -> None:
        """So many programs are run so often on the kernel without a bug."""
        self._say(f"{suite.name}: programs on the kernel without a bug: {programs}, each {runs} times")

    def made(self, mutant: Mutant, entry: Entry) -> None:
        """A kernel was built, or could not be; the former is told when it has been tried."""
        if entry["status"] != "built":
            self._say(f"{mutant.name}: {entry['status']}: {entry['why']}")

    def tried(self, mutant: Mutant, suite: str, told: Standing | str) -> None:
        """A suite is through with it, or the kernel did not boot."""
        if isinstance(told, str):
            text = f"{mutant.name}: does not boot: {told}"
        elif told.kill is not None:
            text = f"{mutant.name}: {suite} killed it in {told.seconds:.0f} s by {told.kill['by']}"
        else:
            tries = f"{told.seconds:.0f} s" if told.asked else "no program runs the line"
            text = f"{mutant.name}: survived {suite}, {tries}"
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

    def _say(self, text: str) -> None:
        with self._lock:
            self.console.print(text, markup=False, highlight=False, soft_wrap=True)


def show(hunt: Hunt, rows: Sequence[Row], console: Console) -> None:
    """Print the survivors, what was left out, and the figures."""
    for suite in hunt.suites:
        _survivors(suite.name, board.survivors(rows, suite.name), console)
        unstable = sorted(t for job in suite.jobs if (found := hunt.ledger.baseline(job)) for t in found.unstable)
        if unstable:
            some = ", ".join(unstable[:_NAMED])
            _line(console, f"{suite.name}: left out, {len(unstable)} fail or differ without a bug: {some}")
    for status, number in board.dropped(hunt).items():
        _line(console, f"sample: {number} {status}")
    unable = [row.mutant.name for row in rows if row.status == "does not boot"]
    if unable:
        _line(console, f"{len(unable)} do not boot, and count for nobody: {', '.join(unable)}")
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("mutants", "suite"):
        grid.add_column(title)
    for title in _NUMBERS:
        grid.add_column(title, justify="right")
    for figure in board.figures(rows, hunt.suites):
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
    console.print(grid)
    _parts(board.parts(rows, hunt.suites), [suite.name for suite in hunt.suites], console)
    for both in board.together(rows, hunt.suites):
        told = ", ".join(f"{name} killed {both.killed[name]}, {both.alone[name]} alone" for name in both.killed)
        _line(console, f"{both.group}: of {both.tried} that all have tried {told}, nobody {both.nobody}")
    for suite in hunt.suites if hunt.ledger.whole else ():
        chosen = board.cases(hunt, rows, suite)
        kills = sum(len(choice.kills) for choice in chosen)
        _line(console, f"{suite.name}: {len(chosen)} cases kill all {kills} that any kills")


def _parts(parts: Sequence[Topic], suites: Sequence[str], console: Console) -> None:
    """What the bugs of the list break; those that need a state that is missing are one line."""
    grid = Table(box=None, pad_edge=False, header_style="bold")
    grid.add_column("the list: what is broken")
    for title in ("bugs", *suites):
        grid.add_column(title, justify="right")
    ours = [part for part in parts if not part.missing]
    for about, some in (
        *((part.about, [part]) for part in ours),
        ("all of these", ours),
        ("states that no scenario has", [part for part in parts if part.missing]),
    ):
        numbers = [sum(part.tried for part in some), *(sum(part.killed[name] for part in some) for name in suites)]
        if some:
            grid.add_row(about, *map(str, numbers))
    if parts:
        console.print(grid)


def _survivors(suite: str, rows: Sequence[Row], console: Console) -> None:
    if not rows:
        return
    _line(console, f"survived {suite}:", "bold")
    for row in rows[:_SHOWN]:
        mutant = row.mutant
        _line(console, f"  {mutant.name}  {mutant.function}: {mutant.before!r} -> {mutant.after!r}  {_why(row)}")
    if len(rows) > _SHOWN:
        _line(console, f"  and {len(rows) - _SHOWN} more")


def _why(row: Row) -> str:
    """Why a suite did not kill it, or who did."""
    if row.judgement:
        return f"{row.judgement.verdict}: {row.judgement.why}"
    killers = [name for name in row.standings if row.killed(name)]
    return f"{' and '.join(killers)} killed it" if killers else row.mutant.missing or "no verdict yet"


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style=style), soft_wrap=True)
