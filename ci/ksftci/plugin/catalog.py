# SPDX-License-Identifier: GPL-2.0-only
"""The test programs among the files that the user named, and the tests of each."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from ksftci.errors import CiError
from ksftci.host.elf import elf_arch
from ksftci.plugin import sources
from ksftci.programs import csource, selftest
from ksftci.programs.csource import Test

Build = Callable[[Iterable[Path]], Mapping[Path, Path | CiError]]  # source to its built program, or why there is none
ListTests = Callable[[Sequence[Path]], list[list[str]]]  # the tests of each program, none if it cannot list them
_LIBRARY = ".so"


def is_source(path: Path) -> bool:
    """Whether a program has to be built from this file."""
    return path.suffix == ".c"


def program_of(path: Path) -> str:
    """The name of the program that a file is, or that is built from it."""
    return path.stem if is_source(path) else path.name


class Catalog:
    """Test programs and their C sources, for one architecture."""

    def __init__(self, arch: str, build: Build, list_tests: ListTests, native: bool = False) -> None:
        """`list_tests` runs the programs, on this machine or in a boot: it is called as rarely as possible.

        With `native` programs that do not look like selftests are left out, unless the user named them.
        """
        self.arch, self._build, self._list_tests, self.native = arch, build, list_tests, native
        self.left_out: list[Path] = []  # programs for other architectures
        self.unlike: list[Path] = []  # programs that do not look like selftests
        self._tests: dict[Path, list[Test] | None] = {}  # of each added file; None: not known yet

    def add(self, path: Path) -> None:
        """Add a program or source. Its tests are read when `tests_of` is called."""
        self._tests.setdefault(path, None)

    def is_test(self, path: Path, named: bool) -> bool:
        """Whether a file is a test program or the source of one. `named`: the user named the file, not its folder.

        A source whose built program lies beside it is left out: the program is the test. Raises CiError when the
        file cannot be read.
        """
        if is_source(path):
            if named:
                return True
            program = path.with_suffix("")
            is_built = program.is_file() and elf_arch(program) == self.arch
            return not is_built and (csource.has_main(path) or sources.is_listed(path))
        if not path.is_file() or _LIBRARY in path.suffixes or (arch := elf_arch(path)) is None:
            return False
        if named:
            return True
        if arch != self.arch:
            self.left_out.append(path)
        elif self.native and not selftest.looks_like_one(path):
            self.unlike.append(path)
        else:
            return True
        return False

    def tests_of(self, path: Path) -> list[Test]:
        """The tests of an added program or source; [] if the program cannot list them. Raises CiError."""
        tests = self._tests.get(path)
        if tests is not None:
            return tests
        if not is_source(path) and (arch := elf_arch(path)) != self.arch:
            raise CiError(f"{path}: a program for {arch}, but --ksft-arch is {self.arch}; give --ksft-arch {arch}")
        if is_source(path) and (tests := csource.tests(path)):
            self._tests[path] = tests
            return tests
        self._run_listings(path)
        return self._tests[path] or []

    def _run_listings(self, path: Path) -> None:
        """Have this program, and all others whose tests are not known, list their tests in one call."""
        unknown = [other for other, tests in self._tests.items() if tests is None and self._has_to_list(other)]
        built = self._build(other for other in unknown if is_source(other))
        programs = {other: built.get(other, other) for other in unknown}
        if isinstance(problem := programs[path], CiError):
            raise problem
        runnable = {other: program for other, program in programs.items() if isinstance(program, Path)}
        for other, names in zip(runnable, self._list_tests(list(runnable.values())), strict=True):
            self._tests[other] = [Test(name, 0) for name in names]

    def _has_to_list(self, path: Path) -> bool:
        """Whether the tests are known only to the program itself."""
        if is_source(path):
            return csource.tests(path) is None
        return elf_arch(path) == self.arch
