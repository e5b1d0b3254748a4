# SPDX-License-Identifier: GPL-2.0-only
"""The process between ksftci and a program that runs on the host: it outlives both, and leaves the machine as it was.

It notes the settings, starts the program and waits until its own input ends: because ksftci closes it, or because
ksftci is gone, by whatever signal. Then it kills all that is left of the program and puts the settings back. Its input
is a line of JSON with the program; its output is a line with the program's status when it has ended, and a line with
the changed settings. Its standard error is the program's output. `native` starts it.
"""

import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from ksftci.host.command import kill_group
from ksftci.machine import settings

_PDEATHSIG, _SUBREAPER = 1, 36  # PR_SET_PDEATHSIG and PR_SET_CHILD_SUBREAPER of include/uapi/linux/prctl.h
_LIBC = ctypes.CDLL(None)
_GRACE = 2.0  # seconds for what is in other sessions: the generated programs have a keeper of their own
_PATIENCE = 10.0  # seconds until killed processes are gone; a process that waits for a disk may take longer
_CAUGHT = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGPIPE, signal.SIGTSTP)


def main() -> None:
    """Keep one program."""
    for number in _CAUGHT:
        signal.signal(number, lambda *_: None)  # a handler, since a program would inherit SIG_IGN
    waking, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    # What the program leaves behind, in whatever session, becomes a child of this process.
    _LIBC.prctl(_SUBREAPER, 1, 0, 0, 0)
    line = sys.stdin.buffer.readline()
    if not line.endswith(b"\n"):
        return
    before = settings.snapshot()
    try:
        program = _Program(json.loads(line))
        _survive()
        while program.waits(waking):
            pass
        program.end()
    finally:
        _tell([[change.path, change.before, change.after] for change in settings.restore(before)])


class _Program:
    """The program, and the processes that it starts."""

    def __init__(self, job: dict[str, Any]) -> None:
        try:
            self.process = subprocess.Popen(
                job["command"],
                cwd=job["folder"],
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr,
                stderr=sys.stderr,
                start_new_session=True,
                preexec_fn=lambda: _LIBC.prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0),
            )
        except OSError as err:
            with contextlib.suppress(OSError):
                os.write(2, f"{job['command'][0]}: {err.strerror}\n".encode())
            self.pid = 0
            _tell(126)
        else:
            self.pid = self.process.pid
        with open(os.devnull, "wb") as nowhere:  # the end of the program is the end of the output
            os.dup2(nowhere.fileno(), 2)

    def waits(self, waking: int) -> bool:
        """Wait for a child to end, or for the input to end; false when it has ended."""
        ready, _, _ = select.select([0, waking], [], [])
        if waking in ready:
            os.read(waking, 4096)
            self.reap()
        return 0 not in ready or bool(os.read(0, 4096))

    def reap(self) -> None:
        """Take the status of every child that has ended, and tell that of the program."""
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == self.pid:
                    self.process.returncode = os.waitstatus_to_exitcode(ended[1])
                    _tell(self.process.returncode)

    def end(self) -> None:
        """Kill the program's session, and what else there is of it when it does not end with the program."""
        began = time.monotonic()
        while (left := _descendants()) and time.monotonic() - began < _PATIENCE:
            everything = time.monotonic() - began > _GRACE
            for pid, (group, session) in left.items():
                if session == self.pid:
                    kill_group(group)
                if everything or session == self.pid:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
            self.reap()
        self.reap()


def _descendants() -> dict[int, tuple[int, int]]:
    """The process group and session of every process below this one, without zombies, by process."""
    children: dict[int, list[int]] = {}
    found: dict[int, tuple[str, int, int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError):
            state, parent, group, session, *_ = stat.read_bytes().rpartition(b")")[2].split()
            pid = int(stat.parent.name)
            children.setdefault(int(parent), []).append(pid)
            found[pid] = (state.decode(), int(group), int(session))
    below, todo = {}, [os.getpid()]
    while todo:
        for pid in children.get(todo.pop(), []):
            todo.append(pid)
            if found[pid][0] != "Z":
                below[pid] = found[pid][1:]
    return below


def _survive() -> None:
    """When memory runs out the kernel ends another process; the program, which has begun, keeps its own score."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("-1000")


def _tell(value: object) -> None:
    """Write a line for ksftci, which may be gone."""
    with contextlib.suppress(OSError):
        os.write(1, f"{json.dumps(value)}\n".encode())


if __name__ == "__main__":
    main()
