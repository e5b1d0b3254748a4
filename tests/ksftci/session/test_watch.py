# SPDX-License-Identifier: GPL-2.0-only
"""Rounds: what begins and ends a round, and what is said about it."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ksftci.errors import Cancelled, CiError, Interrupted
from ksftci.results.model import Run, TestResult, Verdict
from ksftci.session.watch import Difference, RoundTimes, Saves, compare, is_source, rounds

PASS, FAIL = Verdict.PASS, Verdict.FAIL


def run_of(**verdicts: Verdict) -> Run:
    return Run("fake", results=[TestResult("p", name, verdict) for name, verdict in verdicts.items()])


@pytest.mark.parametrize(
    "name",
    [
        *(
            "mm/mprotect.c",
            "include/linux/mm.h",
            "arch/arm64/kernel/entry.S",
            "Makefile",
            "mm/Kconfig",
            "mm/Kconfig.debug",
        ),
        *("kernel/configs/debug.config", "tools/testing/selftests/mm/run_vmtests.sh", "scripts/Makefile.build"),
    ],
)
def test_a_file_that_a_build_reads_is_a_source(name: str) -> None:
    assert is_source(Path("/linux"), Path("/linux") / name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "mm/mprotect.c~",
            "mm/.mprotect.c.swp",
            "mm/.#mprotect.c",
            "mm/#mprotect.c#",
            "mm/4913",
            "mm/mprotect.c.orig",
        ),
        *(
            "mm/sedB1x2",
            "mm/mprotect.o",
            ".git/HEAD",
            ".pc/fix/mm/mprotect.c",
            "mm/.mprotect.c",
            "Makefile.orig",
            "tags",
        ),
        *("mm/mprotect.c___jb_tmp___", ""),
    ],
)
def test_a_file_that_an_editor_leaves_is_no_source(name: str) -> None:
    assert not is_source(Path("/linux"), Path("/linux") / name)


def test_rounds_are_compared_test_by_test() -> None:
    first = compare({}, run_of(a=FAIL, b=PASS))
    assert ([r.name for r in first.failing], first.mended, first.still_failing) == (["a"], [], 0)
    before = {"p.a": FAIL, "p.b": PASS, "p.c": FAIL, "p.gone": FAIL}
    then = compare(before, run_of(a=PASS, b=FAIL, c=Verdict.CRASH, new=Verdict.SKIP))
    assert ([r.id for r in then.failing], [r.id for r in then.mended], then.still_failing) == (["p.b"], ["p.a"], 1)


def test_the_times_of_a_part_are_added() -> None:
    times = RoundTimes(_last=100.0)
    for part, at in (("kernel", 105.0), ("boot", 106.5), ("kernel", 107.0)):
        times.end(part, at)
    assert times.seconds == {"kernel": 5.5, "boot": 1.5}
    assert str(times) == "7.0 s: kernel 5.5, boot 1.5"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "mm").mkdir()
    (tmp_path / "mm/mprotect.c").write_text("first\n")
    return tmp_path


def save(path: Path, text: str) -> None:
    """Save as vim does: into another file, which then gets the name."""
    (path.parent / "4913").write_text("")
    (path.parent / "4913").unlink()
    draft = path.with_name(f".{path.name}.swp")
    draft.write_text(text)
    draft.rename(path)


def test_a_save_is_taken_once(tree: Path) -> None:
    with Saves(tree) as saves:
        (tree / "mm/notes.txt").write_text("no source")
        save(tree / "mm/mprotect.c", "second\n")
        assert saves.take() == ["mm/mprotect.c"]
        assert not saves.pending.wait(0.3)


def test_saves_close_together_are_taken_together(tree: Path) -> None:
    with Saves(tree) as saves:
        for number in range(20):
            (tree / f"mm/file{number}.c").write_text("")
        assert len(saves.take()) == 20
        assert not saves.pending.wait(0.3)


def test_a_tree_that_cannot_be_watched_is_an_error(tree: Path) -> None:
    with pytest.raises(CiError, match="cannot be watched"), Saves(tree / "absent"):
        pass


def test_watchfiles_may_be_missing(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    with pytest.raises(CiError, match=re.escape("pip install 'ksftgen[watch]'")), Saves(tree):
        pass


class Script:
    """Stands for the builder and the machine: each round does the next step, and Ctrl-C follows the last."""

    def __init__(self, tree: Path, *steps: Callable[["Script"], Run]) -> None:
        self.tree, self.steps = tree, list(steps)
        self.shown: list[Difference] = []
        self.lines: list[str] = []

    def run(self) -> None:
        with Saves(self.tree) as self.saves, pytest.raises(Interrupted):
            rounds(self.saves, self._run_round, lambda run, difference, times: self.shown.append(difference), self._say)

    def save(self) -> None:
        save(self.tree / "mm/mprotect.c", "x\n")

    def _run_round(self, times: RoundTimes) -> Run:
        if not self.steps:
            raise Interrupted
        return self.steps.pop(0)(self)

    def _say(self, text: str) -> None:
        self.lines.append(text)
        if text.startswith("watching"):
            self.save()  # as the user does then


def fail_to_build(script: Script) -> Run:
    raise CiError("mm/mprotect.c:7:2: error: 'pte' undeclared")


def saved_while_building(script: Script) -> Run:
    script.save()
    assert script.saves.pending.wait(5)
    raise Cancelled


def saved_while_testing(script: Script) -> Run:
    script.save()
    assert script.saves.pending.wait(5)
    return run_of(a=FAIL)  # of an outdated kernel


def test_after_a_compile_error_the_next_save_begins_a_round(tree: Path) -> None:
    script = Script(tree, fail_to_build, lambda _: run_of(a=FAIL), fail_to_build, lambda _: run_of(a=PASS))
    script.run()
    assert [(len(d.failing), len(d.mended)) for d in script.shown] == [(1, 0), (0, 1)]
    assert script.lines[:3] == [
        "mm/mprotect.c:7:2: error: 'pte' undeclared",
        f"watching {tree}",
        "saved: mm/mprotect.c",
    ]


@pytest.mark.parametrize("saved", [saved_while_building, saved_while_testing])
def test_a_save_during_a_round_begins_the_next_round_at_once(tree: Path, saved: Callable[[Script], Run]) -> None:
    script = Script(tree, saved, lambda _: run_of(a=PASS, b=FAIL))
    script.run()
    assert script.lines[:2] == ["saved: mm/mprotect.c", f"watching {tree}"]
    assert [[r.name for r in d.failing] for d in script.shown] == [["b"]]
