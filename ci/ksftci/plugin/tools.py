# SPDX-License-Identifier: GPL-2.0-only
"""What fetches, builds and starts machines for a pytest session, made when it is first used."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import pytest

from ksftci import assembly
from ksftci.errors import CiError
from ksftci.machine.machine import Event, Job, Machine
from ksftci.machine.native import Native
from ksftci.plugin.settings import Settings
from ksftci.plugin.sources import Sources


class SessionTools:
    """One set for a session. Everything raises CiError."""

    def __init__(self, config: pytest.Config, settings: Settings, say: Callable[[str], None]) -> None:
        self.config, self.settings, self.say = config, settings, say

    @cached_property
    def _tools(self) -> assembly.Tools:
        return assembly.assemble(self.settings.options, self.say)

    @cached_property
    def sources(self) -> Sources:
        """C sources into programs."""
        tools = self._tools
        return Sources(tools.cache, tools.trees, self.settings.tree, tools.builder, self.say)

    def build(self, sources: Iterable[Path]) -> Mapping[Path, Path | CiError]:
        """The program of each source, or why there is none."""
        return self.sources.build(sources)

    def machine(self, label: str, jobs: Sequence[Job]) -> Machine:
        """What runs the jobs under this label: a conftest.py's machine, this machine, or QEMU."""
        settings = self.settings
        machine: Machine | None = self.config.hook.pytest_ksft_machine(
            config=self.config, kernel=label, arch=settings.arch.name, limits=settings.limits
        )
        if machine is not None:
            return machine
        kernels = {label: settings.kernels[label]} if label in settings.kernels else {}
        return self._tools.machines(kernels, jobs)[0]

    def list_tests(self, programs: Sequence[Path]) -> list[list[str]]:
        """The tests of each program of the harness, none of another; a program is run once and then remembered.

        A program that this machine can run is run here, others on the machine of the first kernel.
        """
        jobs = [Job(f"{number}", program) for number, program in enumerate(programs)]
        label = self.settings.labels[0]

        def run(listed: Sequence[Job], stop: threading.Event) -> Iterator[Event]:
            self.say(f"{label}: {len(listed)} programs list their tests")
            machine = Native(self.settings.limits) if self.settings.arch.native else self.machine(label, listed)
            return machine.run(listed, stop)

        with self._tools.cache.lock("asking"):  # the other workers of xdist then know
            tests = self._tools.lister.list_tests(run, jobs, threading.Event())
        return [tests.get(job.name, []) for job in jobs]
