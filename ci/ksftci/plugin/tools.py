# SPDX-License-Identifier: GPL-2.0-only
"""Builders and machines for a pytest session, put together when the first of them is needed."""

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
    """Builds programs, lists their tests and makes machines. Every method raises CiError."""

    def __init__(self, config: pytest.Config, settings: Settings, say: Callable[[str], None]) -> None:
        self.config, self.settings, self.say = config, settings, say

    @cached_property
    def _tools(self) -> assembly.Tools:
        return assembly.assemble(self.settings.options, self.say)

    @cached_property
    def sources(self) -> Sources:
        """Builds C sources."""
        tools = self._tools
        return Sources(tools.cache, tools.trees, self.settings.tree, tools.builder, self.say)

    def build(self, sources: Iterable[Path]) -> Mapping[Path, Path | CiError]:
        """The program of each source, or why there is none."""
        return self.sources.build(sources)

    def machine(self, label: str, jobs: Sequence[Job]) -> Machine:
        """The machine that runs the jobs on this kernel: a conftest.py's, this machine, or QEMU."""
        settings = self.settings
        machine: Machine | None = self.config.hook.pytest_ksft_machine(
            config=self.config, kernel=label, arch=settings.arch.name, limits=settings.limits
        )
        if machine is not None:
            return machine
        kernels = {label: settings.kernels[label]} if label in settings.kernels else {}
        return self._tools.machines(kernels, jobs)[0]

    def list_tests(self, programs: Sequence[Path]) -> list[list[str]]:
        """The tests of each program; [] for a program that cannot list them. The cache keeps the listings.

        This machine runs the programs if they are for its architecture, else the machine of the first kernel.
        """
        jobs = [Job(f"{number}", program) for number, program in enumerate(programs)]
        label = self.settings.labels[0]

        def run(unknown: Sequence[Job], stop: threading.Event) -> Iterator[Event]:
            self.say(f"{label}: {len(unknown)} programs list their tests")
            here = self.settings.arch.native
            machine = Native(self.settings.limits, alone=False) if here else self.machine(label, unknown)
            return machine.run(unknown, stop)

        with self._tools.cache.lock("listings"):  # the other workers of xdist wait, and read the cache
            tests = self._tools.lister.list_tests(run, jobs, threading.Event())
        return [tests.get(job.name, []) for job in jobs]
