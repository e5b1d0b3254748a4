# SPDX-License-Identifier: GPL-2.0-only
"""Runs programs as root on the host's own kernel, and puts back the settings that they change."""

import json
import os
import platform
import pty
import select
import signal
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from ksftci.arch import Arch
from ksftci.errors import CiError
from ksftci.machine import keeper, lock, settings
from ksftci.machine.console import Console
from ksftci.machine.flood import Flood
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
from ksftci.machine.settings import Change

_TICK = 0.2  # seconds between two checks of `stop` and the limits


@dataclass
class Native:
    """The host as a machine. `limits` are those of each program, not of all together."""

    limits: Limits = field(default_factory=Limits)
    load: bool = False
    label: str = "native"
    say: Callable[[str], None] = field(default=lambda _: None, compare=False)
    alone: bool = True  # False for programs that only list their tests: they change nothing, and need no lock

    @staticmethod
    def check(arch: Arch) -> None:
        """Raises CiError when the host cannot run programs of arch, or the user is not root."""
        if not arch.native:
            raise CiError(
                f"--native runs programs of {platform.machine()}, not of {arch.name}; leave out --arch and KSFTCI_ARCH"
            )
        if os.geteuid() != 0:
            raise CiError("--native needs root, because the tests change settings of the kernel; use sudo")

    def run(self, jobs: Sequence[Job], stop: threading.Event) -> Iterator[Event]:
        """Run the jobs one after the other. A program that hangs is killed, and the next one runs.

        Another native run on this machine is waited for. Raises CiError when the lock for that cannot be had.
        """
        with lock.held(self.say, stop) if self.alone else nullcontext(-1) as locked:
            if locked is None:
                yield Stopped(time.monotonic(), Cause.INTERRUPTED)
                return
            yield Booted(time.monotonic(), facts())
            load = [_start_busy_loop() for _ in range(os.cpu_count() or 1)] if self.load else []
            try:
                for job in jobs:
                    yield Begin(time.monotonic(), job)
                    end = None
                    for event in self._run_program(job, stop, locked):
                        end = event
                        yield event
                    if isinstance(end, Stopped):
                        return
            finally:
                for process in load:
                    process.kill()
                    process.wait()

    def _run_program(self, job: Job, stop: threading.Event, locked: int) -> Iterator[Event]:
        """The lines of the program, the settings that it changed, then its end."""
        master, slave = pty.openpty()  # to a terminal, stdio writes each line at once
        tty.setraw(slave)
        try:
            kept = _Kept(job, slave, locked)
        except BaseException:
            os.close(master)
            raise
        finally:
            os.close(slave)
        limits = replace(self.limits, total=min(self.limits.total, job.limit or self.limits.total))
        deadline = time.monotonic() + limits.total
        console = Console(master, limits, stop, kept.is_over, Flood())
        cause: Cause | None = None
        try:
            for at, text in console.lines():
                yield Line(at, text.rstrip("\r"))
            cause = console.cause
            while cause is None and not kept.is_over(_TICK):  # it has closed its output
                cause = Cause.INTERRUPTED if stop.is_set() else Cause.TIMEOUT if time.monotonic() > deadline else None
        finally:
            status, changes = kept.finish()
            os.close(master)
        yield from console.cuts()
        now = time.monotonic()
        yield from (Changed(now, change.path, change.before, change.after) for change in changes)
        if cause is Cause.INTERRUPTED:
            yield Stopped(now, Cause.INTERRUPTED)
        else:
            yield End(now, job, 128 - status if status < 0 else status, cause)


class _Kept:
    """A program that the keeper, a process of its own, has started."""

    def __init__(self, job: Job, output: int, locked: int) -> None:
        self.keeper = subprocess.Popen(
            [sys.executable, "-P", "-m", keeper.__name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            bufsize=0,
            pass_fds=[locked] if locked >= 0 else [],  # the lock is free when the settings are back
            start_new_session=True,
        )
        assert self.keeper.stdin is not None and self.keeper.stdout is not None
        self.to, self.told = self.keeper.stdin, self.keeper.stdout
        self.before = settings.snapshot()  # should the keeper be killed
        request = {"command": [str(job.program), *job.args], "folder": str(job.program.parent)}
        with suppress(BrokenPipeError):
            self.to.write(f"{json.dumps(request)}\n".encode())

    def is_over(self, patience: float = 0) -> bool:
        """Whether the program ends within so many seconds; a child of it may still run."""
        return bool(select.select([self.told], [], [], patience)[0])

    def finish(self) -> tuple[int, list[Change]]:
        """End what is left of the program. Gives its status, negative after a signal, and the settings it changed."""
        self.to.close()
        status, changes = -signal.SIGKILL, None
        for line in self.told.read().splitlines():
            value = json.loads(line)
            if isinstance(value, int):
                status = value
            else:
                changes = [Change(*change) for change in value]
        self.told.close()
        self.keeper.wait()
        return status, settings.restore(self.before) if changes is None else changes


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


def _start_busy_loop() -> subprocess.Popen[bytes]:
    """A process that keeps a processor busy, and ends with this one."""
    loop = f"import os\nwhile os.getppid() == {os.getpid()}:\n    for _ in range(10**6): pass"
    return subprocess.Popen([sys.executable, "-c", loop])
