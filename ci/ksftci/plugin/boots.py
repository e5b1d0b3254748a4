# SPDX-License-Identifier: GPL-2.0-only
"""Which boot a case is run in: one for all cases of a kernel that this process is to run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ksftci.errors import CiError
from ksftci.machine.listing import only
from ksftci.machine.machine import Job, Machine
from ksftci.plugin.boot import Boot, CaseResult
from ksftci.plugin.catalog import Build, Catalog, is_source, program_of
from ksftci.results.names import Names

Start = Callable[[str, Sequence[Job]], Machine]  # a kernel's label and what is to run there


@dataclass(frozen=True)
class CaseKey:
    """One test of a program on one kernel; `test` is empty for a program that runs as a whole."""

    label: str
    path: Path
    test: str


class Boots:
    """Starts machines when the first case of theirs is reached."""

    def __init__(self, arch: str, catalog: Catalog, build: Build, start: Start, by_program: bool) -> None:
        """`by_program`: a boot for each program, as a worker of xdist does not know what else it will get."""
        self.arch, self.catalog, self.by_program = arch, catalog, by_program
        self.selected: Sequence[CaseKey] = ()
        self._build, self._start_machine = build, start
        self._of: dict[CaseKey, Boot | CiError] = {}
        self._started: list[Boot] = []
        self._jobs: dict[Path, str] = {}
        self._names = Names()
        self._begun: set[CaseKey] = set()

    def of(self, case: CaseKey) -> Boot:
        """The boot of a case, a new one when there is none or the case has had its run. Raises CiError."""
        if case not in self._of:
            self._start(self._batch(case))
        boot = self._of[case]
        if isinstance(boot, CiError):
            raise boot
        return boot

    def result(self, case: CaseKey) -> tuple[CaseResult, dict[str, str]]:
        """What became of a case, and the facts of the machine. Raises CiError."""
        boot = self.of(case)
        del self._of[case]
        return boot.result(self._jobs[case.path], case.test), boot.run.environment

    def close(self) -> None:
        """End what runs; a machine that is powering off may do so."""
        for boot in self._started:
            boot.close()
        self._started.clear()

    def _batch(self, case: CaseKey) -> list[CaseKey]:
        if case in self._begun:  # it is run again
            return [case]
        return [
            other
            for other in self.selected
            if other.label == case.label
            and other not in self._begun
            and (other.path == case.path or not self.by_program)
        ]

    def _start(self, batch: list[CaseKey]) -> None:
        self._begun.update(batch)
        try:
            programs = self._programs(batch)
            batch = [case for case in batch if case not in self._of]
            if not batch:
                return
            jobs, tests = self._chosen(batch, programs)
            machine = self._start_machine(batch[0].label, jobs)
        except CiError as problem:
            self._of.update(dict.fromkeys(batch, problem))
            return
        boot = Boot(machine, self.arch, jobs, tests)
        self._started.append(boot)
        self._of.update(dict.fromkeys(batch, boot))

    def _programs(self, batch: list[CaseKey]) -> dict[Path, Path]:
        """The built program of each file; the cases of one that does not build get the reason."""
        wanted = list(dict.fromkeys(case.path for case in batch))
        built = self._build(path for path in wanted if is_source(path))
        programs: dict[Path, Path] = {}
        for path in wanted:
            program = built.get(path, path)
            if isinstance(program, CiError):
                self._of.update({case: program for case in batch if case.path == path})
            else:
                programs[path] = program
        return programs

    def _chosen(self, batch: list[CaseKey], programs: dict[Path, Path]) -> tuple[list[Job], dict[str, list[str]]]:
        """A job for each program, with the tests to run unless it is all, and the names of its tests."""
        jobs: list[Job] = []
        tests: dict[str, list[str]] = {}
        for path, program in programs.items():
            if path not in self._jobs:
                self._jobs[path] = self._names.unique(program_of(path))
            job = Job(self._jobs[path], program)
            names = [case.test for case in batch if case.path == path and case.test]
            if names and len(names) < self.catalog.size_of(path):
                job = only(job, names)
            jobs.append(job)
            tests[job.name] = names
        return jobs, tests
