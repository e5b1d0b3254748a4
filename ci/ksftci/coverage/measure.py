# SPDX-License-Identifier: GPL-2.0-only
"""Runs suites on a kernel that counts what it executes, and reads the counters of each program."""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rich.console import Console

from ksftci.assembly import Tools
from ksftci.coverage import gcov
from ksftci.coverage.gcov import Profile
from ksftci.coverage.source import Target
from ksftci.errors import CiError
from ksftci.host.digest import digest
from ksftci.kernel.build import KernelBuilder, folder_of
from ksftci.kernel.tree import Tree
from ksftci.machine.machine import Begin, Cause, Counted, End, Event, Job, Retracted, Stopped
from ksftci.results.model import Run
from ksftci.session.collect import Collector
from ksftci.session.progress import ProgressDisplay
from ksftci.session.session import Session, Watcher

_CONFIG = "GCOV_KERNEL=y"


@dataclass(frozen=True)
class CountingKernel:
    """A kernel that counts the lines and branches of the targets, and the gcov that reads its counters."""

    image: Path
    tree: Tree
    targets: Sequence[Target]
    gcov: str

    @classmethod
    def build(
        cls, builder: KernelBuilder, tree: Tree, targets: Sequence[Target], config: Sequence[str]
    ) -> "CountingKernel":
        """Build the kernel of a complete tree. Raises CiError as `KernelBuilder.build` does."""
        built = builder.build(tree, [_CONFIG, *config], make_variables(targets))
        image = built.with_name(f"{built.name}.counting")  # another build in the folder leaves this copy alone
        shutil.copyfile(built, image)
        return cls(image, tree, targets, gcov.program_for(builder.arch))

    @property
    def folder(self) -> Path:
        """The build folder, in which the compiler's .gcno files are."""
        return folder_of(self.image)


@dataclass(frozen=True)
class MeasuredSuite:
    """The lines and branches that the programs of a suite executed, program by program."""

    name: str
    run: Run
    profiles: dict[str, Profile]  # by program
    lost: dict[str, str]  # program to the reason why some or all of its counters are missing

    @cached_property
    def total(self) -> Profile:
        """The sum over all programs."""
        return gcov.merge(self.profiles.values())


@dataclass(frozen=True)
class CoveragePlan:
    """Which suites to run, and on what kernel."""

    suites: Mapping[str, Sequence[str]]  # name to programs, as `ksftci run` takes them
    targets: Sequence[Target]
    tree: str  # that the programs are built from
    kernel_tree: str  # that the kernel is built from
    config: Sequence[str] = ()
    at_once: int = 1  # machines

    def run(self, tools: Tools, console: Console) -> tuple[CountingKernel, list[MeasuredSuite]]:
        """Build programs and kernel, run each suite in guests of its own and read the counters.

        Raises CiError when something cannot be fetched, built or run, or when nothing was counted in a target.
        """
        tree = tools.trees.get(self.tree)
        kernel_tree = tools.trees.get(self.kernel_tree, full=True)
        with ExitStack() as stack:
            jobs = {}
            for name, programs in self.suites.items():
                found, place = stack.enter_context(tools.prepared(programs, str(tree.path), {}))
                jobs[name] = tools.jobs(found, place, {})
            stack.enter_context(tools.cache.lock(f"coverage-{digest(str(kernel_tree.path))}-{tools.options.arch.name}"))
            kernel = CountingKernel.build(tools.kernel_builder, kernel_tree, self.targets, self.config)
            return kernel, [self._run_suite(name, jobs[name], kernel, tools, console) for name in self.suites]

    def _run_suite(
        self, name: str, jobs: Sequence[Job], kernel: CountingKernel, tools: Tools, console: Console
    ) -> MeasuredSuite:
        machine = tools.guests.machine(name, kernel.image, jobs)
        with ProgressDisplay(console) as display:
            recorder = Recorder(display)
            arch = tools.options.arch.name
            session = Session([machine], jobs, arch, recorder, at_once=self.at_once, lister=tools.lister)
            (run,) = session.run()
        return read_suite(name, run, recorder, kernel)


def make_variables(targets: Iterable[Target]) -> list[str]:
    """Variables of make that limit counting to the objects of the targets.

    scripts/Makefile.lib (7.3) takes GCOV_PROFILE_<object> from wherever it is set, not only from the folder's
    Makefile. The variable names no folder: other objects of the same name count, too, and `read_suite` skips them.
    """
    stems = dict.fromkeys(Path(target.file).stem for target in targets if target.compiled)
    return [f"GCOV_PROFILE_{stem}.o=y" for stem in stems]


class Recorder:
    """Keeps the counters that machines send after each program, and passes every event on to another watcher."""

    def __init__(self, watcher: Watcher) -> None:
        self.watcher = watcher
        self.counters: dict[str, list[Counted]] = {}  # by program
        self.lost: dict[str, str] = {}  # program to reason
        self._running: dict[int, str] = {}  # id of a collector to its program, until the first counters come

    def progress(self, run: Run, collector: Collector, event: Event) -> None:
        """Keep the counters of the program that runs."""
        match event:
            case Begin(job=job):
                self._running[id(collector)] = job.name
            case Counted(data=data) if collector.job is not None:
                self._running.pop(id(collector), None)
                self.counters.setdefault(collector.job.name, []).append(event)
                if not data:
                    self.lost[collector.job.name] = "a kernel message on the console cut into the counters"
            case Retracted(jobs=jobs):
                for retracted in jobs:
                    self.counters.pop(retracted.name, None)
                    self.lost.pop(retracted.name, None)
            case End(cause=cause) | Stopped(cause=cause):
                name = self._running.pop(id(collector), None)
                if name is not None:
                    self.lost[name] = _reason(cause)
        self.watcher.progress(run, collector, event)

    def finished(self, run: Run) -> None:
        """This run is over."""
        self.watcher.finished(run)


def _reason(cause: Cause | None) -> str:
    return cause.value if cause else "the kernel sent no counters: was it built with CONFIG_GCOV_KERNEL?"


def read_suite(name: str, run: Run, recorder: Recorder, kernel: CountingKernel) -> MeasuredSuite:
    """The counters that the recorder kept of a suite, read with gcov.

    Raises CiError when there are no counters at all for one of the targets.
    """
    expected = {
        str(Path(target.file).with_suffix(".gcda")): target.file for target in kernel.targets if target.compiled
    }
    read: set[str] = set()
    profiles: dict[str, Profile] = {}
    for program, counters in recorder.counters.items():
        of_program = []
        for counted in counters:
            path = counted.path
            place = str(path.relative_to(kernel.folder)) if path.is_relative_to(kernel.folder) else ""
            if counted.data and place in expected:
                read.add(place)
                of_program.append(gcov.read(kernel.gcov, path.with_suffix(".gcno"), counted.data, kernel.tree.path))
        profiles[program] = gcov.merge(of_program)
    if missing := sorted(expected[place] for place in expected.keys() - read):
        reasons = "; ".join(f"{program}: {reason}" for program, reason in recorder.lost.items())
        details = f" ({reasons})" if reasons else ""
        raise CiError(f"suite {name}: the kernel counted nothing in {', '.join(missing)}{details}; name what it builds")
    return MeasuredSuite(name, run, profiles, recorder.lost)
