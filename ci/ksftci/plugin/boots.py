# SPDX-License-Identifier: GPL-2.0-only
"""Which boot a case is run in: one for all cases of a kernel that this process is to run."""

from collections.abc import Sequence
from pathlib import Path

from ksftci.errors import CiError
from ksftci.machine.listing import only
from ksftci.machine.machine import Job
from ksftci.plugin.boot import Boot, Outcome
from ksftci.plugin.items import Case, Program
from ksftci.plugin.tools import Tools
from ksftci.results.names import Names


class Boots:
    """Starts machines when the first case of theirs is reached."""

    def __init__(self, tools: Tools, by_program: bool) -> None:
        """`by_program`: a boot for each program, as a worker of xdist is not told what else it will get."""
        self.tools, self.by_program = tools, by_program
        self.selected: Sequence[Case] = ()
        self._of: dict[Case, Boot | CiError] = {}
        self._started: list[Boot] = []
        self._jobs: dict[Program, str] = {}
        self._names = Names()
        self._begun: set[Case] = set()

    def of(self, case: Case) -> Boot:
        """The boot of a case, a new one when there is none or the case has had its run. Raises CiError."""
        if case not in self._of:
            self._start(self._batch(case))
        boot = self._of[case]
        if isinstance(boot, CiError):
            raise boot
        return boot

    def outcome(self, case: Case) -> tuple[Outcome, dict[str, str]]:
        """What became of a case, and the facts of the machine."""
        boot = self.of(case)
        del self._of[case]
        return boot.outcome(self._jobs[case.program], case.test.name), boot.run.environment

    def close(self) -> None:
        """End what runs; a machine that is powering off may do so."""
        for boot in self._started:
            boot.close()
        self._started.clear()

    def _batch(self, case: Case) -> list[Case]:
        if case in self._begun:  # it is run again
            return [case]
        return [
            other
            for other in self.selected
            if other.label == case.label
            and other not in self._begun
            and (other.program is case.program or not self.by_program)
        ]

    def _start(self, batch: list[Case]) -> None:
        self._begun.update(batch)
        try:
            programs = self._programs(batch)
            batch = [case for case in batch if case not in self._of]
            if not batch:
                return
            machine = self.tools.machine(batch[0].label)
        except CiError as problem:
            self._of.update(dict.fromkeys(batch, problem))
            return
        jobs, tests = self._chosen(batch, programs)
        boot = Boot(machine, self.tools.settings.arch.name, jobs, tests)
        self._started.append(boot)
        self._of.update(dict.fromkeys(batch, boot))

    def _programs(self, batch: list[Case]) -> dict[Program, Path]:
        """The built program of each; the cases of one that does not build get the reason."""
        wanted = list(dict.fromkeys(case.program for case in batch))
        built = self.tools.sources.build(program.path for program in wanted if program.is_source)
        found: dict[Program, Path] = {}
        for program in wanted:
            path = built.get(program.path, program.path)
            if isinstance(path, CiError):
                self._of.update({case: path for case in batch if case.program is program})
            else:
                found[program] = path
        return found

    def _chosen(self, batch: list[Case], programs: dict[Program, Path]) -> tuple[list[Job], dict[str, list[str]]]:
        """A job for each program, told which tests to run unless it is all, and these tests' names."""
        jobs: list[Job] = []
        tests: dict[str, list[str]] = {}
        for program, path in programs.items():
            if program not in self._jobs:
                self._jobs[program] = self._names.unique(program.program)
            job = Job(self._jobs[program], path)
            names = [case.test.name for case in batch if case.program is program and case.test.name]
            if names and len(names) < program.suite.size_of(program):
                job = only(job, names)
            jobs.append(job)
            tests[job.name] = names
        return jobs, tests
