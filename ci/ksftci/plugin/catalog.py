# SPDX-License-Identifier: GPL-2.0-only
"""The programs that the user named, and the tests that each will run."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from ksftci.errors import CiError
from ksftci.host.elf import elf_arch
from ksftci.plugin import sources
from ksftci.programs import csource
from ksftci.programs.csource import Test

Build = Callable[[Iterable[Path]], Mapping[Path, Path | CiError]]  # sources to programs, or why there is none
_LIBRARY = ".so"


def is_source(path: Path) -> bool:
    """Whether a program has to be built from this file."""
    return path.suffix == ".c"


def program_of(path: Path) -> str:
    """The name of the program that a file is, or becomes."""
    return path.stem if is_source(path) else path.name


class Catalog:
    """Programs and C sources of programs, for one architecture."""

    def __init__(self, arch: str, build: Build, list_tests: Callable[[Sequence[Path]], list[list[str]]]) -> None:
        """`build` makes programs of sources; `list_tests` runs programs to learn their tests."""
        self.arch, self._build, self._list = arch, build, list_tests
        self.left_out: list[Path] = []  # programs of other architectures
        self._tests: dict[Path, list[Test] | None] = {}  # None: not known yet

    def add(self, path: Path) -> None:
        """Take a program in; its tests are looked up when somebody wants them."""
        self._tests.setdefault(path, None)

    def is_test(self, path: Path, named: bool) -> bool:
        """Whether a file is a test program or the source of one. `named`: the user gave just this file.

        Raises CiError when the file cannot be read.
        """
        if is_source(path):
            if named:
                return True
            built = path.with_suffix("")
            beside = built.is_file() and elf_arch(built) == self.arch
            return not beside and (csource.has_main(path) or sources.is_listed(path))
        if not path.is_file() or _LIBRARY in path.suffixes or (arch := elf_arch(path)) is None:
            return False
        if named or arch == self.arch:
            return True
        self.left_out.append(path)
        return False

    def tests_of(self, path: Path) -> list[Test]:
        """The tests that a program will run; none for a program that has no list of them. Raises CiError."""
        known = self._tests.get(path)
        if known is not None:
            return known
        if not is_source(path) and (arch := elf_arch(path)) != self.arch:
            raise CiError(f"{path}: a program for {arch}, but --ksft-arch is {self.arch}")
        if is_source(path) and (tests := csource.tests(path)):
            self._tests[path] = tests
            return tests
        self._learn(path)
        return self._tests[path] or []

    def size_of(self, path: Path) -> int:
        """How many tests a program has in all."""
        return len(self._tests[path] or ())

    def _learn(self, wanted: Path) -> None:
        """Run this program, and with it all others that have to be run, to learn their tests."""
        unknown = [path for path, tests in self._tests.items() if tests is None and self._has_to_be_run(path)]
        built = self._build(path for path in unknown if is_source(path))
        programs = {path: built.get(path, path) for path in unknown}
        if isinstance(problem := programs[wanted], CiError):
            raise problem
        able = {path: program for path, program in programs.items() if isinstance(program, Path)}
        for path, names in zip(able, self._list(list(able.values())), strict=True):
            self._tests[path] = [Test(name, 0) for name in names]

    def _has_to_be_run(self, path: Path) -> bool:
        if is_source(path):
            return csource.tests(path) is None
        return elf_arch(path) == self.arch
