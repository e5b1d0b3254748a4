# SPDX-License-Identifier: GPL-2.0-only
"""Running the system's programs. A program that is missing or fails is a CiError in words."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from ksftci.arch import ALL
from ksftci.errors import CiError

# Program to the package of Debian or Ubuntu that holds it.
PACKAGES = {
    "apt-cache": "apt",
    "apt-get": "apt",
    "bc": "bc",
    "bison": "bison",
    "cpio": "cpio",
    "dpkg-deb": "dpkg",
    "flex": "flex",
    "gcc": "gcc",
    "git": "git",
    "make": "make",
    "perl": "perl",
    "rsync": "rsync",
    "setpriv": "util-linux",
    "tar": "tar",
    "xz": "xz-utils",
    **{arch.board.program: " or ".join(arch.board.packages) for arch in ALL},
    **{f"{arch.compiler}gcc": next(iter(arch.cross_packages)) for arch in ALL},
}
_LAST_LINES = 12  # of a failed program's messages, in the error


def need(program: str) -> str:
    """The path of a program. Raises CiError with the name of its package if it is not installed."""
    path = shutil.which(program)
    if path is None:
        package = PACKAGES.get(program, program)
        raise CiError(
            f"{program} is not installed; install the package {package} with apt-get, "
            "`ksftci setup --arch ARCH` lists everything that is missing"
        )
    return path


def run(
    argv: Sequence[str | Path],
    *,
    what: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run a program to its end and return its standard output.

    Raises CiError if the program is missing or fails. The message starts with `what`, the purpose of the call,
    and ends with the last lines that the program printed.
    """
    need(str(argv[0]))
    # Files, as a pipe ends only when the last child of the program does: those of apt outlive it on a full disk.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        status = subprocess.run(
            [str(arg) for arg in argv],
            cwd=cwd,
            env=dict(env) if env is not None else None,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            check=False,
        ).returncode
        output, errors = (_text(file) for file in (out, err))
    if status != 0:
        last_lines = (errors or output).strip().splitlines()[-_LAST_LINES:]
        how = f"was ended by signal {-status}" if status < 0 else f"failed with status {status}"
        if status == -signal.SIGBUS:  # what a write to a file in memory gets when there is no room
            how += ", as on a full disk"
        said = "it says:" if last_lines else "it says nothing"
        raise CiError("\n".join([f"{what}: {argv[0]} {how}; {said}", *last_lines]))
    return output


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")


def kill_group(group: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal to a process group. A group that has ended already is no error."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)
