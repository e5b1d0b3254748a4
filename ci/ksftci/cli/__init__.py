# SPDX-License-Identifier: GPL-2.0-only
"""The commands: each module reads the options of one or two commands, calls the rooms below and prints.

A new command is a module in here; its work is not. It imports everything but the plugin.
"""

import contextlib
import errno
import gc
import os
import signal
import stat
import sys
from types import FrameType
from typing import NoReturn

from ksftci.cli import coverage, get, mutants, report, run, setup, watch
from ksftci.cli.base import app, say
from ksftci.errors import CiError, Interrupted
from plainprint import github, usage

__all__ = ["app", "coverage", "get", "main", "mutants", "report", "run", "setup", "watch"]


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise Interrupted


def _hang_up(_signal: int, _frame: FrameType | None) -> None:
    """The terminal is gone, and writing to it would fail. The files are still written."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        with contextlib.suppress(OSError):
            if stat.S_ISCHR(os.fstat(stream).st_mode):
                os.dup2(nowhere, stream)
    os.close(nowhere)
    raise Interrupted


def main() -> NoReturn:
    """Run the command line; never returns."""
    # A large log becomes many results and no cycles; the search for cycles takes a third of the reading time.
    gc.set_threshold(100_000, 50, 100)
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup's
        signal.signal(signal.SIGHUP, _hang_up)
    github.guard()
    try:
        sys.exit(usage.run(app))
    except CiError as error:
        say(f"ksftci: {error}")
        sys.exit(2)
    except Interrupted:
        sys.exit(130)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):  # a full disk, which any write may meet
            raise
        where = f" ({error.filename})" if error.filename else ""
        say(f"ksftci: {error.strerror}{where}; make room, or name another place with --cache or TMPDIR")
        sys.exit(2)
