# SPDX-License-Identifier: GPL-2.0-only
"""Whether a program is stale: whether an input of its build has changed since.

The selftests' Makefiles compare a program with its .c files only. Its headers, lib.mk, the kernel's exported headers
and the options are inputs, too. When no input has changed, neither make nor its target `headers` has to run.

Beside each program lies a note with two digests: of the inputs of the program, and of all inputs of a build.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from ksftci.host.files import read_text, write_whole

_INCLUDED_PATH = re.compile(rb'^\s*#\s*include\s*[<"]([^">]*/[^">]*)', re.MULTILINE)
_SELFTESTS = "tools/testing/selftests"
_SHARED = ("include/uapi", "tools/include", "usr/include", "Makefile")  # inputs of `make headers`, and of all tests


def remove_stale(program: Path, tree: Path, collection: Path) -> None:
    """Remove a program of the collection's folder if an input of its own has changed, so that make builds it again."""
    if _noted(program)[:1] != [_digest_program(program, tree, collection)]:
        program.unlink(missing_ok=True)


def write_note(program: Path, tree: Path, collection: Path, inputs: str = "") -> None:
    """Note what a program was built from; `inputs` is the digest of all inputs before the build, "" if unknown."""
    write_whole(_note(program), f"{_digest_program(program, tree, collection)}\n{inputs}\n")


def is_current(program: Path, inputs: str) -> bool:
    """Whether a program is there and was built when the digest of all inputs was the same."""
    return program.is_file() and _noted(program)[1:] == [inputs]


def digest_inputs(tree: Path, collection: Path, arch_folder: str, *options: str) -> str:
    """A digest of all inputs that a build in the collection's folder may have. `arch_folder` is such as arch/x86."""
    selftests = tree / _SELFTESTS
    outermost = selftests / collection.relative_to(selftests).parts[0]  # futex of futex/functional
    folders = [outermost, selftests / "kselftest", *(tree / name for name in _SHARED)]
    files = [*selftests.glob("*.*"), *(path for folder in folders for path in _files(folder))]
    exported = _files(tree / arch_folder / "include/uapi")
    return _digest([*files, *exported, *_included_by_path(files, tree, collection)], options)


def _note(program: Path) -> Path:
    return program.with_name(f".{program.name}.sources")


def _noted(program: Path) -> list[str]:
    return read_text(_note(program)).split() if _note(program).is_file() else []


def _digest_program(program: Path, tree: Path, collection: Path) -> str:
    selftests = tree / _SELFTESTS
    folders = [collection, *(folder for folder in collection.parents if folder.is_relative_to(selftests))]
    sources = [*(path for folder in folders for path in folder.glob("*.h")), collection / f"{program.name}.c"]
    makefiles = [collection / "Makefile", selftests / "lib.mk"]
    return _digest([*sources, *makefiles, *_included_by_path(sources, tree, collection)])


def _included_by_path(files: Iterable[Path], tree: Path, collection: Path) -> list[Path]:
    """The candidates for files that the collection's sources include by a path, such as ../../../../mm/gup_test.h."""
    sources = (path for path in files if path.parent == collection and path.suffix in (".c", ".h") and path.is_file())
    names = {os.fsdecode(name) for path in sources for name in _INCLUDED_PATH.findall(path.read_bytes())}
    return [folder / name for name in names for folder in (collection, tree)]


def _files(folder: Path) -> list[Path]:
    if folder.is_file():
        return [folder]
    return [Path(parent, name) for parent, _, names in os.walk(folder) for name in names]


def _digest(files: Iterable[Path], options: Sequence[str] = ()) -> str:
    """A digest of each file's path, size and time of change, and of the options. Missing files do not count."""
    digest = hashlib.sha256("\0".join(options).encode())
    for path in sorted(set(map(os.path.normpath, files))):
        try:
            stat = os.stat(path)
        except OSError:
            continue
        digest.update(f"{path} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()
