# SPDX-License-Identifier: GPL-2.0-only
"""What to run: paths of programs, folders of them, or names that are built from a tree."""

import os
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from ksftci.arch import Arch
from ksftci.errors import CiError
from ksftci.host.elf import elf_arch, is_script
from ksftci.host.files import read_text
from ksftci.kernel.tree import Tree
from ksftci.machine.machine import Job
from ksftci.programs import listed
from ksftci.programs.build import Installed
from ksftci.results.names import Names

_NAME = re.compile(r"(?:(?P<collection>[A-Za-z][\w-]*(?:/[\w-]+)*):)?(?P<program>(?:[\w][\w.+-]*)?)")
_LIMIT = re.compile(r"^timeout=(\d+)", re.MULTILINE)
HELP = (
    "A built program, a script, a folder of programs; or what is built from --tree: mm:cow or just cow, "
    "mm:ksft_ksm.sh, timers:posix_timers; a collection alone, futex: with its colon, is all of its tests. "
    'Arguments go into the same word: "mm:run_vmtests.sh -t mprotect", "mm:ksm_tests -M -p 10".'
)


class Builds(Protocol):
    """Who makes programs that are given by name: programs.build.Builder."""

    def build(self, tree: Tree, programs: Sequence[str], collection: str) -> list[Path]:
        """The built programs, in the order of their names."""
        ...

    def install(self, tree: Tree, collection: str) -> Installed:
        """The whole collection."""
        ...


@dataclass(frozen=True)
class _Asked:
    """One PROGRAM of the command line: a path, or a name in a collection ("" for all of it)."""

    text: str
    args: tuple[str, ...] = ()
    path: Path | None = None
    collection: str = ""
    program: str = ""


def need_tree(names: Sequence[str]) -> bool:
    """Whether one of them is to be built from a tree. Raises CiError for what is not understood."""
    return any(_parse(name).path is None for name in names)


def jobs(names: Sequence[str], tree: Tree | None, arch: Arch, builds: Builds) -> list[Job]:
    """A job for each program, in the order given; `builds` makes those that are given by name.

    Raises CiError for what is neither a program nor the name of one, or is of another architecture.
    """
    asked = [_parse(name) for name in names or _all_of(tree)]
    build = _Build(tree, builds, [a for a in asked if a.path is None])
    found = [job for a in asked for job in (_given(a) if a.path else build.jobs(a))]
    for job in found:
        _must_fit(job.program, arch)
    names_taken = Names()
    return [replace(job, name=names_taken.unique(job.name)) for job in found]


def _parse(text: str) -> _Asked:
    if text and Path(text).exists():
        return _Asked(text, path=Path(text))
    try:
        first, *args = shlex.split(text) or [""]
    except ValueError as err:
        raise CiError(f"{text!r}: {err}; arguments are split at blanks and quoted as in a shell") from err
    match = _NAME.fullmatch(first)
    if match and ":" in first and not Path(first).is_file():
        if args and not match["program"]:
            raise CiError(f"{text!r}: a whole collection takes no arguments")
        return _Asked(text, tuple(args), None, match["collection"], match["program"])
    if "/" in first or Path(first).is_file():
        return _Asked(text, tuple(args), Path(first))
    if match is None or not first:
        raise CiError(f"{text!r} is neither a program nor a name such as cow, mm:cow or mm:")
    return _Asked(text, tuple(args), None, "mm", first)


def _given(asked: _Asked) -> list[Job]:
    assert asked.path is not None
    if not asked.path.is_dir():
        return [_job(asked.path, "", asked.args)]
    inside = sorted(p for p in asked.path.iterdir() if p.is_file() and elf_arch(p) is not None)
    if not inside:
        raise CiError(f"{asked.text}: there is no program in this folder")
    return [_job(path, "", asked.args) for path in inside]


class _Build:
    """Makes all that was asked for by name, each collection once."""

    def __init__(self, tree: Tree | None, builds: Builds, asked: Sequence[_Asked]) -> None:
        self.built: dict[tuple[str, str], Path] = {}
        self.installed: dict[str, Installed] = {}
        self.limits: dict[str, float | None] = {}
        for collection in dict.fromkeys(a.collection for a in asked):
            if tree is None:
                text = next(a.text for a in asked)
                raise CiError(f"{text}: no such file; to build it from a kernel tree give --tree TREE")
            folder = tree.collection(collection)
            self.limits[collection] = _limit(folder)
            names = list(dict.fromkeys(a.program for a in asked if a.collection == collection))
            programs = [name for name in names if name and not _is_script_of(folder, name)]
            for program in programs:
                _must_exist(folder, program)
            if programs:
                paths = builds.build(tree, programs, collection)
                self.built.update({(collection, p): path for p, path in zip(programs, paths, strict=True)})
            if len(programs) < len(names):
                self.installed[collection] = builds.install(tree, collection)

    def jobs(self, asked: _Asked) -> list[Job]:
        collection = asked.collection
        if (collection, asked.program) in self.built:
            path = self.built[collection, asked.program]
            return [replace(_job(path, collection, asked.args), limit=self.limits[collection])]
        whole = self.installed[collection]
        paths = [whole.folder / asked.program] if asked.program else whole.tests
        if not paths:
            raise CiError(f"{asked.text}: its Makefile lists no tests (TEST_PROGS, TEST_GEN_PROGS)")
        if not paths[0].exists():
            raise CiError(f"{asked.text}: it is in the tree, but its Makefile does not install it")
        limit = self.limits[collection]
        return [replace(_job(path, collection, asked.args, whole.folder), limit=limit) for path in paths]


def _job(path: Path, collection: str, args: tuple[str, ...], folder: Path | None = None) -> Job:
    """A job under the name that one can ask for it by; the collection mm goes without saying."""
    inside = path.relative_to(folder).parts[:-1] if folder else ()
    place = "/".join((collection, *inside))
    prefix = f"{place}:" if place not in ("", "mm") else ""
    return Job(f"{prefix}{' '.join([path.name, *args])}", Path(os.path.abspath(path)), args, folder)


def _limit(collection: Path) -> float | None:
    """The seconds that run_kselftest.sh would give each test by the collection's settings; 0 is no limit.

    Without settings it gives 45, which is for real hardware and not taken here.
    """
    settings = collection / "settings"
    match = _LIMIT.search(read_text(settings)) if settings.is_file() else None
    return float(match[1]) or None if match else None


def _all_of(tree: Tree | None) -> list[str]:
    if tree is None:
        raise CiError("nothing to run: name a PROGRAM, or give --tree TREE to run its mprotect tests")
    folder = tree.collection("mm")
    names = listed.mprotect_tests(folder)
    if not names:
        raise CiError(
            f"{folder}/Makefile lists no mprotect_ tests: put generated ones there first (ksftgen install), "
            "or name a PROGRAM such as mm:cow"
        )
    return names


def _is_script_of(folder: Path, name: str) -> bool:
    return (folder / name).is_file() and is_script(folder / name)


def _must_exist(folder: Path, program: str) -> None:
    if not any((folder / f"{name}.c").is_file() for name in (program, re.sub(r"_(32|64)$", "", program))):
        known = sorted({path.stem if path.suffix == ".c" else path.name for path in folder.glob("*.[cs]*")})
        alike = [name for name in known if program.lower() in name or name in program.lower()]
        hint = f"; alike are {', '.join(alike[:6])}" if alike else ""
        raise CiError(f"there is no {program}.c in {folder}{hint}")


def _must_fit(path: Path, arch: Arch) -> None:
    machine = elf_arch(path)
    if machine is None and not is_script(path):
        raise CiError(f"{path}: not a program that Linux can start (no ELF executable, no script)")
    if machine not in (None, arch.name):
        raise CiError(f"{path}: a program for {machine}, but --arch is {arch.name}")
