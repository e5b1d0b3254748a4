# SPDX-License-Identifier: GPL-2.0-only
"""What fetching, building and starting machines needs, made when it is first used."""

import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

import pytest

from ksftci.host.cache import Cache
from ksftci.host.debian import Debian
from ksftci.kernel.image import Kernels
from ksftci.machine import initramfs
from ksftci.machine.machine import Event, Job, Machine
from ksftci.machine.native import Native
from ksftci.machine.qemu import Qemu
from ksftci.plugin.settings import Settings
from ksftci.plugin.sources import Sources
from ksftci.programs.build import Builder
from ksftci.session.unit import Lister


class Tools:
    """One set for a session. Everything raises CiError."""

    def __init__(self, config: pytest.Config, settings: Settings, say: Callable[[str], None]) -> None:
        self.config, self.settings, self.say = config, settings, say

    @cached_property
    def store(self) -> Cache:
        """Where things are kept."""
        return Cache.find(self.settings.cache)

    @cached_property
    def sources(self) -> Sources:
        """C sources into programs."""
        builder = Builder(self.store, self.settings.arch, say=self.say)
        return Sources(self.store, self._debian, self.settings.tree, builder, self.say)

    @cached_property
    def _debian(self) -> Debian:
        return Debian(self.store, self.settings.arch, self.settings.mirror, self.say)

    def machine(self, label: str) -> Machine:
        """What runs programs under this label."""
        settings = self.settings
        found: Machine | None = self.config.hook.pytest_ksft_machine(
            config=self.config, kernel=label, arch=settings.arch.name, limits=settings.limits
        )
        if found is not None:
            return found
        if label not in settings.kernels:
            Native.check(settings.arch)
            return Native(settings.limits)
        image = Kernels(self.store, self._debian).get(settings.kernels[label])
        return Qemu(label, image, settings.arch, initramfs.busybox(self.store, self._debian), settings.limits)

    def list_tests(self, programs: Sequence[Path], label: str) -> list[list[str]]:
        """The tests of each program of the harness, none of another; asked once and then remembered.

        A program that this machine can run is asked here, others on the machine of the label.
        """
        jobs = [Job(f"{number}", program) for number, program in enumerate(programs)]

        def run(asked: Sequence[Job], stop: threading.Event) -> Iterator[Event]:
            self.say(f"{label}: asking {len(asked)} programs for their tests")
            machine = Native(self.settings.limits) if self.settings.arch.native else self.machine(label)
            return machine.run(asked, stop)

        with self.store.lock("asking"):  # the other workers of xdist then know
            told = Lister(self.store).ask(run, jobs, threading.Event())
        return [told.get(job.name, []) for job in jobs]
