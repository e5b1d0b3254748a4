# SPDX-License-Identifier: GPL-2.0-only
"""Other people's programs, run so that a failure reads as a sentence."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from ksftci.arch import ALL
from ksftci.errors import CiError

# Which Debian or Ubuntu package a program comes from.
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
    **{program: package for arch in ALL for package, program in arch.cross_packages.items()},
}


def need(program: str) -> str:
    """The path of a program. Raises CiError that names the package when it is missing."""
    found = shutil.which(program)
    if found is None:
        package = PACKAGES.get(program, program)
        raise CiError(
            f"{program} is not installed; it is in the package {package}: "
            "`ksftci setup --install` installs all that is missing"
        )
    return found


def run(
    argv: Sequence[str | Path],
    *,
    what: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run a program and give what it printed on its standard output.

    Raises CiError with `what` was being done and the end of the program's messages.
    """
    need(str(argv[0]))
    done = subprocess.run(
        [str(arg) for arg in argv],
        cwd=cwd,
        env=dict(env) if env is not None else None,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-12:])
        raise CiError(f"{what}: {argv[0]} failed with status {done.returncode}\n{tail}")
    return done.stdout


def kill_group(group: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal to a process group; one that is gone already is no error."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)
