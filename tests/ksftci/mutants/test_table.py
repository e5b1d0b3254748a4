# SPDX-License-Identifier: GPL-2.0-only
"""Progress and results in a terminal."""

from collections.abc import Callable
from io import StringIO
from itertools import count
from pathlib import Path

from rich.console import Console
from tests.ksftci.mutants.fakes import FakeForge, FakeMachine, hunt

from ksftci.mutants import board, table
from ksftci.mutants.hunt import Hunt
from ksftci.mutants.plan import Judgement


def finished(folder: Path, clock: Callable[[], float]) -> tuple[Hunt, str]:
    """A hunt with a kill, survivors, a mutant that does not boot and two that are not built; what it printed."""
    console = Console(file=StringIO(), width=200)
    machines = {"killed": FakeMachine({"prog.a"}), "dead": FakeMachine(set(), boots=False)}
    forge = FakeForge(folder, statuses={"s0": "same code", "s1": "not compiled"})
    progress = table.Progress(console, clock)
    trying = hunt(folder, machines, forge, watcher=progress, at_once=1)
    progress.begin(trying)
    trying.run()
    assert isinstance(console.file, StringIO)
    return trying, console.file.getvalue()


def test_progress_has_a_line_for_each_thing_that_happens(tmp_path: Path) -> None:
    minutes = count()
    _, text = finished(tmp_path, lambda: 60.0 * next(minutes))
    lines = text.splitlines()
    assert lines[0] == "ours: 2 programs on the unchanged kernel, 2 times each"
    assert "killed: ours killed it in 1 s by prog.a  [60 trials an hour, 4 to do, 4 min left]" in lines
    assert "s0: same code: " in lines
    assert [line for line in lines if line.startswith("survives: survived ours, 4 s  [")]
    assert [line for line in lines if line.startswith("dead: does not boot: Unable to handle kernel paging")]


def test_the_results(tmp_path: Path) -> None:
    trying, _ = finished(tmp_path, lambda: 0.0)
    console = Console(file=StringIO(), width=200)
    table.show(trying, board.rows(trying, {"s2": Judgement(name="s2", verdict="slower", why="a flush")}), console)
    assert isinstance(console.file, StringIO)
    text = console.file.getvalue()
    assert "survived ours:\n  survives  length: 'int i;' -> ''  no verdict yet\n" in text
    assert "  s2  length: 'int i;' -> '2;'  slower: a flush\n" in text
    assert "sample: 1 same code\nsample: 1 not compiled\n" in text
    assert "do not boot and count for no suite: 1: dead\n" in text
    rows = [line.split() for line in text.splitlines()]
    assert ["curated", "ours", "1", "2", "2", "0", "1.0", "0"] in rows
    assert ["sample", "ours", "0", "2", "1", "0", "0.0", "0"] in rows
    assert ["runs", "1", "1"] in rows


def test_a_program_that_can_kill_nothing_is_said(tmp_path: Path) -> None:
    trying = hunt(tmp_path, {"baseline": FakeMachine({"other.a", "other.b"})}, FakeForge(tmp_path))
    trying.run()
    console = Console(file=StringIO(), width=200)
    table.show(trying, board.rows(trying, {}), console)
    assert isinstance(console.file, StringIO)
    assert "ours: no test passes on the unchanged kernel of: other\n" in console.file.getvalue()
