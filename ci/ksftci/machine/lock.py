# SPDX-License-Identifier: GPL-2.0-only
"""One native run at a time on a machine: two would take each other's changes for the machine's own settings."""

import fcntl
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ksftci.errors import CiError
from plainprint.reason import reason
from plainprint.text import visible

FILE = Path("/run/ksftci-native.lock")  # in /run only root makes files; it stays, since removing it would be a race
_TICK = 0.2  # seconds between two tries
_LONGEST = 300  # characters of a command that are shown


@contextmanager
def held(say: Callable[[str], None], stop: threading.Event) -> Iterator[int | None]:
    """Hold the lock while the block runs, and until all processes have closed the given file descriptor.

    Another run waits, as a second job of a CI does, rather than fail; `say` then gets a line that says for whom. None
    when `stop` is set before the lock is free. Raises CiError when the file cannot be opened or is somebody else's.
    """
    file = _open()
    try:
        yield file if _wait(file, say, stop) else None
    finally:
        os.close(file)


def _open() -> int:
    try:
        file = os.open(FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    except OSError as err:
        raise CiError(f"{FILE}, by which native runs wait for each other: {reason(err, FILE)}") from err
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_nlink != 1:
        os.close(file)
        raise CiError(f"{FILE}, by which native runs wait for each other, was made by something else; remove it")
    return file


def _wait(file: int, say: Callable[[str], None], stop: threading.Event) -> bool:
    told = False
    while not stop.is_set():
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not told:
                say(f"waits for another native run on this machine to end: {_holder(file)}")
            told = True
            stop.wait(_TICK)
            continue
        _sign(file)
        return True
    return False


def _sign(file: int) -> None:
    """Write who holds the lock."""
    command = Path("/proc/self/cmdline").read_bytes().rstrip(b"\0").replace(b"\0", b" ")
    started = time.strftime("%Y-%m-%d %H:%M:%S")
    os.ftruncate(file, 0)
    os.pwrite(file, f"pid {os.getpid()}, since {started}, ".encode() + command, 0)


def _holder(file: int) -> str:
    text = visible(os.pread(file, 4096, 0).decode("utf-8", "replace").replace("\n", " "))
    return (text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...") or "it does not say which"
