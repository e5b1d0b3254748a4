# SPDX-License-Identifier: GPL-2.0-only
"""Makes the guests of a session, which differ in their kernels only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ksftci.host.cache import Cache
from ksftci.host.command import need
from ksftci.host.debian import Debian
from ksftci.host.elf import is_script
from ksftci.machine import initramfs
from ksftci.machine.machine import Job, Limits, Machine
from ksftci.machine.qemu import GuestOptions, Qemu
from ksftci.machine.resume import Resume


@dataclass(frozen=True)
class Guests:
    """What all guests have in common."""

    cache: Cache
    debian: Debian
    limits: Limits = field(default_factory=Limits)
    options: GuestOptions = field(default_factory=GuestOptions)

    def check(self) -> None:
        """Raises CiError if this machine lacks a program that guests need, so that nothing is built in vain."""
        for program in (self.debian.arch.board.program, "cpio"):
            need(program)

    def machine(
        self, label: str, image: Path, jobs: Sequence[Job], modules: Mapping[str, bytes] | None = None
    ) -> Machine:
        """A guest that boots again for the jobs left after a panic or a hang. Raises CiError as `qemu` does."""
        return Resume(label, self.limits, self.qemu(label, image, jobs, modules).with_limits)

    def qemu(self, label: str, image: Path, jobs: Sequence[Job], modules: Mapping[str, bytes] | None = None) -> Qemu:
        """A guest that boots once, with bash if a job is a script. Raises CiError when a fetch fails."""
        busybox = initramfs.busybox(self.cache, self.debian)
        needs_bash = any(is_script(job.program) for job in jobs)
        bash = initramfs.bash(self.cache, self.debian) if needs_bash else None
        return Qemu(label, image, self.debian.arch, busybox, bash, self.limits, self.options, modules or {})
