# SPDX-License-Identifier: GPL-2.0-only
"""Runs suites on a kernel that counts, and gathers what it counted of each program."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ksftci.coverage import gcov
from ksftci.coverage.gcov import Profile
from ksftci.coverage.source import Target
from ksftci.errors import CiError
from ksftci.machine.machine import Begin, Cause, Counted, End, Event, Stopped
from ksftci.results.model import Run
from ksftci.session.collect import Collector
from ksftci.session.session import Watcher

SYMBOL = "GCOV_KERNEL=y"


@dataclass(frozen=True)
class MeasuredSuite:
    """What the programs of a suite executed, one by one."""

    name: str
    run: Run
    profiles: dict[str, Profile]  # program to what it executed
    lost: dict[str, str]  # program to why some or all of it is not known

    @cached_property
    def total(self) -> Profile:
        """All programs together."""
        return gcov.merge(self.profiles.values())


def variables(targets: Iterable[Target]) -> list[str]:
    """What make has to be told so that just these files are built to count.

    scripts/Makefile.lib (7.3) takes GCOV_PROFILE_<object> from wherever it is set, not only from the
    folder's Makefile. It knows no folders, so that other objects of the name count, too, and are left out.
    """
    stems = dict.fromkeys(Path(target.file).stem for target in targets if target.compiled)
    return [f"GCOV_PROFILE_{stem}.o=y" for stem in stems]


class Recorder:
    """Keeps the counters that machines hand out, and passes everything on to another watcher."""

    def __init__(self, watcher: Watcher) -> None:
        self.watcher = watcher
        self.counted: dict[str, list[Counted]] = {}  # by program
        self.lost: dict[str, str] = {}
        self._running: dict[int, str] = {}  # the collector's id to a program that has handed out nothing

    def progress(self, run: Run, collector: Collector, event: Event) -> None:
        """Keep what belongs to a program."""
        match event:
            case Begin(job=job):
                self._running[id(collector)] = job.name
            case Counted(data=data) if collector.job is not None:
                self._running.pop(id(collector), None)
                self.counted.setdefault(collector.job.name, []).append(event)
                if not data:
                    self.lost[collector.job.name] = "a message of the kernel's has cut into it"
            case End(cause=cause) | Stopped(cause=cause):
                name = self._running.pop(id(collector), None)
                if name is not None:
                    self.lost[name] = _why(cause)
        self.watcher.progress(run, collector, event)

    def finished(self, run: Run) -> None:
        """This run is over."""
        self.watcher.finished(run)


def _why(cause: Cause | None) -> str:
    return cause.value if cause else "the kernel handed out nothing: was it built with CONFIG_GCOV_KERNEL?"


def suite(
    name: str, run: Run, recorder: Recorder, targets: Sequence[Target], build: Path, tree: Path, program: str
) -> MeasuredSuite:
    """What the recorder kept, read with the gcov `program` and the notes in the kernel's build folder.

    Raises CiError when there is nothing at all of one of the targets.
    """
    wanted = {str(Path(target.file).with_suffix(".gcda")): target.file for target in targets if target.compiled}
    there: set[str] = set()
    profiles: dict[str, Profile] = {}
    for test, counted in recorder.counted.items():
        parts = []
        for one in counted:
            place = str(one.path.relative_to(build)) if one.path.is_relative_to(build) else ""
            if one.data and place in wanted:
                there.add(place)
                parts.append(gcov.read(program, one.path.with_suffix(".gcno"), one.data, tree))
        profiles[test] = gcov.merge(parts)
    if missing := sorted(wanted[place] for place in wanted.keys() - there):
        why = "; ".join(f"{test}: {why}" for test, why in recorder.lost.items())
        raise CiError(f"suite {name}: the kernel counted nothing in {', '.join(missing)}{f' ({why})' if why else ''}")
    return MeasuredSuite(name, run, profiles, recorder.lost)
