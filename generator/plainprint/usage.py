# SPDX-License-Identifier: GPL-2.0-only
"""The ends of a command: mistakes in the command line, as typer finds them, and an output that cannot be written."""

from __future__ import annotations

import errno
import os
import sys
from typing import Any

import typer

from plainprint.text import visible

# The class whose message is for the user; click's, or in newer versions of typer its own copy of it.
_PROBLEM: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


OUTPUT = "the standard output cannot be written"
NO_FOLDER = "the current folder is not there any more; change to another one"


def file_problem(error: OSError, advice: str = "") -> str:
    """What is wrong with which file; an error that names none is of the standard output, which has no name."""
    name = error.filename2 or error.filename
    if error.errno == errno.ENOENT and name is None:
        return NO_FOLDER
    return f"{os.fsdecode(name) if name is not None else OUTPUT}: {error.strerror or error}{advice}"


def flush() -> str:
    """Write what is left of the standard output. Gives what is wrong if that cannot be done, else ""."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        # Nothing can be written any more, and Python would complain of it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return f"{OUTPUT}: {error.strerror}"
    return ""


def run(app: typer.Typer) -> int:
    """Run a command line. Gives its exit status, 2 after a mistake, which is printed without what it may hide."""
    try:
        return app(standalone_mode=False) or 0
    except typer.Abort:
        return 1
    except _PROBLEM as problem:
        _show(problem)
        return 2


def _show(problem: Any) -> None:
    """Print what is wrong, and where to read more. A command without arguments has printed its help already."""
    message, context = problem.format_message(), getattr(problem, "ctx", None)
    if message.strip():
        if context is not None:
            message = f"{context.command_path}: {message} (--help says more)"
        print(visible(message), file=sys.stderr)
