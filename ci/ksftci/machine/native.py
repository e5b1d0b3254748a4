# SPDX-License-Identifier: GPL-2.0-only
"""Runs programs as root on the host's own kernel, and puts back the settings that they change."""

import os
import platform
import pty
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ksftci.arch import Arch
from ksftci.errors import CiError
from ksftci.host.command import kill_group
from ksftci.machine import settings
from ksftci.machine.console import Console
from ksftci.machine.machine import (
    Begin,
    Booted,
    Cause,
    Changed,
    End,
    Event,
    Job,
    Limits,
    Line,
    Stopped,
)

_PATIENCE = 10.0  # seconds until killed processes are gone; a process that waits for a disk may take longer


@dataclass
class Native:
    """The host as a machine. `limits` are those of each program, not of all together."""

    limits: Limits = field(default_factory=Limits)
    load: bool = False
    label: str = "native"

    @staticmethod
    def check(arch: Arch) -> None:
        """Raises CiError when the host cannot run programs of arch, or the user is not root."""
        if not arch.native:
            raise CiError(f"--native runs programs of {platform.machine()}, not of {arch.name}")
        if os.geteuid() != 0:
            raise CiError("--native needs root, because the tests change settings of the kernel: use sudo")

    def run(self, jobs: Sequence[Job], stop: threading.Event) -> Iterator[Event]:
        """Run the jobs one after the other. A program that hangs is killed, and the next one runs."""
        yield Booted(time.monotonic(), facts())
        load = [_start_busy_loop() for _ in range(os.cpu_count() or 1)] if self.load else []
        try:
            for job in jobs:
                yield Begin(time.monotonic(), job)
                before = settings.snapshot()
                end = None
                try:
                    for event in self._run_program(job, stop):
                        end = event if isinstance(event, End) else None
                        if end is None:
                            yield event
                finally:
                    changes = settings.restore(before)
                now = time.monotonic()
                yield from (Changed(now, c.path, c.before, c.after) for c in changes)
                if end is None or end.cause is Cause.INTERRUPTED:
                    yield Stopped(now, Cause.INTERRUPTED)
                    return
                yield end
        finally:
            for process in load:
                process.kill()
                process.wait()

    def _run_program(self, job: Job, stop: threading.Event) -> Iterator[Event]:
        """The lines of the program, then its end."""
        master, slave = pty.openpty()  # to a terminal, stdio writes each line at once
        tty.setraw(slave)
        try:
            process = subprocess.Popen(
                [job.program, *job.args],
                cwd=job.program.parent,
                stdin=subprocess.DEVNULL,
                stdout=slave,
                stderr=slave,
                start_new_session=True,
            )
        except OSError as err:
            os.close(slave)
            os.close(master)
            yield Line(time.monotonic(), f"{job.program}: {err.strerror}")
            yield End(time.monotonic(), job, 126)
            return
        os.close(slave)
        limits = replace(self.limits, total=min(self.limits.total, job.limit or self.limits.total))
        console = Console(master, limits, stop, over=lambda: process.poll() is not None)
        try:
            for at, text in console.lines():
                yield Line(at, text.rstrip("\r"))
            if console.cause is None:
                process.wait()
        finally:
            _kill_session(process)
            os.close(master)
        status = process.returncode
        yield End(time.monotonic(), job, 128 - status if status < 0 else status, console.cause)


def facts() -> dict[str, str]:
    """The facts of the host, under the names that init.sh has for those of a guest."""
    kernel = Path("/sys/kernel/mm")
    nodes = Path("/sys/devices/system/node/has_memory")
    sizes = kernel.glob("transparent_hugepage/hugepages-*kB")
    return {
        "release": platform.release(),
        "machine": platform.machine(),
        "page_size": str(os.sysconf("SC_PAGE_SIZE")),
        "cpus": str(os.cpu_count()),
        "nodes": nodes.read_text().strip() if nodes.exists() else "",
        "thp_sizes": " ".join(sorted(p.name.removeprefix("hugepages-") for p in sizes)),
        "ksm": "yes" if (kernel / "ksm").is_dir() else "no",
        "numa_balancing": "yes" if Path("/proc/sys/kernel/numa_balancing").exists() else "no",
    }


def _kill_session(process: subprocess.Popen[bytes]) -> None:
    """Kill the program and all processes of its session; wait until they are gone."""
    for group in {process.pid, *_groups_of_session(process.pid)}:
        kill_group(group)
    process.wait()
    deadline = time.monotonic() + _PATIENCE
    while _groups_of_session(process.pid) and time.monotonic() < deadline:
        time.sleep(0.01)


def _groups_of_session(session: int) -> set[int]:
    """The process groups of a session, without zombies; kselftest_harness.h gives each test a group of its own."""
    groups = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if len(fields) > 3 and fields[0] != "Z" and int(fields[3]) == session:
            groups.add(int(fields[2]))
    return groups


def _start_busy_loop() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "while True: pass"])
