# SPDX-License-Identifier: GPL-2.0-only
"""Files of text: compared with a folder, or put there all together or not at all."""

from __future__ import annotations

import contextlib
import difflib
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ksftgen.errors import GenError
from ksftgen.render import MARK

_DIFF_LINES = 40


@dataclass(frozen=True)
class Drift:
    """A file that is not what it should be: "missing", "changed" or "stale"; `diff` is unified, cut to some lines."""

    path: Path
    kind: str
    diff: str = ""


def is_ours(path: Path) -> bool:
    """Whether ksftgen generated the file, by the mark in its first lines."""
    try:
        with path.open("rb") as stream:
            return MARK.encode() in stream.read(4096)
    except OSError:
        return False


def stale(folder: Path, names: Iterable[str]) -> list[Path]:
    """C files in `folder` that ksftgen generated once, and that are not in `names`."""
    keep = set(names)
    if not folder.is_dir():
        return []
    found = sorted(path for path in folder.iterdir() if path.suffix in (".c", ".h") and path.name not in keep)
    return [path for path in found if is_ours(path)]


def drift(folder: Path, files: Mapping[str, str], prune: bool) -> list[Drift]:
    """How `folder` differs from `files`; with `prune` stale files count, too."""
    found = []
    for name, text in files.items():
        path = folder / name
        try:
            there = path.read_bytes().decode("utf-8", "surrogateescape")
        except FileNotFoundError:
            found.append(Drift(path, "missing"))
            continue
        except OSError as error:
            raise GenError(f"{path}: cannot read: {error.strerror}") from None
        if there != text:
            lines = difflib.unified_diff(there.splitlines(), text.splitlines(), str(path), "rendered", n=1, lineterm="")
            shown = list(lines)
            more = len(shown) - _DIFF_LINES
            shown = [*shown[:_DIFF_LINES], f"... {more} more lines"] if more > 0 else shown
            found.append(Drift(path, "changed", "\n".join(shown)))
    if prune:
        found += [Drift(path, "stale") for path in stale(folder, files)]
    return found


def write(
    files: Mapping[Path, str], modes: Mapping[Path, int] | None = None, remove: Iterable[Path] = ()
) -> list[Path]:
    """Write what differs and remove `remove`; returns the paths touched.

    All new files are written under other names first and renamed when every one is complete.  A file keeps its mode; a
    new one gets that of `modes`, or 644.
    """
    ready: list[tuple[str, Path]] = []
    try:
        for path, text in files.items():
            data = text.encode("utf-8", "surrogateescape")
            mode = (modes or {}).get(path, path.stat().st_mode & 0o777 if path.exists() else 0o644)
            if path.is_file() and path.read_bytes() == data and path.stat().st_mode & 0o777 == mode:
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
            ready.append((name, path))
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
            os.chmod(name, mode)
        for name, path in ready:
            os.replace(name, path)
        gone = [path for path in remove if path.exists()]
        for path in gone:
            path.unlink()
    except OSError as error:
        raise GenError(f"{error.filename or ''}: cannot write: {error.strerror}") from None
    finally:
        for name, _ in ready:
            with contextlib.suppress(OSError):
                os.unlink(name)
    return [*(path for _, path in ready), *gone]
