# SPDX-License-Identifier: GPL-2.0-only
"""What to run: paths of programs, folders of them, or names that are built from a tree."""

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from ksftci.arch import Arch
from ksftci.errors import CiError
from ksftci.machine import Job
from ksftci.tree import Tree

# Without any PROGRAM: what the Makefile of selftests/mm lists so, not the sources that programs share.
_LISTED = re.compile(r"^TEST_GEN_(?:FILES|PROGS)\s*[:+]?=\s*(mprotect_\w+)\s*$", re.MULTILINE)
_NAME = re.compile(r"(?:(?P<collection>[a-z][\w-]*):)?(?P<program>[A-Za-z_][\w.+-]*)")
_ELF_MACHINES = {183: "arm64", 62: "x86_64"}  # EM_AARCH64, EM_X86_64

Build = Callable[[Tree, Sequence[str], str], list[Path]]


def find(names: Sequence[str], tree: Tree | None, arch: Arch, build: Build) -> list[Job]:
    """A job for each program, in the order given; `build` makes those that are given by name.

    Raises CiError for what is neither a program nor the name of one, or is of another architecture.
    """
    if not names:
        names = _all_of(tree)
    found: list[Path] = []
    wanted: dict[str, dict[str, int]] = {}
    for name in names:
        path = Path(name)
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.is_file() and elf_arch(p) is not None)
            if not inside:
                raise CiError(f"{name}: there is no program in this folder")
            found += inside
        elif "/" in name or path.is_file():
            found.append(path)
        elif (match := _NAME.fullmatch(name)) is None:
            raise CiError(f"{name!r} is neither a program nor a name such as cow or mm:cow")
        elif tree is None:
            raise CiError(f"{name}: no such file; to build it from a kernel tree give --tree TREE")
        else:
            of = wanted.setdefault(match["collection"] or "mm", {})
            of[match["program"]] = len(found)
            found.append(path)
    for collection, programs in wanted.items():
        assert tree is not None
        for program in programs:
            _must_exist(tree, collection, program)
        built = build(tree, list(programs), collection)
        for place, result in zip(programs.values(), built, strict=True):
            found[place] = result
    for path in found:
        _must_fit(path, arch)
    return _jobs(found)


def elf_arch(path: Path) -> str | None:
    """The architecture an ELF program is for, "other", or None when the file is none.

    Raises CiError when the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(20)
    except OSError as err:
        raise CiError(f"{path}: {err.strerror}") from err
    if len(head) < 20 or head[:4] != b"\x7fELF" or head[16] not in (2, 3):  # ET_EXEC, ET_DYN
        return None
    return _ELF_MACHINES.get(int.from_bytes(head[18:20], "little"), "other")


def _all_of(tree: Tree | None) -> list[str]:
    if tree is None:
        raise CiError("nothing to run: name a PROGRAM, or give --tree TREE to run its mprotect tests")
    folder = tree.collection("mm")
    names = sorted(set(_LISTED.findall((folder / "Makefile").read_text(encoding="utf-8", errors="replace"))))
    if not names:
        raise CiError(
            f"{folder}/Makefile lists no mprotect_ tests: put generated ones there first (ksftgen install), "
            "or name a PROGRAM such as mm:cow"
        )
    return names


def _must_exist(tree: Tree, collection: str, program: str) -> None:
    folder = tree.collection(collection)
    if not (folder / f"{program}.c").is_file():
        known = sorted(path.stem for path in folder.glob("*.c"))
        alike = [name for name in known if program.lower() in name or name in program.lower()]
        hint = f"; alike are {', '.join(alike[:6])}" if alike else ""
        raise CiError(f"there is no {program}.c in {folder}{hint}")


def _must_fit(path: Path, arch: Arch) -> None:
    machine = elf_arch(path)
    if machine is None:
        raise CiError(f"{path}: not a program that Linux can start (no ELF executable)")
    if machine != arch.name:
        raise CiError(f"{path}: a program for {machine}, but --arch is {arch.name}")


def _jobs(paths: Sequence[Path]) -> list[Job]:
    jobs: list[Job] = []
    taken: dict[str, int] = {}
    for path in paths:
        taken[path.name] = taken.get(path.name, 0) + 1
        again = taken[path.name]
        name = path.name if again == 1 else f"{path.name}#{again}"
        jobs.append(Job(name, Path(os.path.abspath(path))))
    return jobs
