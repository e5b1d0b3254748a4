# SPDX-License-Identifier: GPL-2.0-only
"""Machines of one kind, a kernel each: in QEMU, started again for what is left after a panic."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ksftci.host.cache import Cache
from ksftci.host.debian import Debian
from ksftci.host.elf import is_script
from ksftci.machine import initramfs
from ksftci.machine.machine import Job, Limits, Machine
from ksftci.machine.qemu import GuestOptions, Qemu
from ksftci.machine.resume import Resume


@dataclass(frozen=True)
class Guests:
    """What all of the machines have in common."""

    cache: Cache
    debian: Debian
    limits: Limits = field(default_factory=Limits)
    options: GuestOptions = field(default_factory=GuestOptions)

    def machine(self, label: str, image: Path, jobs: Sequence[Job]) -> Machine:
        """A machine that boots this image as often as the jobs need. Raises CiError as `qemu` does."""
        return Resume(label, self.limits, self.qemu(label, image, jobs).within)

    def qemu(self, label: str, image: Path, jobs: Sequence[Job]) -> Qemu:
        """One boot of the image, with what the jobs need. Raises CiError when that cannot be fetched."""
        busybox = initramfs.busybox(self.cache, self.debian)
        scripts = any(is_script(job.program) for job in jobs)
        bash = initramfs.bash(self.cache, self.debian) if scripts else None
        return Qemu(label, image, self.debian.arch, busybox, bash, self.limits, self.options)
