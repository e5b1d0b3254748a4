# SPDX-License-Identifier: GPL-2.0-only
"""Runs the kernel's make, free of the settings of a build that ksftci itself may be part of."""

import contextlib
import math
import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ksftci.arch import Arch
from ksftci.errors import Cancelled, CiError
from ksftci.host.cache import Cache
from ksftci.host.command import kill_group, need, run
from ksftci.machine.console import Console
from ksftci.machine.machine import Limits
from plainprint.reason import reason

# Lines of make, a compiler or a linker that a person must see.
DIAGNOSTIC = re.compile(r": (?:fatal )?(?:warning|error): |undefined reference|cannot find -l|\*\*\*")
# Variables of a build around ksftci, or of the user's shell, which would change the build of a kernel.
_DROPPED_VARIABLES = {
    *("ARCH", "C", "CC", "CFLAGS", "CROSS_COMPILE", "KBUILD_OUTPUT", "KCONFIG_ALLCONFIG", "KCONFIG_CONFIG"),
    *("LLVM", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "O", "OUTPUT", "V", "W"),
}

_PATIENCE = 10.0  # seconds from SIGTERM to SIGKILL


@dataclass
class Maker:
    """Runs make in kernel trees for one architecture; what it makes is in the cache."""

    cache: Cache
    arch: Arch
    jobs: int | None = None  # compilers at once; None is one for each processor
    say: Callable[[str], None] = lambda _: None
    stop: threading.Event = field(default_factory=threading.Event)  # set to end a running make, which raises Cancelled

    def make(
        self,
        arguments: Sequence[str],
        log: Path,
        say: Callable[[str], None] = lambda _: None,
        each: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Run make for the architecture. `log` gets all its output, `each` every line, `say` the warnings.

        Raises CiError with the compiler's messages and the log's path when make fails.
        """
        make(self.arch, self.jobs or os.cpu_count() or 1, arguments, log, say, each, self.stop)


def compiler(arch: Arch) -> str:
    """The C compiler for arch on this machine: gcc, or a cross gcc."""
    return "gcc" if arch.native else f"{arch.compiler}gcc"


def version(program: str) -> str:
    """The version text of a compiler. It changes when another compiler is installed under the same name."""
    return run([program, "--version"], what="reading the version of the compiler", env=environment())


def environment() -> dict[str, str]:
    """This process's environment without the variables that would change a build. Messages are in English."""
    return {name: value for name, value in os.environ.items() if name not in _DROPPED_VARIABLES} | {"LC_ALL": "C"}


def make(
    arch: Arch,
    jobs: int,
    arguments: Sequence[str],
    log: Path,
    say: Callable[[str], None] = lambda _: None,
    each: Callable[[str], None] = lambda _: None,
    stop: threading.Event | None = None,
) -> None:
    """As `Maker.make`. Raises Cancelled when `stop` is set before make has ended."""
    command = [need("make"), f"-j{jobs}", f"ARCH={arch.kbuild.name}"]
    if not arch.native:
        command.append(f"CROSS_COMPILE={arch.compiler}")
    diagnostics: list[str] = []
    try:
        with log.open("w", encoding="utf-8") as file:
            status = _run([*command, *arguments], lambda line: _handle(line, file.write, diagnostics, each), stop)
    except OSError as err:
        raise CiError(f"the build failed; {log}: {reason(err, log)}") from err
    if status != 0:
        tail = log.read_text(encoding="utf-8").splitlines()[-10:]
        raise CiError("\n".join([f"the build failed; {log} has all of this:", *(diagnostics[:20] or tail)]))
    for line in diagnostics:
        say(line)


def _handle(line: str, write: Callable[[str], object], diagnostics: list[str], each: Callable[[str], None]) -> None:
    write(f"{line}\n")
    if DIAGNOSTIC.search(line):
        diagnostics.append(line)
    each(line)


def _run(command: Sequence[str], handle: Callable[[str], None], stop: threading.Event | None) -> int:
    """Pass each line of output to `handle`; return the exit status. An interrupt or `stop` ends the whole build."""
    with subprocess.Popen(
        command,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        console = Console(process.stdout.fileno(), Limits(math.inf, math.inf), stop or threading.Event())
        try:
            for _, line in console.lines():
                handle(line)
            if console.cause is not None:
                raise Cancelled
        except BaseException:
            _end(process)
            raise
    return process.returncode


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the build, by SIGTERM first: make then removes half-written targets, which would look finished."""
    kill_group(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_PATIENCE)
    kill_group(process.pid)
