# SPDX-License-Identifier: GPL-2.0-only
"""The outcomes in a journal, by mutant, program and suite, for one kernel."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field

from ksftci.machine.machine import Job
from ksftci.mutants import trial
from ksftci.mutants.forge import BuildResult
from ksftci.mutants.journal import Entry, Journal
from ksftci.mutants.mutant import Mutant
from ksftci.mutants.trial import Baseline, ProgramOutcome, Suite

# Kinds of entries: _FIRST are outcomes of runs up to the first kill, _EVERY of runs of every test.
_BUILD, _BOOT, _BASELINE, _FIRST, _EVERY = "made", "boot", "baseline", "first", "whole"
_UNCONFIRMED_LIMIT = 2  # mutants with an unconfirmed failure of a test, after which the test is left out
_DEFAULTS = asdict(ProgramOutcome("", False, 0.0))  # values that an entry does not have


@dataclass(frozen=True)
class SuiteOutcome:
    """Whether a suite killed a mutant."""

    seconds: float  # of all programs that ran, up to the kill
    kill: Entry | None  # the outcome of the program that killed
    programs: int  # that may kill the mutant, because they execute the line
    unconfirmed: Sequence[str]  # tests that failed once and not again
    failed: Sequence[str]  # all tests that failed twice, when every test was run


@dataclass
class Ledger:
    """Reads and writes the outcomes for one kernel, of runs of every test or of runs up to the first kill."""

    journal: Journal
    kernel: str
    every_test: bool = False
    _digests: dict[Job, str] = field(default_factory=dict)
    _unconfirmed: Counter[tuple[str, str]] = field(init=False, default_factory=Counter)  # by (program's digest, test)

    def __post_init__(self) -> None:
        """Count the unconfirmed failures in the journal."""
        for entry in self.journal.all(_FIRST):
            self._count_unconfirmed(entry["key"].split()[2], entry.get("unconfirmed", ()))

    def baseline(self, job: Job) -> Baseline | None:
        """The results of a program on the unchanged kernel; None before it has run there.

        Tests with too many unconfirmed failures on mutants are added to the unstable ones.
        """
        entry = self.journal.get(_BASELINE, self.kernel, self._digest(job))
        if entry is None:
            return None
        unstable = {test: set(verdicts) for test, verdicts in entry["unstable"].items()}
        unstable |= {
            test: {"fail", "pass"} for digest, test in list(self._unconfirmed) if self._is_unsteady(digest, test, job)
        }
        return Baseline(unstable, entry["tests"], entry["seconds"], entry.get("runs", 0))

    def add_baseline(self, job: Job, baseline: Baseline) -> None:
        """Record the results of a program on the unchanged kernel."""
        unstable = {test: sorted(verdicts) for test, verdicts in sorted(baseline.unstable.items())}
        fields = {"tests": baseline.tests, "seconds": round(baseline.seconds, 1), "runs": baseline.runs}
        self.journal.add(_BASELINE, self.kernel, self._digest(job), name=job.name, **fields, unstable=unstable)

    def build(self, mutant: Mutant) -> Entry | None:
        """The entry of a mutant's build, with a status as in BuildResult; None before it was built."""
        return self.journal.get(_BUILD, self.kernel, mutant.digest)

    def add_build(self, mutant: Mutant, result: BuildResult) -> Entry:
        """Record how a build ended."""
        fields = {"name": mutant.name, "status": result.status, "why": result.why, "object": result.object}
        return self.journal.add(_BUILD, self.kernel, mutant.digest, **fields)

    def boot_problem(self, mutant: Mutant) -> str | None:
        """Why a mutant does not boot; "" when it boots, None before it was booted."""
        entry = self.journal.get(_BOOT, self.kernel, mutant.digest)
        return str(entry["why"]) if entry else None

    def add_boot(self, mutant: Mutant, problem: str) -> None:
        """Record why a mutant does not boot; "" when it boots."""
        self.journal.add(_BOOT, self.kernel, mutant.digest, name=mutant.name, why=problem)

    def program_outcome(self, job: Job, mutant: Mutant) -> Entry | None:
        """The outcome of a program on a mutant; None when it has not run, or killed only by a test that is unsteady."""
        entry = self.journal.get(*self._key(job, mutant))
        if entry is None or self._is_unsteady(self._digest(job), entry.get("by", ""), job):
            return None
        return {**_DEFAULTS, **entry}

    def add_program_outcome(self, job: Job, mutant: Mutant, outcome: ProgramOutcome) -> None:
        """Record the outcome of a program on a mutant."""
        self._count_unconfirmed(self._digest(job), outcome.unconfirmed)
        fields = {name: value for name, value in asdict(outcome).items() if value != _DEFAULTS[name]}
        self.journal.add(*self._key(job, mutant), name=mutant.name, **fields)

    def suite_outcome(self, suite: Suite, mutant: Mutant) -> SuiteOutcome | None:
        """The outcome of a suite on a mutant; None while there are programs left to run."""
        able = suite.able(mutant)
        entries = {job.name: self.program_outcome(job, mutant) for job in suite.jobs}
        recorded = [entry for entry in entries.values() if entry is not None]
        kill = next((entry for entry in recorded if entry["killed"]), None)
        if any(entries[job.name] is None for job in able) and (kill is None or self.every_test):
            return None
        seconds = round(sum(entry["seconds"] for entry in recorded), 1)
        unconfirmed = [test for entry in recorded for test in entry["unconfirmed"]]
        failed = [test for entry in recorded for test in entry["failed"]]
        return SuiteOutcome(seconds, kill, len(able), unconfirmed, failed)

    def _count_unconfirmed(self, digest: str, tests: Iterable[str]) -> None:
        self._unconfirmed.update((digest, test) for test in tests)

    def _is_unsteady(self, digest: str, test: str, job: Job) -> bool:
        """Whether a test of this job, whose program has this digest, had too many unconfirmed failures."""
        return digest == self._digest(job) and self._unconfirmed[digest, test] >= _UNCONFIRMED_LIMIT

    def _key(self, job: Job, mutant: Mutant) -> tuple[str, ...]:
        return _EVERY if self.every_test else _FIRST, self.kernel, self._digest(job), mutant.digest

    def _digest(self, job: Job) -> str:
        if job not in self._digests:
            self._digests[job] = trial.job_digest(job)
        return self._digests[job]
