# SPDX-License-Identifier: GPL-2.0-only
"""The programs that the user names: paths, folders of programs, or names of programs to build from a tree."""

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
from ksftci.programs import installation, makefile, runner, scenario, selftest
from ksftci.programs.build import Installed
from ksftci.results.alike import nearest
from ksftci.results.names import Names

_NAME = re.compile(r"(?:(?P<collection>[A-Za-z][\w-]*(?:/[\w-]+)*):)?(?P<program>(?:[\w][\w.+-]*)?)")
_NO_TREE = "{}: no such file; to build it from a kernel tree give --tree TREE"
_SUFFIXES = (".c", ".sh", ".py")  # of sources and scripts
_NAMED = 6  # how many names a message has at most
_LIMIT = re.compile(r"^timeout=(\d+)", re.MULTILINE)
HELP = (
    "A built program, a script, a folder of programs, or the folder that `make install` or gen_tar filled, of which "
    "run_kselftest.sh is run; or a name to build from --tree: mm:cow or just cow, "
    "mm:ksft_ksm.sh, timers:posix_timers. A collection with its colon, futex:, stands for all of its tests. "
    'Arguments go into the same word: "mm:run_vmtests.sh -t mprotect", "installed/run_kselftest.sh -c mm".'
)


class ProgramBuilder(Protocol):
    """Builds programs that the user gives by name, as programs.build.Builder does."""

    def build(self, tree: Tree, programs: Sequence[str], collection: str) -> list[Path]:
        """The built programs, in the order of their names."""
        ...

    def install(self, tree: Tree, collection: str) -> Installed:
        """All programs of a collection."""
        ...


@dataclass(frozen=True)
class _Request:
    """A PROGRAM of the command line: a path, or a name in a collection ("" for the whole collection)."""

    text: str
    args: tuple[str, ...] = ()
    path: Path | None = None
    collection: str = ""
    program: str = ""


def need_tree(names: Sequence[str]) -> bool:
    """Whether a program has to be built from a tree. Raises CiError for a name that is not understood."""
    return any(_parse(name).path is None for name in names)


def check(names: Sequence[str], has_tree: bool, tree: Tree | None) -> bool:
    """Whether `jobs` will build programs. Raises those of its errors that need no build.

    `tree` is the tree if it is there, and None if there is none, or it is still to be fetched (`has_tree`).
    """
    requests = [_parse(name) for name in names]
    for request in requests:
        if request.path is None and not has_tree:
            raise CiError(_NO_TREE.format(request.text))
        if request.path is None and tree is not None:
            _check_name(tree.collection(request.collection), request.program)
        elif request.path is not None and not request.path.is_dir():
            _machine(request.path)
    if not names and (tree is not None or not has_tree):
        _mprotect_tests(tree)
    return not names or any(request.path is None for request in requests)


def jobs(
    names: Sequence[str], tree: Tree | None, arch: Arch, builder: ProgramBuilder, native: bool = False
) -> list[Job]:
    """A job for each program, in the given order; `builder` builds the programs that are given by name.

    Raises CiError for a name that stands for no program, for a program of another architecture, and with `native` for
    a folder of anything but selftests.
    """
    requests = [_parse(name) for name in names or _mprotect_tests(tree)]
    built = _BuiltPrograms(tree, builder, [request for request in requests if request.path is None])
    all_jobs = [
        job
        for request in requests
        for job in (_path_jobs(request, arch, native) if request.path else built.jobs(request))
    ]
    for job in all_jobs:
        _must_fit(job.program, arch)
    job_names = Names()
    return [replace(job, name=job_names.unique(job.name)) for job in all_jobs]


def _parse(text: str) -> _Request:
    if text and os.path.exists(text):  # unlike Path.exists(), it is False for what can be no path
        return _Request(text, path=Path(text))
    try:
        first, *args = shlex.split(text) or [""]
    except ValueError as err:
        raise CiError(f"{text!r}: {err}; arguments are split at blanks and quoted as in a shell") from err
    match = _NAME.fullmatch(first)
    if match and ":" in first and not os.path.isfile(first):
        if args and not match["program"]:
            raise CiError(f"{text!r}: a whole collection takes no arguments; name one of its programs, such as mm:cow")
        return _Request(text, tuple(args), None, match["collection"], match["program"])
    if "/" in first or os.path.isfile(first):
        return _Request(text, tuple(args), Path(first))
    if match is None or not first:
        raise CiError(f"{text!r} is no program; allowed: a path, or a name such as cow, mm:cow or mm:")
    return _Request(text, tuple(args), None, "mm", first)


def _path_jobs(request: _Request, arch: Arch, native: bool) -> list[Job]:
    assert request.path is not None
    if installed := installation.find(request.path):
        for program in installation.programs(installed):
            _must_fit(program, arch)
        script = installed / installation.RUNNER if request.path.is_dir() else request.path
        return [_job(script, "", request.args, installed)]
    if not request.path.is_dir():
        return [_job(request.path, "", request.args)]
    programs = sorted(p for p in request.path.iterdir() if p.is_file() and elf_arch(p) is not None)
    if not programs:
        raise CiError(f"{request.text}: there is no program in this folder; name a folder of built programs")
    if native:
        selftest.check(request.path, programs)
    return [_job(path, "", request.args) for path in programs]


class _BuiltPrograms:
    """The programs that are requested by name, from one build and one installation of each collection."""

    def __init__(self, tree: Tree | None, builder: ProgramBuilder, requests: Sequence[_Request]) -> None:
        self.built: dict[tuple[str, str], Path] = {}
        self.installed: dict[str, Installed] = {}
        self.limits: dict[str, float | None] = {}
        for collection in dict.fromkeys(request.collection for request in requests):
            if tree is None:
                raise CiError(_NO_TREE.format(requests[0].text))
            folder = tree.collection(collection)
            self.limits[collection] = _limit(folder)
            names = list(dict.fromkeys(r.program for r in requests if r.collection == collection))
            for name in names:
                _check_name(folder, name)
            programs = [name for name in names if name and not _is_script_of(folder, name)]
            if programs:
                paths = builder.build(tree, programs, collection)
                self.built.update({(collection, p): path for p, path in zip(programs, paths, strict=True)})
            if len(programs) < len(names):
                self.installed[collection] = builder.install(tree, collection)

    def jobs(self, request: _Request) -> list[Job]:
        """The jobs of a request: one for a program, one for each test of a whole collection."""
        collection, limit = request.collection, self.limits[request.collection]
        if (collection, request.program) in self.built:
            path = self.built[collection, request.program]
            return [replace(_job(path, collection, request.args), limit=limit)]
        installed = self.installed[collection]
        paths = [installed.folder / request.program] if request.program else runner.once(installed.tests)
        if not paths:
            raise CiError(f"{request.text}: its Makefile lists no tests (TEST_PROGS, TEST_GEN_PROGS); name a program")
        if not paths[0].exists():
            raise CiError(f"{request.text}: its Makefile does not install it; add it to TEST_PROGS there")
        return [replace(_job(path, collection, request.args, installed.folder), limit=limit) for path in paths]


def _job(path: Path, collection: str, args: tuple[str, ...], folder: Path | None = None) -> Job:
    """A job with a name as on the command line, futex/functional:futex_wait, or cow without its mm: before it."""
    subfolders = path.relative_to(folder).parts[:-1] if folder else ()
    full_collection = "/".join((collection, *subfolders))
    prefix = f"{full_collection}:" if full_collection not in ("", "mm") else ""
    return Job(f"{prefix}{' '.join([path.name, *args])}", Path(os.path.abspath(path)), args, folder)


def _limit(collection: Path) -> float | None:
    """The limit for each test in seconds, from the collection's file `settings`; None when it has none, or 0.

    run_one() of kselftest/runner.sh (Linux 7.3) takes 45 without such a file; that is for real hardware, not for QEMU.
    """
    settings = collection / "settings"
    match = _LIMIT.search(read_text(settings)) if settings.is_file() else None
    return float(match[1]) or None if match else None


def _mprotect_tests(tree: Tree | None) -> list[str]:
    if tree is None:
        raise CiError("nothing to run; name a PROGRAM, or give --tree TREE to run its mprotect tests")
    folder = tree.collection("mm")
    names = makefile.mprotect_tests(folder)
    if not names:
        raise CiError(
            f"{folder}/Makefile lists no mprotect_ tests; put generated ones there first (ksftgen install), "
            "or name a PROGRAM such as mm:cow"
        )
    return names


def _is_script_of(folder: Path, name: str) -> bool:
    return os.path.isfile(folder / name) and is_script(folder / name)


def _check_name(folder: Path, program: str) -> None:
    """Raises CiError if the folder of a collection has no source of the program, and no script of this name."""
    if not program or _is_script_of(folder, program):
        return
    # Some Makefiles build NAME_32 and NAME_64 of NAME.c.
    if not any(os.path.isfile(folder / f"{name}.c") for name in (program, re.sub(r"_(32|64)$", "", program))):
        if (folder / program).is_file():
            raise CiError(f"{program}: is a source in {folder}; name its program, {Path(program).stem}")
        source = program if program.endswith(_SUFFIXES) else f"{program}.c"
        programs = sorted({path.stem if path.suffix == ".c" else path.name for path in folder.glob("*.[cs]*")})
        alike = [name for name in programs if program.lower() in name or name in program.lower()]
        alike += [name for name in nearest([program], programs, _NAMED, 0.6) if name not in alike]
        hint = f"alike are {', '.join(alike[:_NAMED])}" if alike else "name a file, or a program of the tree"
        raise CiError(f"{program}: no such file here, and there is no {source} in {folder}; {hint}")


def _must_fit(path: Path, arch: Arch) -> None:
    machine = _machine(path)
    if machine not in (None, arch.name):
        advice = "build it for that" if machine == "other" else f"give --arch {machine}"
        raise CiError(f"{path}: a program for {machine}, but --arch is {arch.name}; {advice}")


def _machine(path: Path) -> str | None:
    """The architecture of a program, None for a script. Raises CiError for any other file."""
    if len(path.parts) == 2 and not path.parent.exists():
        raise CiError(f"{path}: no such file; a test of a kernel tree is named as {':'.join(path.parts)}")
    machine = elf_arch(path)
    if machine is None and scenario.is_one(path.name):
        raise CiError(f"{path}: a scenario; `ksftci run` takes it as it is, here `ksftgen install` comes first")
    if machine is None and not is_script(path):
        what = "no ELF executable, no script with #!"
        raise CiError(f"{path}: not a program that Linux can start ({what}); name a built program")
    return machine
