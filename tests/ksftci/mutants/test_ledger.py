# SPDX-License-Identifier: GPL-2.0-only
"""Outcomes read back from a journal."""

from dataclasses import replace
from pathlib import Path

from tests.ksftci.mutants.fakes import JOB, SUITE, lines_file, mutant

from ksftci.kernel.tree import Tree
from ksftci.machine.machine import Limits
from ksftci.mutants import executed
from ksftci.mutants.journal import Journal
from ksftci.mutants.ledger import Ledger
from ksftci.mutants.trial import Baseline, ProgramOutcome, Suite


def test_a_mutant_in_a_line_that_no_program_executes_survives_without_a_boot(tree: Tree, tmp_path: Path) -> None:
    lines = executed.read(lines_file(tmp_path, {"20": []}), tree)
    unreached = replace(mutant(), line=20)
    job = replace(JOB, name="a")
    suite = Suite("ours", [job], Limits(9, 9), lines)
    ledger = Ledger(Journal(tmp_path / "journal.jsonl"), "k")
    outcome = ledger.suite_outcome(suite, unreached)
    assert outcome is not None and outcome.kill is None and outcome.programs == 0
    ledger.add_program_outcome(job, unreached, ProgramOutcome("a", True, 1.0, "a.x"))  # the lines were wrong
    outcome = ledger.suite_outcome(suite, unreached)
    assert outcome is not None and outcome.kill is not None


def test_a_suite_has_an_outcome_after_its_first_kill_or_its_last_program(tmp_path: Path) -> None:
    ledger = Ledger(Journal(tmp_path / "journal.jsonl"), "k")
    first, second = SUITE.jobs
    assert ledger.suite_outcome(SUITE, mutant()) is None
    ledger.add_program_outcome(first, mutant(), ProgramOutcome("prog", False, 1.5))
    assert ledger.suite_outcome(SUITE, mutant()) is None
    ledger.add_program_outcome(second, mutant(), ProgramOutcome("other", False, 2.0))
    survived = ledger.suite_outcome(SUITE, mutant())
    assert survived is not None and (survived.kill, survived.seconds, survived.programs) == (None, 3.5, 2)
    ledger.add_program_outcome(first, mutant(after="k;"), ProgramOutcome("prog", True, 1.0, "prog.a"))
    killed = ledger.suite_outcome(SUITE, mutant(after="k;"))
    assert killed is not None and killed.kill is not None and killed.kill["by"] == "prog.a"


def test_a_test_with_unconfirmed_failures_on_two_mutants_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    ledger = Ledger(Journal(path), "k")
    ledger.add_baseline(JOB, Baseline(runs=3))
    unconfirmed = ProgramOutcome("prog", False, 1.0, unconfirmed=("prog.a",))
    ledger.add_program_outcome(JOB, mutant("x"), ProgramOutcome("prog", True, 1.0, "prog.a"))
    ledger.add_program_outcome(JOB, mutant("y", after="y;"), unconfirmed)
    assert ledger.program_outcome(JOB, mutant("x")) is not None
    ledger.add_program_outcome(JOB, mutant("z", after="z;"), unconfirmed)
    for either in (ledger, Ledger(Journal(path), "k")):
        assert either.program_outcome(JOB, mutant("x")) is None  # its kill does not count, the program runs again
        assert either.program_outcome(JOB, mutant("y", after="y;")) is not None
        baseline = either.baseline(JOB)
        assert baseline is not None and set(baseline.unstable) == {"prog.a"} and baseline.runs == 3
