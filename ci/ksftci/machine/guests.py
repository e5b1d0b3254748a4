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
from ksftci.machine.qemu import Qemu
from ksftci.machine.resume import Resume


@dataclass(frozen=True)
class Guests:
    """What all of them have in common."""

    cache: Cache
    debian: Debian
    limits: Limits = field(default_factory=Limits)
    memory_mb: int = 2048
    cpus: int = 2
    append: str = ""
    load: bool = False
    swap_mb: int = 0
    icount: bool = False
    gcov: bool = False

    def machine(self, label: str, image: Path, jobs: Sequence[Job]) -> Machine:
        """One that boots this image as often as the jobs need. Raises CiError as `qemu` does."""
        return Resume(label, self.limits, self.qemu(label, image, jobs).within)

    def qemu(self, label: str, image: Path, jobs: Sequence[Job]) -> Qemu:
        """One boot of it, with what the jobs need. Raises CiError when that cannot be fetched."""
        busybox = initramfs.busybox(self.cache, self.debian)
        scripts = any(is_script(job.program) for job in jobs)
        bash = initramfs.bash(self.cache, self.debian) if scripts else None
        size = (self.memory_mb, self.cpus, self.append, self.load)
        return Qemu(
            label, image, self.debian.arch, busybox, self.limits, *size, bash, self.swap_mb, self.icount, self.gcov
        )
