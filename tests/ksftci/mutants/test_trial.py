# SPDX-License-Identifier: GPL-2.0-only
"""Kills, survivors and unconfirmed failures on machines that fail boot by boot."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from tests.ksftci.mutants.fakes import SUITE, FakeMachine, in_turn

from ksftci.arch import ARM64
from ksftci.assembly import Options, assemble
from ksftci.kernel.image import KernelRef
from ksftci.machine.machine import Job, Limits
from ksftci.mutants.trial import Baseline, MachineFactory, ProgramOutcome, Trial, boot_problem
from ksftci.results.model import Run, TestResult, Verdict


def outcomes(
    machine_for: MachineFactory, baseline: Baseline | None = None, every_test: bool = False
) -> list[ProgramOutcome]:
    """What the programs prog and other make of an image."""
    baselines = {"prog": baseline or Baseline()}
    trial = Trial(machine_for, Path("image"), Limits(10, 5), baselines, threading.Event())
    return list((trial.every_test if every_test else trial.until_killed)(SUITE.jobs))


def brief(outcomes: list[ProgramOutcome]) -> list[tuple[str, bool, str]]:
    return [(outcome.program, outcome.killed, outcome.by) for outcome in outcomes]


NO_KILL = [("prog", False, ""), ("other", False, "")]


def test_a_kill_stops_at_the_first_failure_and_is_confirmed_by_a_second_boot() -> None:
    machine = FakeMachine({"prog.b", "other.a"})
    assert brief(outcomes(in_turn(machine))) == [("prog", True, "prog.b")]
    assert machine.ran == [["prog", "other"], ["prog"]]


def test_a_program_that_passes_has_its_outcome_before_the_next_program_fails() -> None:
    machine = FakeMachine({"other.a"})
    assert brief(outcomes(in_turn(machine))) == [("prog", False, ""), ("other", True, "other.a")]


def test_a_panic_kills_even_in_an_unstable_test() -> None:
    baseline = Baseline({"prog.a": {"fail", "pass"}})
    (panic,) = outcomes(in_turn(FakeMachine(set(), panics="prog.a")), baseline)
    assert (panic.killed, panic.verdict) == (True, "crash")
    assert brief(outcomes(in_turn(FakeMachine({"prog.a"})), baseline)) == NO_KILL


def test_a_failure_that_does_not_come_again_is_no_kill() -> None:
    once, never = FakeMachine({"prog.a"}), FakeMachine(set())
    result = outcomes(in_turn(once, never))
    assert brief(result) == NO_KILL
    assert result[0].unconfirmed == ("prog.a",)


def test_another_failure_of_the_program_confirms_nothing() -> None:
    first, second = FakeMachine({"prog.a"}), FakeMachine({"prog.b"})
    assert brief(outcomes(in_turn(first, second, second, FakeMachine(set())))) == NO_KILL


def test_a_panic_in_another_test_confirms_a_panic() -> None:
    first, second = FakeMachine(set(), panics="prog.a"), FakeMachine(set(), panics="prog.b")
    assert brief(outcomes(in_turn(first, second))) == [("prog", True, "prog.crash")]


def test_a_program_with_many_unconfirmed_failures_counts_as_passed() -> None:
    machines = [machine for test in "abab" for machine in (FakeMachine({f"prog.{test}"}), *[FakeMachine(set())] * 2)]
    assert brief(outcomes(in_turn(*machines, FakeMachine(set())))) == NO_KILL


def test_a_failure_that_needs_the_programs_before_is_confirmed_with_them() -> None:
    bad, fine = FakeMachine({"other.a"}), FakeMachine(set())
    result = outcomes(in_turn(bad, fine, bad))
    assert result[-1].by == "other.a"
    assert bad.ran == [["prog", "other"], ["prog", "other"]]
    assert fine.ran == [["other"]]


def test_a_run_of_every_test_has_all_tests_that_fail_twice() -> None:
    first, second = FakeMachine({"prog.a", "prog.b", "other.a"}), FakeMachine({"prog.b", "other.a"})
    result = outcomes(in_turn(first, second), every_test=True)
    assert [outcome.failed for outcome in result] == [("prog.b",), ("other.a",)]
    assert result[0].unconfirmed == ("prog.a",)


def test_an_image_that_does_not_boot_twice_has_a_problem() -> None:
    dead, fine = FakeMachine(set(), boots=False), FakeMachine(set())
    stop = threading.Event()
    assert boot_problem(in_turn(dead), Path("image"), stop) == "Unable to handle kernel paging request"
    assert boot_problem(in_turn(dead, fine), Path("image"), stop) == ""


def test_the_baseline_has_tests_that_fail_or_differ() -> None:
    runs = [Run("", results=[TestResult("p", "a", v), TestResult("p", "b", Verdict.PASS)]) for v in Verdict]
    runs[0].results += [TestResult("p", "c", Verdict.SKIP), TestResult("q", "d", Verdict.FAIL)]
    baseline = Baseline.from_runs(runs, "p")
    assert baseline.unstable.keys() == {"p.a", "p.c"}
    assert baseline.runs == len(runs)
    assert not baseline.excuses(TestResult("p", "b", Verdict.FAIL))


@pytest.mark.qemu
def test_kills_on_a_real_kernel(kernel: str, tmp_path: Path) -> None:
    tools = assemble(Options(ARM64), print)
    image = tools.kernels.get(KernelRef.parse(kernel))
    scripts = {
        "fine": "echo 1..1; echo ok 1 works",
        "fails": "echo 1..2; echo ok 1 works; echo not ok 2 broken; sleep 600",
        "hangs": "echo 1..2; echo ok 1 works; sleep 600",
        "panics": "echo 1..1; echo c >/proc/sysrq-trigger; sleep 600",
    }
    jobs = {}
    for name, text in scripts.items():
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
        jobs[name] = Job(name, program)
    guest = tools.guests.qemu("mutant", image, list(jobs.values()))
    trial = Trial(lambda _, limits: replace(guest, limits=limits), image, Limits(180, 20), {}, threading.Event())
    assert boot_problem(trial.machine_for, image, trial.stop) == ""
    verdicts = {}
    for name in ("fails", "hangs", "panics"):
        first, kill = trial.until_killed([jobs["fine"], jobs[name]])
        assert not first.killed
        verdicts[kill.by] = kill.verdict
    assert verdicts == {"fails.broken": "fail", "hangs.timeout": "timeout", "panics.crash": "crash"}
