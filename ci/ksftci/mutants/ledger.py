# SPDX-License-Identifier: GPL-2.0-only
"""What the journal says of mutants, programs and suites, on one kernel."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field

from ksftci.machine.machine import Job
from ksftci.mutants import trial
from ksftci.mutants.forge import Made
from ksftci.mutants.journal import Entry, Journal
from ksftci.mutants.mutant import Mutant
from ksftci.mutants.trial import Baseline, Outcome, Suite

_MADE, _BOOT, _BASELINE, _FIRST, _WHOLE = "made", "boot", "baseline", "first", "whole"  # kinds of entries
_DOUBTS = 2  # mutants on which a test failed once and not again, before it says nothing any more
_NOTHING = asdict(Outcome("", False, 0.0))  # what an entry does not say


@dataclass(frozen=True)
class Standing:
    """What a suite made of a mutant. `seconds` are those of the programs that tried it, up to the kill."""

    seconds: float
    kill: Entry | None
    asked: int  # programs that run the line
    unconfirmed: Sequence[str]
    failed: Sequence[str]


@dataclass
class Ledger:
    """Everything that is known. With `whole`, of runs of all tests; else of those up to the first that notices."""

    journal: Journal
    kernel: str
    whole: bool = False
    _digests: dict[Job, str] = field(default_factory=dict)
    _doubts: Counter[tuple[str, str]] = field(init=False, default_factory=Counter)  # of (program's digest, test)

    def __post_init__(self) -> None:
        """Count the doubts that the journal has."""
        for entry in self.journal.all(_FIRST):
            self._doubt(entry["key"].split()[2], entry.get("unconfirmed", ()))

    def baseline(self, job: Job) -> Baseline | None:
        """What is known of a program on the kernel without a bug, and of tests that are unsteady on those with one."""
        entry = self.journal.get(_BASELINE, self.kernel, self._digest(job))
        if entry is None:
            return None
        unstable = {test: set(verdicts) for test, verdicts in entry["unstable"].items()}
        unstable |= {test: {"fail", "pass"} for digest, test in list(self._doubts) if self._doubted(digest, test, job)}
        return Baseline(unstable, entry["tests"], entry["seconds"], entry.get("runs", 0))

    def add_baseline(self, job: Job, found: Baseline) -> None:
        """A program was run on the kernel without a bug."""
        unstable = {test: sorted(verdicts) for test, verdicts in sorted(found.unstable.items())}
        told = {"name": job.name, "tests": found.tests, "seconds": round(found.seconds, 1), "runs": found.runs}
        self.journal.add(_BASELINE, self.kernel, self._digest(job), **told, unstable=unstable)

    def made(self, mutant: Mutant) -> Entry | None:
        """Whether it could be built."""
        return self.journal.get(_MADE, self.kernel, mutant.digest)

    def add_made(self, mutant: Mutant, made: Made) -> Entry:
        """It was built, or could not be."""
        told = {"name": mutant.name, "status": made.status, "why": made.why, "object": made.object}
        return self.journal.add(_MADE, self.kernel, mutant.digest, **told)

    def boot(self, mutant: Mutant) -> str | None:
        """Why it does not boot, "" if it does, None if it was not tried."""
        entry = self.journal.get(_BOOT, self.kernel, mutant.digest)
        return str(entry["why"]) if entry else None

    def add_boot(self, mutant: Mutant, why: str) -> None:
        """It was booted."""
        self.journal.add(_BOOT, self.kernel, mutant.digest, name=mutant.name, why=why)

    def outcome(self, job: Job, mutant: Mutant) -> Entry | None:
        """What a program made of a mutant; None if it was not asked, or only an unsteady test noticed."""
        entry = self.journal.get(*self._key(job, mutant))
        if entry is None or self._doubted(self._digest(job), entry.get("by", ""), job):
            return None
        return {**_NOTHING, **entry}

    def add_outcome(self, job: Job, mutant: Mutant, outcome: Outcome) -> None:
        """A program has tried a mutant."""
        self._doubt(self._digest(job), outcome.unconfirmed)
        told = {name: value for name, value in asdict(outcome).items() if value != _NOTHING[name]}
        self.journal.add(*self._key(job, mutant), name=mutant.name, **told)

    def standing(self, suite: Suite, mutant: Mutant) -> Standing | None:
        """What a suite made of a mutant; None as long as that is not known."""
        asked = suite.asked(mutant)
        entries = {job.name: self.outcome(job, mutant) for job in suite.jobs}
        known = [entry for entry in entries.values() if entry is not None]
        kill = next((entry for entry in known if entry["killed"]), None)
        if any(entries[job.name] is None for job in asked) and (kill is None or self.whole):
            return None
        seconds = round(sum(entry["seconds"] for entry in known), 1)
        unconfirmed = [test for entry in known for test in entry["unconfirmed"]]
        failed = [test for entry in known for test in entry["failed"]]
        return Standing(seconds, kill, len(asked), unconfirmed, failed)

    def _doubt(self, digest: str, tests: Iterable[str]) -> None:
        self._doubts.update((digest, test) for test in tests)

    def _doubted(self, digest: str, test: str, job: Job) -> bool:
        return digest == self._digest(job) and self._doubts[digest, test] >= _DOUBTS

    def _key(self, job: Job, mutant: Mutant) -> tuple[str, ...]:
        return _WHOLE if self.whole else _FIRST, self.kernel, self._digest(job), mutant.digest

    def _digest(self, job: Job) -> str:
        if job not in self._digests:
            self._digests[job] = trial.job_digest(job)
        return self._digests[job]
