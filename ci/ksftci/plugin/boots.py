# SPDX-License-Identifier: GPL-2.0-only
"""The boot of each case: one boot runs all cases of a kernel that are selected in this process."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ksftci.errors import CiError
from ksftci.machine.listing import only
from ksftci.machine.machine import Job, Machine
from ksftci.plugin.boot import Boot, CaseResult
from ksftci.plugin.catalog import Build, is_source, program_of
from ksftci.results.names import Names

MakeMachine = Callable[[str, Sequence[Job]], Machine]  # of a kernel's label, for the jobs that it will run


@dataclass(frozen=True)
class CaseKey:
    """One test of a program on one kernel; `test` is empty for a program that cannot list its tests."""

    label: str  # of the kernel
    path: Path  # of the program, or of its source
    test: str


class Boots:
    """Boots a machine when pytest reaches the first of its cases."""

    def __init__(self, arch: str, build: Build, make_machine: MakeMachine, by_program: bool) -> None:
        """`by_program`: boot for each program, as a worker of xdist does not know which cases it will get."""
        self.arch, self.by_program = arch, by_program
        self.selected: Sequence[CaseKey] = ()
        self._build, self._make_machine = build, make_machine
        self._boots: list[Boot] = []
        self._boot_of: dict[
            CaseKey, Boot | CiError
        ] = {}  # the boot of a case, or why it did not start; until the case's result is given out
        self._tried: set[CaseKey] = set()  # every case that was in a batch
        self._job_names: dict[Path, str] = {}
        self._names = Names()

    def boot_of(self, case: CaseKey) -> Boot:
        """The boot in which a case runs, a new one if its result has been given out. Raises CiError."""
        if case not in self._boot_of:
            self._start(self._batch(case))
        boot = self._boot_of[case]
        if isinstance(boot, CiError):
            raise boot
        return boot

    def result(self, case: CaseKey) -> tuple[CaseResult, dict[str, str]]:
        """Wait for the result of a case. Gives also the facts of its machine. Raises CiError."""
        boot = self.boot_of(case)
        del self._boot_of[case]
        return boot.result(self._job_names[case.path], case.test), boot.run.environment

    def close(self) -> None:
        """End the machines that still run."""
        for boot in self._boots:
            boot.close()
        self._boots.clear()

    def _batch(self, case: CaseKey) -> list[CaseKey]:
        """The cases to run in the same boot as this one."""
        if case in self._tried:  # pytest runs it again
            return [case]
        return [
            other
            for other in self.selected
            if other.label == case.label
            and other not in self._tried
            and (other.path == case.path or not self.by_program)
        ]

    def _start(self, batch: list[CaseKey]) -> None:
        self._tried.update(batch)
        try:
            programs = self._programs(batch)
            batch = [case for case in batch if case not in self._boot_of]
            if not batch:
                return
            jobs, tests = self._jobs(batch, programs)
            machine = self._make_machine(batch[0].label, jobs)
        except CiError as problem:
            self._boot_of.update(dict.fromkeys(batch, problem))
            return
        boot = Boot(machine, self.arch, jobs, tests)
        self._boots.append(boot)
        self._boot_of.update(dict.fromkeys(batch, boot))

    def _programs(self, batch: list[CaseKey]) -> dict[Path, Path]:
        """File to program, built if the file is a source. The cases of a source that does not build get the error."""
        paths = list(dict.fromkeys(case.path for case in batch))
        built = self._build(path for path in paths if is_source(path))
        programs: dict[Path, Path] = {}
        for path in paths:
            program = built.get(path, path)
            if isinstance(program, CiError):
                self._boot_of.update({case: program for case in batch if case.path == path})
            else:
                programs[path] = program
        return programs

    def _jobs(self, batch: list[CaseKey], programs: dict[Path, Path]) -> tuple[list[Job], dict[str, list[str]]]:
        """A job for each program, whose arguments name its tests if these are known; and job name to tests."""
        jobs: list[Job] = []
        tests: dict[str, list[str]] = {}
        for path, program in programs.items():
            if path not in self._job_names:
                self._job_names[path] = self._names.unique(program_of(path))
            job = Job(self._job_names[path], program)
            names = [case.test for case in batch if case.path == path and case.test]
            # All by name, so that nobody has to list the tests in a boot of its own when the program breaks off.
            jobs.append(only(job, names) if names else job)
            tests[job.name] = names
        return jobs, tests
