# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's make, kept apart from the build that this one may be part of."""

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from ksftci.arch import Arch
from ksftci.command import need
from ksftci.errors import CiError

# What a person must see of what make, a compiler or a linker says.
TOLD = re.compile(r": (?:fatal )?(?:warning|error): |undefined reference|cannot find -l|\*\*\*")
# Settings of a build around this one, or of a shell's set-up, that are not meant for it.
_NOT_OURS = {
    *("ARCH", "C", "CC", "CFLAGS", "CROSS_COMPILE", "KBUILD_OUTPUT", "KCONFIG_ALLCONFIG", "KCONFIG_CONFIG"),
    *("LLVM", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "O", "OUTPUT", "V", "W"),
}

_PATIENCE = 10.0  # seconds for a build to end that was told to


def compiler(arch: Arch) -> str:
    """The C compiler that makes arch's programs here: gcc, or a cross gcc."""
    return "gcc" if arch.native else f"{arch.cross}gcc"


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
) -> None:
    """Run make for arch, all its output in `log` and each line to `each`; warnings are said.

    Raises CiError with the compiler's messages and the log's path when it fails.
    """
    command = [need("make"), f"-j{jobs}", f"ARCH={arch.kernel}"]
    if not arch.native:
        command.append(f"CROSS_COMPILE={arch.cross}")
    told: list[str] = []
    try:
        with log.open("w", encoding="utf-8") as file:
            status = _follow([*command, *arguments], lambda line: _take(line, file.write, told, each))
    except OSError as err:
        raise CiError(f"the build failed: {log}: {err.strerror}") from err
    if status != 0:
        end = log.read_text(encoding="utf-8").splitlines()[-10:]
        raise CiError("\n".join(["the build failed:", *(told[:20] or end), f"the whole log is {log}"]))
    for line in told:
        say(line)


def _take(line: str, write: Callable[[str], object], told: list[str], each: Callable[[str], None]) -> None:
    write(line)
    line = line.rstrip("\n")
    if TOLD.search(line):
        told.append(line)
    each(line)


def _follow(command: Sequence[str], take: Callable[[str], None]) -> int:
    """The exit status; when the caller is interrupted, the whole build is ended with it."""
    with subprocess.Popen(
        command,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                take(line)
        except BaseException:
            _end(process)
            raise
    return process.returncode


def _end(process: subprocess.Popen[str]) -> None:
    """Ask first: make then removes what is half-written, which the next build would take for finished."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_PATIENCE)
        os.killpg(process.pid, signal.SIGKILL)
