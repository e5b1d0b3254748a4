# SPDX-License-Identifier: GPL-2.0-only
"""The commands: each module reads the options of one or two commands, calls the rooms below and prints.

A new command is a module in here; its work is not. It imports everything but the plugin.
"""

import errno
import gc
import signal
import sys
from types import FrameType
from typing import NoReturn

from ksftci.cli import coverage, get, mutants, report, run, setup, watch
from ksftci.cli.base import app, say
from ksftci.errors import CiError, Interrupted

__all__ = ["app", "coverage", "get", "main", "mutants", "report", "run", "setup", "watch"]


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise Interrupted


def main() -> NoReturn:
    """Run the command line; never returns."""
    # A large log becomes many results and no cycles; the search for cycles takes a third of the reading time.
    gc.set_threshold(100_000, 50, 100)
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        app()
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
    sys.exit(0)
