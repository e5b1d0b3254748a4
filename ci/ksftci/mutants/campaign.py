# SPDX-License-Identifier: GPL-2.0-only
"""A plan with its tree and its mutants, and the hunt that is made of it."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

from ksftci.assembly import Tools
from ksftci.errors import CiError
from ksftci.host.cache import Cache
from ksftci.host.command import run
from ksftci.kernel.tree import Tree, Trees
from ksftci.machine.machine import Limits
from ksftci.machine.qemu import Qemu
from ksftci.mutants import curated, executed, plan, sample
from ksftci.mutants.executed import Executed
from ksftci.mutants.forge import Forge
from ksftci.mutants.hunt import Hunt, HuntWatcher
from ksftci.mutants.journal import Journal
from ksftci.mutants.ledger import Ledger
from ksftci.mutants.mutant import Mutant
from ksftci.mutants.plan import INDISTINGUISHABLE, Judgement, Plan, SuitePlan
from ksftci.mutants.trial import Suite
from ksftci.session.choice import Choice


@dataclass(frozen=True)
class Selection:
    """The part of a campaign that a hunt tries, and how."""

    suites: Mapping[str, SuitePlan]  # by name
    choice: Choice | None = None  # of mutants, by name, file, function and group
    sample_size: int | None = None  # None: as many as the plan says
    every_test: bool = False  # else a suite is run only up to its first kill
    at_once: int = 2  # machines

    def mutants(self, mutants: Sequence[Mutant]) -> list[Mutant]:
        """Those mutants that are chosen."""
        return [m for m in mutants if self.choice is None or self.choice(f"{m.name} {m.file} {m.function} {m.group}")]


@dataclass(frozen=True)
class Campaign:
    """Everything that a plan names, read; nothing is copied or built yet."""

    file: Path  # of the plan
    plan: Plan
    tree: Tree
    curated: Sequence[Mutant] = ()
    sample: Sequence[Mutant] = ()
    executed: Executed = field(default_factory=Executed)
    judgements: Mapping[str, Judgement] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path, content: Plan, trees: Trees) -> "Campaign":
        """Fetch the tree of the plan in `file` and read the other files. Raises CiError when one does not fit it."""
        tree = trees.get(content.tree, full=True)
        bugs = curated.read(file.parent / content.curated, tree) if content.curated else []
        drawn: list[Mutant] = []
        if content.sample is not None:
            part = content.sample
            drawn = sample.draw(tree, part.file, part.first, part.last, part.seed)
        lines = executed.read(file.parent / content.lines, tree) if content.lines else Executed()
        return cls(file, content, tree, bugs, drawn, lines, plan.judgements(file, content))

    def lock(self, cache: Cache) -> AbstractContextManager[None]:
        """Keep other processes from trying mutants of the same tree: its copy has one mutant at a time."""
        return cache.lock(f"mutants-{self.tree.path.name}-{self.plan.arch}")

    def hunt(self, selection: Selection, tools: Tools, folder: Path, watcher: HuntWatcher) -> Hunt:
        """Copy the tree, put the tests into it and build them; the journal is in `folder`.

        Raises CiError when no mutant is chosen, a command of the plan fails or a program does not build.
        """
        chosen, drawn = selection.mutants(self.curated), selection.mutants(self.sample)
        if selection.choice and (complaint := selection.choice.complaint("mutant")):
            raise CiError(complaint)
        forge = Forge(tools.cache, self.tree, tools.kernel_builder, self.plan.config)
        self._prepare(forge.tree)
        suites = [self._suite(name, suite, forge.tree, tools) for name, suite in selection.suites.items()]
        guest = tools.guests.qemu("mutant", Path(), [job for suite in suites for job in suite.jobs])

        def machine_for(image: Path, limits: Limits) -> Qemu:
            return replace(guest, image=image, limits=limits)

        folder.mkdir(parents=True, exist_ok=True)
        journal = Journal(folder / "journal.jsonl")
        planned = self.plan.sample.count if self.plan.sample else 0
        return Hunt(
            forge,
            machine_for,
            suites,
            chosen,
            drawn,
            planned if selection.sample_size is None else selection.sample_size,
            Ledger(journal, forge.kernel, selection.every_test),
            watcher,
            selection.at_once,
            self.plan.baseline,
            [name for name, judgement in self.judgements.items() if judgement.verdict in INDISTINGUISHABLE],
        )

    def _prepare(self, tree: Tree) -> None:
        """Run the plan's commands, which put tests into the tree."""
        for command in self.plan.prepare:
            program, *arguments = (word.replace("{tree}", str(tree.path)) for word in command)
            # ksftgen is that of this Python, whatever PATH has.
            words = [sys.executable, "-m", "ksftgen"] if program == "ksftgen" else [program]
            run([*words, *arguments], what="putting tests into the tree")

    def _suite(self, name: str, suite: SuitePlan, tree: Tree, tools: Tools) -> Suite:
        jobs = tools.jobs(plan.programs(self.file, suite), str(tree.path), {})
        return Suite(name, jobs, Limits(suite.total, suite.silence), self.executed)
