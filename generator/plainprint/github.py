# SPDX-License-Identifier: GPL-2.0-only
"""The log of GitHub's runner, which takes commands from what the steps of a job print.

A line that starts with `::` after any white space is a command, and so is `##[` anywhere in a line (actions/runner,
ActionCommand.cs). A backslash before the last of these characters makes them text.
"""

from __future__ import annotations

import io
import os
import re
import sys
from typing import Any, TextIO

from plainprint.text import visible

_BREAK = re.compile(r"((?:^|[\r\n])[\s\ufeff]*:)(?=:)|(##)(?=\[)")
_LINE_END = re.compile(r"[\r\n]")


def is_log() -> bool:
    """Whether GitHub's runner reads what this process prints."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def text(printed: str) -> str:
    """Lines without commands."""
    return _BREAK.sub(r"\g<0>\\", printed)


def xml(document: str) -> str:
    """Lines of an XML document without commands, which means the same: a reference stands for their last character."""
    return _BREAK.sub(lambda match: f"{match[0][:-1]}&#{ord(match[0][-1])};", document)


def shown(printed: str) -> str:
    """A text as another program, such as pytest, may print it: without escapes, and without commands on GitHub."""
    return text(visible(printed)) if is_log() else visible(printed)


class Guard:
    """A stream to which only `command` writes commands; all else is that of the stream inside."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self._line = ""  # the beginning of a command that the last line may be

    def write(self, printed: str) -> int:
        """Write, with a backslash in what would be a command, also if it comes in several parts."""
        shown = text(self._line + printed)
        self.stream.write(shown[len(self._line) :])
        line = _LINE_END.split(shown)[-1]
        # Of a line that has more than white space and a colon only "##" at its end matters.
        self._line = line if not line.strip() or line.strip() == ":" else f".{line[-2:]}"
        return len(printed)

    def command(self, line: str) -> None:
        """Write a command for the runner, as a line of its own."""
        self.stream.write(f"{line}\n" if not self._line else f"\n{line}\n")
        self._line = ""

    def writelines(self, lines: list[str]) -> None:
        """Write all lines."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def guard() -> None:
    """From now on nothing that this process prints is a command, if GitHub's runner reads it.

    A character that the output cannot have, on a terminal of ASCII for example, becomes an escape that can be read.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if is_log():
        sys.stdout, sys.stderr = (_guarded(stream) for stream in (sys.stdout, sys.stderr))


def command(line: str) -> None:
    """Print a command for GitHub's runner."""
    if isinstance(sys.stdout, Guard):
        sys.stdout.command(line)
    else:
        print(line)


def _guarded(stream: Any) -> Any:
    return stream if stream is None or isinstance(stream, Guard) else Guard(stream)
