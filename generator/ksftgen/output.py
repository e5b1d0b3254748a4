# SPDX-License-Identifier: GPL-2.0-only
"""Generated files: comparing them with a folder, and writing all of them or none."""

from __future__ import annotations

import contextlib
import difflib
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ksftgen.errors import GenError
from ksftgen.template import MARK
from plainprint.reason import reason

_DIFF_LINES = 40


@dataclass(frozen=True)
class Drift:
    """A file that differs from what is rendered.

    `kind` is "missing", "changed", or "stale" for a generated file that is no longer rendered; `diff` is a unified diff
    of at most _DIFF_LINES lines.
    """

    path: Path
    kind: str
    diff: str = ""


def is_generated(path: Path) -> bool:
    """Whether ksftgen generated the file: its first lines contain MARK."""
    try:
        if not path.is_file():  # a FIFO would be waited for
            return False
        with path.open("rb") as stream:
            return MARK.encode() in stream.read(4096)
    except OSError:
        return False


def foreign(folder: Path, files: Mapping[str, str]) -> Path | None:
    """The first file in `folder` that ksftgen did not generate, and that `files`, text by name, would replace."""
    for name, text in files.items():
        path = folder / name
        if not os.path.lexists(path) or is_generated(path):
            continue
        if not path.is_file() or path.read_bytes() != text.encode("utf-8", "surrogateescape"):
            return path
    return None


def stale_files(folder: Path, names: Iterable[str]) -> list[Path]:
    """The generated C files in `folder` that are not in `names`."""
    current = set(names)
    if not folder.is_dir():
        return []
    others = (path for path in folder.iterdir() if path.suffix in (".c", ".h") and path.name not in current)
    return sorted(path for path in others if is_generated(path))


def compare(folder: Path, files: Mapping[str, str], prune: bool) -> list[Drift]:
    """How `folder` differs from `files`, text by name; with `prune`, stale files are differences, too."""
    drifts = []
    for name, text in files.items():
        path = folder / name
        try:
            if path.exists() and not path.is_file():
                raise GenError(f"{path}: is no regular file; move it away")
            present = path.read_bytes().decode("utf-8", "surrogateescape")
        except FileNotFoundError:
            drifts.append(Drift(path, "missing"))
            continue
        except OSError as error:
            raise GenError(f"{path}: cannot read: {reason(error, path)}") from None
        if present != text:
            drifts.append(Drift(path, "changed", _diff(path, present, text)))
    if prune:
        drifts += [Drift(path, "stale") for path in stale_files(folder, files)]
    return drifts


def _diff(path: Path, present: str, rendered: str) -> str:
    before, after = present.splitlines(), rendered.splitlines()
    lines = list(difflib.unified_diff(before, after, str(path), "rendered", n=1, lineterm=""))
    more = len(lines) - _DIFF_LINES
    return "\n".join([*lines[:_DIFF_LINES], f"... {more} more lines"] if more > 0 else lines)


def write(
    files: Mapping[Path, str], modes: Mapping[Path, int] | None = None, remove: Iterable[Path] = ()
) -> list[Path]:
    """Write the files whose text or mode differs, delete those of `remove`, and return all paths that changed.

    Every file is first written under a temporary name; all are renamed once the last one is complete.  The mode is that
    of `modes`, else that of the existing file, else 644.  Raises GenError if a file cannot be written.
    """
    temporary: list[tuple[str, Path]] = []
    path = Path()
    try:
        for path, text in files.items():
            data = text.encode("utf-8", "surrogateescape")
            mode = (modes or {}).get(path, path.stat().st_mode & 0o777 if path.exists() else 0o644)
            if path.is_file() and path.read_bytes() == data and path.stat().st_mode & 0o777 == mode:
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            target = Path(os.path.realpath(path))  # a link stays, and the file that it leads to is replaced
            handle, name = tempfile.mkstemp(prefix=f".{target.name[:50]}.", dir=target.parent)
            temporary.append((name, path))
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            os.chmod(name, mode)
        for name, path in temporary:
            os.replace(name, os.path.realpath(path))
        removed = [path for path in remove if path.exists()]
        for path in removed:
            path.unlink()
    except OSError as error:
        raise GenError(f"{path}: cannot write: {reason(error, path)}") from None
    finally:
        for name, _ in temporary:
            with contextlib.suppress(OSError):
                os.unlink(name)
    return [*(path for _, path in temporary), *removed]
