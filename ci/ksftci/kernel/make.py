# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's make, kept apart from the build that this one may be part of."""

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

# What a person must see of what make, a compiler or a linker says.
TOLD = re.compile(r": (?:fatal )?(?:warning|error): |undefined reference|cannot find -l|\*\*\*")
# Settings of a build around this one, or of a shell's set-up, that are not meant for it.
_NOT_OURS = {
    *("ARCH", "C", "CC", "CFLAGS", "CROSS_COMPILE", "KBUILD_OUTPUT", "KCONFIG_ALLCONFIG", "KCONFIG_CONFIG"),
    *("LLVM", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "O", "OUTPUT", "V", "W"),
}

_PATIENCE = 10.0  # seconds for a build to end that was told to


@dataclass
class Maker:
    """Makes something of kernel trees for one architecture, in the cache."""

    cache: Cache
    arch: Arch
    jobs: int | None = None  # compilers at once, one a processor unless given
    say: Callable[[str], None] = lambda _: None
    stop: threading.Event = field(default_factory=threading.Event)  # ends what is being made: Cancelled

    def make(
        self,
        arguments: Sequence[str],
        log: Path,
        say: Callable[[str], None] = lambda _: None,
        each: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Run make for the architecture, all its output in `log` and each line to `each`; warnings are said.

        Raises CiError with the compiler's messages and the log's path when it fails.
        """
        make(self.arch, self.jobs or os.cpu_count() or 1, arguments, log, say, each, self.stop)


def compiler(arch: Arch) -> str:
    """The C compiler that makes arch's programs here: gcc, or a cross gcc."""
    return "gcc" if arch.native else f"{arch.compiler}gcc"


def version(program: str) -> str:
    """What a compiler calls itself; another one may be known by the same name tomorrow."""
    return run([program, "--version"], what="asking the compiler for its version", env=environment())


def environment() -> dict[str, str]:
    """This process's environment, without what would change a build, and in English."""
    return {name: value for name, value in os.environ.items() if name not in _NOT_OURS} | {"LC_ALL": "C"}


def make(
    arch: Arch,
    jobs: int,
    arguments: Sequence[str],
    log: Path,
    say: Callable[[str], None] = lambda _: None,
    each: Callable[[str], None] = lambda _: None,
    stop: threading.Event | None = None,
) -> None:
    """As `Maker.make`. Raises Cancelled when `stop` is set before it is over."""
    command = [need("make"), f"-j{jobs}", f"ARCH={arch.kbuild.name}"]
    if not arch.native:
        command.append(f"CROSS_COMPILE={arch.compiler}")
    told: list[str] = []
    try:
        with log.open("w", encoding="utf-8") as file:
            status = _follow([*command, *arguments], lambda line: _take(line, file.write, told, each), stop)
    except OSError as err:
        raise CiError(f"the build failed: {log}: {err.strerror}") from err
    if status != 0:
        end = log.read_text(encoding="utf-8").splitlines()[-10:]
        raise CiError("\n".join(["the build failed:", *(told[:20] or end), f"the whole log is {log}"]))
    for line in told:
        say(line)


def _take(line: str, write: Callable[[str], object], told: list[str], each: Callable[[str], None]) -> None:
    write(f"{line}\n")
    if TOLD.search(line):
        told.append(line)
    each(line)


def _follow(command: Sequence[str], take: Callable[[str], None], stop: threading.Event | None) -> int:
    """The exit status; when the caller is interrupted or stopped, the whole build is ended with it."""
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
                take(line)
            if console.cause is not None:
                raise Cancelled
        except BaseException:
            _end(process)
            raise
    return process.returncode


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask first: make then removes what is half-written, which the next build would take for finished."""
    kill_group(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_PATIENCE)
    kill_group(process.pid)
