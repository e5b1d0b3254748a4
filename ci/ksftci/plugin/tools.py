# SPDX-License-Identifier: GPL-2.0-only
"""What fetching, building and starting machines needs, made when it is first used."""

import hashlib
import subprocess
import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

import pytest

from ksftci import initramfs, listing
from ksftci.build import Builder
from ksftci.cache import Cache
from ksftci.debian import Debian
from ksftci.files import read_text, write_whole
from ksftci.kernel import Kernels
from ksftci.machine import Job, Machine
from ksftci.native import Native
from ksftci.plugin.settings import Settings
from ksftci.plugin.sources import Sources
from ksftci.qemu import Qemu

_PATIENCE = 30.0  # seconds for a program to list its tests


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
        with self.store.lock("listings"):
            notes = [self.store.path("listings", _digest(program)) for program in programs]
            new = {note: p for note, p in zip(notes, programs, strict=True) if not note.exists()}
            able = {note: p for note, p in new.items() if listing.has_harness(p)}
            if self.settings.arch.native:
                told = [_ask_here(program) for program in able.values()]
            elif able:
                self.say(f"{label}: asking {len(able)} programs for their tests")
                jobs = [Job(note.name, program) for note, program in able.items()]
                told = listing.ask(self.machine(label), jobs, threading.Event())
            else:
                told = []
            names = dict(zip(able, told, strict=True))
            for note in new:
                write_whole(note, "".join(f"{name}\n" for name in names.get(note, [])))
            return [read_text(note).split() for note in notes]


def _digest(program: Path) -> str:
    return hashlib.sha256(program.read_bytes()).hexdigest()


def _ask_here(program: Path) -> list[str]:
    try:
        done = subprocess.run([program, "-l"], capture_output=True, text=True, errors="replace", timeout=_PATIENCE)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return listing.tests((done.stdout + done.stderr).splitlines())
