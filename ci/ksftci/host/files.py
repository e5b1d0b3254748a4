# SPDX-License-Identifier: GPL-2.0-only
"""Reading files, and writing them completely or not at all."""

import errno
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ksftci.errors import CiError
from plainprint.reason import reason

_OPEN_FILES = (
    Path("/dev"),
    Path("/dev/fd"),
    Path("/proc/self/fd"),
)  # their entries, such as /dev/stdout, are open files

STANDARD = Path("-")  # the standard input where a file is read, the standard output where one is written


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A new file, which replaces `path` when the block succeeds and is removed when the block raises.

    A device, a FIFO and an open file, such as /dev/stdout, are not replaced but written to, at their end; so is the
    standard output, "-". Raises CiError if `path` is a folder, its folder is missing or not writable, or the disk is
    full.
    """
    try:
        if path == STANDARD:
            with _standard_output() as file:
                yield file
            return
        if path.is_dir():
            raise CiError(f"{path}: is a folder; name a file")
        if path.exists() and (not path.is_file() or path.absolute().parent in _OPEN_FILES):
            with path.open("ab") as file:
                yield file
            return
        target = Path(os.path.realpath(path))  # a link stays, and the file that it leads to is replaced
        handle, name = tempfile.mkstemp(prefix=draft_prefix(target), dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
            os.chmod(name, 0o666 & ~_umask())
            os.replace(name, target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as err:
        raise CiError(f"{path}: cannot write there: {reason(err, path)}") from err


def check_place(path: Path) -> None:
    """Raises CiError as `replacing` does, if it can be known before there is a content; writes nothing."""
    try:
        if path == STANDARD:
            return
        if path.is_dir():
            raise CiError(f"{path}: is a folder; name a file")
        if path.exists():  # it may be one that is appended to, in a folder that belongs to others
            return
        with tempfile.TemporaryFile(dir=os.path.dirname(os.path.realpath(path))):
            pass
    except OSError as err:
        raise CiError(f"{path}: cannot write there: {reason(err, path)}") from err


def draft_prefix(path: Path) -> str:
    """What the name of a draft begins with that will replace `path`; short enough for any file system."""
    return f".{path.name[:50]}."


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file so that no reader ever sees a part of the content.

    Text is written as UTF-8; a lone surrogate, which UTF-8 cannot encode, becomes "?".
    Raises CiError as `replacing` does.
    """
    with replacing(path) as file:
        file.write(content if isinstance(content, bytes) else content.encode("utf-8", "replace"))


def write_all(files: Iterable[tuple[Path, Callable[[Path], None]]]) -> None:
    """Call the writer of each file with its path. After a file that cannot be written the others are still written.

    Raises one CiError, at the end, with the messages of all files that were not written.
    """
    messages: list[str] = []
    for path, write in files:
        try:
            write(path)
        except CiError as err:
            messages.append(str(err))
    if messages:
        raise CiError("\n".join(messages))


def same_file(one: Path, other: Path) -> bool:
    """Whether both are one regular file; a device, a pipe or a standard stream may be named twice."""
    if STANDARD in (one, other):
        return False
    try:
        if os.path.exists(one) and os.path.exists(other):
            return os.path.isfile(one) and os.path.samefile(one, other)
        return os.path.realpath(one) == os.path.realpath(other)
    except OSError:
        return False


def read_text(path: Path) -> str:
    """The text of a file; bytes that are no UTF-8 become U+FFFD. Raises CiError if the file cannot be read."""
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except OSError as err:
        raise CiError(f"{path}: {reason(err, path)}") from err


def _standard_output() -> BinaryIO:
    """The standard output, behind what was printed there."""
    if sys.stdout is None:
        raise OSError(errno.EBADF, "the standard output is closed")
    sys.stdout.flush()
    return open(os.dup(sys.stdout.fileno()), "wb")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
