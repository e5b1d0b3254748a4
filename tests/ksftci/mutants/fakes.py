# SPDX-License-Identifier: GPL-2.0-only
"""A source file, mutants of it, and machines and a forge that need no kernel."""

import hashlib
import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ksftci.machine.machine import Begin, Booted, Cause, End, Event, Job, Limits, Line, Machine, Stopped
from ksftci.mutants.forge import BuildResult
from ksftci.mutants.hunt import Hunt
from ksftci.mutants.journal import Entry, Journal
from ksftci.mutants.ledger import Ledger, SuiteOutcome
from ksftci.mutants.mutant import Mutant
from ksftci.mutants.trial import MachineFactory, Suite

SOURCE = """\
/* SPDX */
static int declared(int a);

static __always_inline int
length(int start, int max)
{
	int i;

	for (i = start; i < max; i++)
		if (i == 3)
			break;
	return i - start;
}

static bool change(struct area *area,
			int nr)
{
	int pages = 0;

	pages += nr;
	pages += nr;
	return pages;
}
"""
BUG = """\
mutants:
  - name: one_more
    file: mm/x.c
    function: {function}
    before: "{before}"
    after: "pages += nr + 1;"
    bug: One page more.
    source: review
    expect: mprotect_mixed_folio
"""
JOB = Job("prog", Path("/bin/true"))
OTHER = Job("other", Path("/bin/true"))
SUITE = Suite("ours", [JOB, OTHER], Limits(10, 5))


def mutant(name: str = "m", **fields: str) -> Mutant:
    """A mutant of line 7 of SOURCE."""
    defaults = {"group": "curated", "file": "mm/x.c", "function": "length", "before": "int i;", "after": "int j;"}
    return Mutant(name, line=7, **(defaults | fields))


def lines_file(folder: Path, lines: dict[str, list[str]], source: str = SOURCE) -> Path:
    """A file of `ksftci coverage --lines`: line to programs that execute it, of the measured programs a and b."""
    file = folder / "lines.json"
    entries = [{"of": [int(line)], "run_by": names} for line, names in lines.items()]
    entry = {"sha256": hashlib.sha256(source.encode()).hexdigest(), "lines": entries}
    file.write_text(json.dumps({"programs": ["a", "b"], "files": {"mm/x.c": entry}}))
    return file


@dataclass
class FakeMachine:
    """Each job has the tests a and b. Tests in `bad` fail; the kernel panics at the test `panics`."""

    bad: set[str]
    panics: str = ""
    boots: bool = True
    ran: list[list[str]] = field(default_factory=list)  # the jobs of each boot
    label: str = "fake"

    def run(self, jobs: Sequence[Job], stop: threading.Event) -> Iterator[Event]:
        self.ran.append([job.name for job in jobs])
        if not self.boots:
            yield Stopped(0, Cause.NO_BOOT, "Unable to handle kernel paging request")
            return
        yield Booted(0, {})
        for job in jobs:
            yield Begin(1, job)
            yield Line(1, "1..2")
            for number, test in enumerate("ab", 1):
                if f"{job.name}.{test}" == self.panics:
                    yield Stopped(2, Cause.PANIC)
                    return
                word = "not ok" if f"{job.name}.{test}" in self.bad else "ok"
                yield Line(2, f"{word} {number} {test}")
            yield End(3, job, 0)


def in_turn(*machines: FakeMachine) -> MachineFactory:
    """A factory that gives one machine after the other, and the last one again and again."""
    left = list(machines)
    return lambda _image, _limits: left.pop(0) if len(left) > 1 else left[0]


@dataclass
class FakeForge:
    """Builds images that are only names: each is named after its mutant."""

    folder: Path
    kernel: str = "7.3.4"
    statuses: dict[str, str] = field(default_factory=dict)
    built: list[str] = field(default_factory=list)

    def build_baseline(self) -> Path:
        return self.folder / "baseline"

    def register(self, mutant: Mutant, digest: str) -> None: ...

    def restore(self) -> None: ...

    def build(self, mutant: Mutant) -> BuildResult:
        self.built.append(mutant.name)
        status = self.statuses.get(mutant.name, "built")
        image = self.folder / mutant.name
        return BuildResult(status, image if status == "built" else None, object=mutant.name)


class Silent:
    """A watcher that does nothing."""

    def baseline(self, suite: Suite, programs: int, runs: int) -> None: ...

    def built(self, mutant: Mutant, entry: Entry) -> None: ...

    def not_booted(self, mutant: Mutant, problem: str) -> None: ...

    def tried(self, mutant: Mutant, suite: str, outcome: SuiteOutcome) -> None: ...


def hunt(folder: Path, machines: dict[str, FakeMachine], forge: FakeForge, **fields: object) -> Hunt:
    """A hunt of the curated mutants killed, survives and dead, and of two of the sampled mutants s0 to s5.

    `machines` has the machine of each mutant; on the others every test passes.
    """

    def machine_for(image: Path, _limits: Limits) -> Machine:
        return machines.get(image.name, FakeMachine(set()))

    sampled = [mutant(f"s{number}", group="sample", after=f"{number};") for number in range(6)]
    curated = [
        mutant("killed", about="runs"),
        mutant("survives", after=""),
        mutant("dead", after="b;", missing="a state"),
    ]
    ledger = Ledger(Journal(folder / "journal.jsonl"), "7.3.4")
    options: dict[str, object] = {"watcher": Silent(), "at_once": 2, **fields}
    return Hunt(forge, machine_for, [SUITE], curated, sampled, 2, ledger, **options)  # type: ignore[arg-type]
