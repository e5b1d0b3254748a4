# SPDX-License-Identifier: GPL-2.0-only
"""Whether a program is older than what it is built from, of which the selftests' Makefiles see only a part.

They know the .c files of a program. Its headers, lib.mk, the kernel's exported headers and the options may
have changed all the same; and when nothing at all has, make and its `headers` need not be asked.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

_PATH = re.compile(rb'^\s*#\s*include\s*[<"]([^">]*/[^">]*)', re.MULTILINE)
_HEADERS = ("include/uapi", "tools/include", "usr/include", "Makefile")  # what is exported, and what tests share


def forget(target: Path, tree: Path, source: Path) -> None:
    """Remove a program of the collection `source` whose headers have changed."""
    if _noted(target)[:1] != [_of_program(target, tree, source)]:
        target.unlink(missing_ok=True)


def remember(target: Path, tree: Path, source: Path, whole: str = "") -> None:
    """Note what a program was built from; `whole` is what `everything` gave before the build."""
    _note(target).write_text(f"{_of_program(target, tree, source)}\n{whole}\n")


def current(target: Path, whole: str) -> bool:
    """Whether a program is there and was built when `everything` was the same."""
    return target.is_file() and _noted(target)[1:] == [whole]


def everything(tree: Path, source: Path, own: str, *options: str) -> str:
    """A digest of all that a build of programs of the collection `source` may depend on.

    `own` is the architecture's folder, such as arch/x86. While it is the same, what was built is what would be built.
    """
    folders = [source, source.parent / "kselftest", *(tree / name for name in _HEADERS)]
    files = [*source.parent.glob("*.*"), *(path for folder in folders for path in _files(folder))]
    exported = _files(tree / own / "include/uapi")
    return _digest([*files, *exported, *_elsewhere(files, tree, source)], options)


def _note(target: Path) -> Path:
    return target.with_name(f".{target.name}.sources")


def _noted(target: Path) -> list[str]:
    return _note(target).read_text().split() if _note(target).is_file() else []


def _of_program(target: Path, tree: Path, source: Path) -> str:
    headers = [*source.glob("*.h"), *source.parent.glob("*.h"), source.parent / "lib.mk"]
    own = [*headers, source / f"{target.name}.c"]
    return _digest([*own, source / "Makefile", *_elsewhere(own, tree, source)])


def _elsewhere(files: Iterable[Path], tree: Path, source: Path) -> list[Path]:
    """What the collection's sources include by a path, such as ../../../../mm/gup_test.h, where it may be."""
    ours = (path for path in files if path.parent == source and path.suffix in (".c", ".h") and path.is_file())
    names = {os.fsdecode(name) for path in ours for name in _PATH.findall(path.read_bytes())}
    return [place / name for name in names for place in (source, tree)]


def _files(folder: Path) -> list[Path]:
    if folder.is_file():
        return [folder]
    return [Path(place, name) for place, _, names in os.walk(folder) for name in names]


def _digest(files: Iterable[Path], options: Sequence[str] = ()) -> str:
    """Changes with any file's name, size or time, and with the options."""
    digest = hashlib.sha256("\0".join(options).encode())
    for path in sorted(set(map(os.path.normpath, files))):
        try:
            stat = os.stat(path)
        except OSError:
            continue
        digest.update(f"{path} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()
