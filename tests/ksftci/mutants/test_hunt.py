# SPDX-License-Identifier: GPL-2.0-only
"""A hunt from the first build to the last outcome, continued, stopped and failing."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.ksftci.mutants.fakes import JOB, SUITE, FakeForge, FakeMachine, hunt, lines_file, mutant

from ksftci.errors import CiError
from ksftci.kernel.tree import Tree
from ksftci.machine.machine import Event, Job, Limits
from ksftci.mutants import board, executed
from ksftci.mutants.trial import Suite


def test_a_mutant_of_the_sample_that_does_not_build_is_replaced(tmp_path: Path) -> None:
    forge = FakeForge(tmp_path, statuses={"s0": "same code", "s1": "not compiled"})
    trying = hunt(tmp_path, {"dead": FakeMachine(set(), boots=False)}, forge)
    trying.run()
    assert forge.built == ["killed", "survives", "s0", "s1", "s2", "s3", "dead"]
    assert [mutant.name for mutant in trying.mutants()] == ["killed", "survives", "dead", "s2", "s3"]


def test_an_indistinguishable_mutant_comes_last_and_stays_in_the_sample(tmp_path: Path) -> None:
    forge = FakeForge(tmp_path, statuses={"s1": "not compiled"})
    hunt(tmp_path, {}, forge, indistinguishable={"s0"}).run()
    assert forge.built == ["killed", "survives", "s1", "s2", "dead", "s0"]


def test_a_second_hunt_builds_nothing_again(tmp_path: Path) -> None:
    first = FakeForge(tmp_path)
    hunt(tmp_path, {}, first).run()
    again = FakeForge(tmp_path)
    hunt(tmp_path, {}, again).run()
    assert len(first.built) == 5
    assert again.built == []


def test_a_new_program_tries_only_the_survivors(tmp_path: Path) -> None:
    machines = {"killed": FakeMachine({"prog.a"}), "survives": FakeMachine({"new.b"})}
    hunt(tmp_path, machines, FakeForge(tmp_path)).run()
    suite = Suite("ours", [*SUITE.jobs, Job("new", Path("/bin/true"))], SUITE.limits)
    for machine in machines.values():
        machine.ran.clear()
    again = hunt(tmp_path, machines, FakeForge(tmp_path))
    again.suites = [suite]
    again.run()
    assert not [jobs for jobs in machines["killed"].ran if "prog" in jobs]
    assert machines["survives"].ran[-1] == ["new"]
    outcome = again.ledger.suite_outcome(suite, again.curated[1])
    assert outcome is not None
    assert outcome.kill is not None
    assert outcome.kill["by"] == "new.b"


def test_a_mutant_has_not_survived_before_it_is_built(tree: Tree, tmp_path: Path) -> None:
    lines = executed.read(lines_file(tmp_path, {"20": []}), tree)
    trying = hunt(tmp_path, {}, FakeForge(tmp_path))
    trying.suites = [Suite("ours", [replace(JOB, name="a")], Limits(9, 9), lines)]
    trying.curated, trying.sample = [replace(mutant(), line=20)], []
    assert board.rows(trying, {})[0].killed("ours") is None
    trying.run()
    assert board.rows(trying, {})[0].killed("ours") is False


def test_the_likely_killer_runs_first(tmp_path: Path) -> None:
    machines = {name: FakeMachine({"other.a"}) for name in ("killed", "survives", "dead")}
    trying = hunt(tmp_path, machines, FakeForge(tmp_path), at_once=1)
    trying.curated = [replace(trying.curated[0], expect="other"), trying.curated[1]]
    trying.run()
    # The first boot runs nothing.
    assert machines["killed"].ran[1] == ["other", "prog"]  # the expected killer first
    assert machines["survives"].ran[1] == ["other", "prog"]  # the killer of another mutant of the function first


def test_a_problem_with_the_machine_ends_the_hunt(tmp_path: Path) -> None:
    class Broken(FakeMachine):
        def run(self, jobs: Sequence[Job], stop: threading.Event) -> Iterator[Event]:
            raise CiError("qemu is not installed")

    names = ("killed", "survives", "dead", *(f"s{number}" for number in range(6)))
    trying = hunt(tmp_path, {name: Broken(set()) for name in names}, FakeForge(tmp_path))
    with pytest.raises(CiError, match="qemu is not installed"):
        trying.run()


def test_tests_that_all_fail_on_the_unchanged_kernel_end_the_hunt(tmp_path: Path) -> None:
    both = {f"{job.name}.{test}" for job in SUITE.jobs for test in "ab"}
    trying = hunt(tmp_path, {"baseline": FakeMachine(both)}, FakeForge(tmp_path))
    with pytest.raises(CiError, match="ours: no test passes on the unchanged kernel"):
        trying.run()
    assert all(trying.ledger.baseline(job) is None for job in SUITE.jobs)


def test_a_stopped_hunt_records_no_outcome(tmp_path: Path) -> None:
    trying = hunt(tmp_path, {}, FakeForge(tmp_path))
    trying.stop.set()
    trying.run()
    assert all(row.killed("ours") is None for row in board.rows(trying, {}))
