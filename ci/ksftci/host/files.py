# SPDX-License-Identifier: GPL-2.0-only
"""Files that are written whole or not at all."""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ksftci.errors import CiError


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write to that takes path's place when all went well, and is removed when not.

    Raises CiError when the folder is missing or not writable, or the disk is full.
    """
    if path.is_dir():
        raise CiError(f"{path}: is a folder, a file name is needed")
    try:
        if path.exists() and not path.is_file():  # /dev/stdout, a FIFO: nothing to rename over
            with path.open("wb") as file:
                yield file
            return
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
            os.chmod(name, 0o666 & ~_umask())
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as err:
        raise CiError(f"{path}: cannot write there: {err.strerror}") from err


def write_whole(path: Path, content: str | bytes) -> None:
    """Put content at path, so that no reader ever meets half of it.

    Text is written as UTF-8; what cannot be encoded (a lone surrogate) becomes "?".
    Raises CiError as `replacing` does.
    """
    with replacing(path) as file:
        file.write(content if isinstance(content, bytes) else content.encode("utf-8", "replace"))


def write_all(files: Iterable[tuple[Path, Callable[[Path], None]]]) -> None:
    """Call what writes each file; one that cannot be written does not keep the others from it.

    Raises one CiError, at the end, that names all that failed.
    """
    failed: list[str] = []
    for path, write in files:
        try:
            write(path)
        except CiError as err:
            failed.append(str(err))
    if failed:
        raise CiError("\n".join(failed))


def read_text(path: Path) -> str:
    """The text of a file, undecodable bytes replaced. Raises CiError when it cannot be read."""
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except OSError as err:
        raise CiError(f"{path}: {err.strerror}") from err


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
