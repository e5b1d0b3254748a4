# SPDX-License-Identifier: GPL-2.0-only
"""A log that is read: opened once, whatever it is, and read again from its first byte as often as its readers need."""

import io
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import SpooledTemporaryFile, gettempdir
from typing import BinaryIO, cast

from ksftci.errors import CiError
from ksftci.host.files import STANDARD
from plainprint.reason import reason

_BLOCK = 1 << 20  # bytes that are copied at once
_IN_MEMORY = 16 << 20  # bytes of a copy; a longer one is a file in TMPDIR


@dataclass(frozen=True)
class Log:
    """An open log. `name` stands for its kernel or program where the log names none."""

    path: Path
    name: str
    file: BinaryIO
    start: int  # the place of its first byte

    def rewind(self) -> BinaryIO:
        """The file, at the first byte of the log."""
        self.file.seek(self.start)
        return self.file


@contextmanager
def opened(path: Path) -> Iterator[Log]:
    """Open a file, a pipe, or for "-" the standard input. Raises CiError when it cannot be read.

    A pipe gives its bytes once, so a copy of them is the log.
    """
    name = "stdin" if path == STANDARD else path.stem
    with ExitStack() as stack:
        try:
            source = _standard_input() if path == STANDARD else stack.enter_context(path.open("rb"))
            if _never_ends(source.fileno()):
                raise CiError(f"{path}: is a device; name a file, or - for the standard input")
            if stat.S_ISREG(os.fstat(source.fileno()).st_mode):
                log = Log(path, name, source, source.tell())
            else:
                copy = stack.enter_context(SpooledTemporaryFile(_IN_MEMORY))
                while block := source.read(_BLOCK):
                    try:
                        copy.write(block)
                    except OSError as err:
                        raise CiError(f"{path}: no copy of it fits into {gettempdir()}: {reason(err)}") from err
                log = Log(path, name, cast(BinaryIO, copy), 0)
        except OSError as err:
            raise CiError(f"{path}: {reason(err, path)}") from err
        yield log


def _never_ends(handle: int) -> bool:
    """Whether an open file is a device such as /dev/zero; a terminal and /dev/null are read."""
    about = os.fstat(handle)
    return stat.S_ISCHR(about.st_mode) and about.st_rdev != os.stat(os.devnull).st_rdev and not os.isatty(handle)


def _standard_input() -> BinaryIO:
    if sys.stdin is None:
        raise CiError(f"{STANDARD}: the standard input is closed; name a file")
    return cast(io.BufferedReader, sys.stdin.buffer)
