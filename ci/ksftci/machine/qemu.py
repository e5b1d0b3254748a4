# SPDX-License-Identifier: GPL-2.0-only
"""Boots a kernel in QEMU, with two NUMA nodes, and runs programs there from an initramfs."""

import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ksftci.arch import Arch
from ksftci.errors import CiError
from ksftci.host.command import kill_group, need
from ksftci.host.files import write_whole
from ksftci.machine import initramfs, kvm, tcg
from ksftci.machine.console import Console
from ksftci.machine.flood import Flood
from ksftci.machine.machine import Begin, Booted, Cause, End, Event, Job, Limits, Line, Stopped
from ksftci.machine.protocol import GuestOutput

# proc_mem.force_override: tests write to read-only memory through /proc/self/mem, as debuggers do.
_COMMAND_LINE = "quiet panic=-1 panic_on_oops=1 proc_mem.force_override=always"
_ACCEL = {
    "kvm": ("-accel", "kvm"),
    "tcg": ("-accel", "tcg,thread=multi"),
    # The guest's clock counts instructions, 1 ns each, and does not wait while all processors sleep.
    "icount": ("-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off"),
}
_POWER_OFF = 10.0  # seconds for a guest that is done to power off; one that goes on may not be done
_BOOT_SILENCE = 60.0  # seconds; a kernel that boots with "quiet" prints nothing for a long time


@dataclass(frozen=True)
class GuestOptions:
    """The hardware of a guest, and what it does beside the jobs."""

    memory_mb: int = 2048
    cpus: int = 2
    append: str = ""  # to the kernel's command line
    load: bool = False  # keep every processor busy
    swap_mb: int = 0
    icount: bool = False  # the guest's clock counts instructions
    gcov: bool = False  # send the counters of a kernel that was built for gcov

    @property
    def needs(self) -> Sequence[str]:
        """What a kernel may have as modules and this guest needs: keys of kernel.modules.NEEDS."""
        return ("swap",) if self.swap_mb else ()


@dataclass
class Qemu:
    """A guest that boots one kernel, anew for every `run`."""

    label: str
    image: Path
    arch: Arch
    busybox: Path
    bash: Path | None = None  # for jobs that are scripts
    limits: Limits = field(default_factory=Limits)
    options: GuestOptions = field(default_factory=GuestOptions)
    modules: Mapping[str, bytes] = field(default_factory=dict, repr=False)  # name and content, in the order of loading

    def with_limits(self, limits: Limits) -> "Qemu":
        """The same guest with other limits."""
        return replace(self, limits=limits)

    def run(self, jobs: Sequence[Job], stop: threading.Event) -> Iterator[Event]:
        """Boot, run the jobs, power off. Raises CiError when QEMU, a program or the swap is missing."""
        token = secrets.token_hex(8)
        script = initramfs.init_script(jobs, self.options.load, self.options.swap_mb, self.options.gcov)
        with tempfile.TemporaryDirectory(prefix="ksftci-") as folder:
            archive = Path(folder) / "initramfs.cpio.gz"
            write_whole(archive, initramfs.build(jobs, self.busybox, script, self.bash, token, self.modules))
            process = self._start(archive)
            try:
                yield from self._watch(process, jobs, token, stop)
            finally:
                _end(process)

    @property
    def accel(self) -> str:
        """What runs the guest's instructions: a key of _ACCEL. Raises CiError when QEMU is missing."""
        if self.options.icount:
            return "icount"
        return "kvm" if self.arch.native and kvm.works(self._kvm_command()) else "tcg"

    def _kvm_command(self) -> list[str]:
        """The start of a command line for KVM: program, board, processor."""
        board = self.arch.board
        return [need(board.program), "-M", board.machine_kvm, "-cpu", "host"]

    def command(self, archive: Path) -> list[str]:
        """The command line of QEMU."""
        accel, board, start = self.accel, self.arch.board, self._kvm_command()
        if accel != "kvm":
            start = [start[0], "-M", board.machine, "-cpu", board.cpu]
        cpus, half = max(self.options.cpus, 2), self.options.memory_mb // 2
        nodes = []
        for node, span in enumerate((f"0-{cpus // 2 - 1}", f"{cpus // 2}-{cpus - 1}")):
            nodes += ["-object", f"memory-backend-ram,id=m{node},size={half}M"]
            nodes += ["-numa", f"node,nodeid={node},cpus={span},memdev=m{node}"]
        append = f"console={board.console} {_COMMAND_LINE} {self.options.append}".strip()
        return [
            *start,
            *self._accel_options(accel, start[0]),
            *("-m", f"{half * 2}M", "-smp", f"{cpus},sockets={cpus}" if board.socket_each else str(cpus), *nodes),
            *("-nodefaults", "-display", "none", "-monitor", "none", "-serial", "stdio"),
            *("-no-reboot", "-kernel", str(self.image), "-initrd", str(archive)),
            *("-append", append),
        ]

    def _accel_options(self, accel: str, qemu: str) -> Sequence[str]:
        # A single thread gives each of the guest's processors 100 ms in turn: too slow with a load on all of them.
        if accel == "tcg" and not self.options.load:
            return ("-accel", f"tcg,thread={tcg.threads(qemu)}")
        return _ACCEL[accel]

    def _start(self, archive: Path) -> subprocess.Popen[bytes]:
        command = self.command(archive)
        if setpriv := shutil.which("setpriv"):  # the guest does not outlive this process
            command = [setpriv, "--pdeathsig", "KILL", *command]
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            start_new_session=True,
        )

    def _watch(
        self,
        process: subprocess.Popen[bytes],
        jobs: Sequence[Job],
        token: str,
        stop: threading.Event,
    ) -> Iterator[Event]:
        """The events of a guest until its last job is over, it stops, or a limit is reached."""
        assert process.stdout is not None
        console = Console(process.stdout.fileno(), self.limits, stop, flood=Flood())
        console.silence = max(self.limits.silence, _BOOT_SILENCE)
        output = GuestOutput(jobs, token, {"accel": self.accel}, self.options.gcov)
        ended: float | None = None  # when the guest said that it is done
        for at, text in console.lines():
            for event in output.events(at, text):
                match event:
                    case Booted(facts=facts):
                        self._check_swap(facts)
                        console.silence = self.limits.silence
                    case Begin():
                        console.begin()
                    case End():
                        yield from console.cuts()
                yield event
            if output.forged:
                yield from console.cuts()
                yield Line(at, f"@@ {output.forged}")
                yield Stopped(at, Cause.FORGED)
                return
            if output.done:
                ended = at if ended is None else ended
                console.silence = _POWER_OFF
                if at - ended > _POWER_OFF:
                    console.cause = Cause.SILENCE
        if not output.done:
            yield from console.cuts()
            yield self._stopped(process, console.cause, output)
        elif console.cause is not None and console.cause is not Cause.INTERRUPTED and len(jobs) > 1:
            yield Stopped(time.monotonic(), Cause.FORGED)  # it says that it is done, and goes on

    def _check_swap(self, facts: Mapping[str, str]) -> None:
        if not self.options.swap_mb or facts.get("swap_kb", "0") != "0":
            return
        if "zram" in self.modules:
            why = facts.get("not_loaded") or "zram could not be set up; leave --swap out"
        else:
            why = (
                "zram is not built into this kernel (CONFIG_ZRAM=y), and modules are known of Debian's kernels only, "
                "such as debian:7.3; `ksftci kernel build` builds a kernel with zram, or leave --swap out"
            )
        raise CiError(f"{self.label}: the guest has no swap: {why}")

    def _stopped(self, process: subprocess.Popen[bytes], cause: Cause | None, output: GuestOutput) -> Stopped:
        """The last event of a guest that ended early. Raises CiError when QEMU itself failed."""
        now = time.monotonic()
        cause = cause or (Cause.PANIC if output.panicked else Cause.DIED)
        tail = "" if output.booted else "\n".join(output.tail)
        if output.booted or cause is Cause.INTERRUPTED:
            return Stopped(now, cause, tail)
        if cause is Cause.DIED and process.wait(5) not in (0, -signal.SIGKILL):
            raise CiError(f"{self.label}: QEMU did not start:\n{tail}")
        return Stopped(now, Cause.NO_BOOT, tail)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Give a guest time to power off, then kill QEMU if it still runs."""
    try:
        process.wait(0.5)
    except subprocess.TimeoutExpired:
        kill_group(process.pid)
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
