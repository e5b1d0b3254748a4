# SPDX-License-Identifier: GPL-2.0-only
"""Which files are tests, and how the catalog learns the tests of programs."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from ksftci.arch import ARM64, X86_64, Arch
from ksftci.errors import CiError
from ksftci.plugin.catalog import Catalog, is_source, program_of

EXECUTABLE, OBJECT = 2, 1  # ET_EXEC and ET_REL of include/uapi/linux/elf.h
HARNESS = "TEST(alone) {}\nTEST_HARNESS_MAIN\n"
CONDITIONAL = "#ifdef __aarch64__\nTEST(alone) {}\n#endif\nTEST_HARNESS_MAIN\n"  # its tests only the program knows


def write_elf(path: Path, arch: Arch = ARM64, kind: int = EXECUTABLE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x7fELF" + bytes(12) + bytes([kind, 0]) + arch.elf.to_bytes(2, "little"))
    return path


def write_source(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


class Lab:
    """A catalog for arm64, with a builder and programs that only record what they are called for."""

    def __init__(self) -> None:
        self.catalog = Catalog(ARM64.name, self._build, self._list_tests)
        self.built: list[str] = []
        self.listed: list[list[str]] = []  # the names of the programs, call by call

    def _build(self, sources: Iterable[Path]) -> dict[Path, Path | CiError]:
        programs: dict[Path, Path | CiError] = {}
        for source in sources:
            self.built.append(source.name)
            failed = source.stem == "broken"
            programs[source] = CiError(f"{source.name} does not build") if failed else source.with_suffix("")
        return programs

    def _list_tests(self, programs: Sequence[Path]) -> list[list[str]]:
        """Each program has two tests, but "plain" cannot list them."""
        self.listed.append([program.name for program in programs])
        return [[] if program.name == "plain" else [f"{program.name}.a", "b"] for program in programs]

    def add(self, *paths: Path) -> None:
        for path in paths:
            self.catalog.add(path)

    def tests_of(self, path: Path) -> list[str]:
        return [test.name for test in self.catalog.tests_of(path)]


@pytest.fixture
def lab() -> Lab:
    return Lab()


def test_a_source_has_the_name_of_its_program() -> None:
    assert [program_of(Path(name)) for name in ("mm/cow.c", "mm/cow", "mm/run.sh")] == ["cow", "cow", "run.sh"]
    assert is_source(Path("cow.c"))
    assert not is_source(Path("cow.h"))


@pytest.mark.parametrize(
    ("text", "named", "expected"),
    [(HARNESS, False, True), ("int helper;", False, False), ("int helper;", True, True)],
)
def test_a_source_is_a_test_if_it_has_main_or_is_named(
    text: str, named: bool, expected: bool, lab: Lab, tmp_path: Path
) -> None:
    assert lab.catalog.is_test(write_source(tmp_path / "cow.c", text), named) is expected


def test_a_source_is_a_test_if_the_makefile_of_its_tree_builds_it(lab: Lab, tmp_path: Path) -> None:
    folder = tmp_path / "linux/tools/testing/selftests/mm"
    listed, helper = (write_source(folder / name, "int main(void);") for name in ("listed.c", "helper.c"))
    (tmp_path / "linux/Makefile").write_text("VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 4\nEXTRAVERSION =\n")
    (folder.parent / "lib.mk").touch()
    (folder / "Makefile").write_text("TEST_GEN_FILES = listed\n")
    assert lab.catalog.is_test(listed, named=False)
    assert not lab.catalog.is_test(helper, named=False)


def test_a_source_beside_its_program_is_a_test_only_if_it_is_named(lab: Lab, tmp_path: Path) -> None:
    source = write_source(tmp_path / "cow.c", HARNESS)
    write_elf(tmp_path / "cow", X86_64)
    assert lab.catalog.is_test(source, named=False)  # that program does not run on arm64
    write_elf(tmp_path / "cow")
    assert not lab.catalog.is_test(source, named=False)
    assert lab.catalog.is_test(source, named=True)


def test_a_program_is_a_test(lab: Lab, tmp_path: Path) -> None:
    assert lab.catalog.is_test(write_elf(tmp_path / "cow"), named=False)


@pytest.mark.parametrize("named", [False, True])
def test_libraries_objects_texts_and_folders_are_no_tests(named: bool, lab: Lab, tmp_path: Path) -> None:
    files = [write_elf(tmp_path / name) for name in ("libnuma.so", "libnuma.so.1")]
    files += [write_elf(tmp_path / "cow.o", kind=OBJECT), write_source(tmp_path / "config", "CONFIG_KSM=y"), tmp_path]
    assert not any(lab.catalog.is_test(file, named) for file in files)
    assert lab.catalog.left_out == []


def test_a_program_for_another_architecture_is_left_out_unless_it_is_named(lab: Lab, tmp_path: Path) -> None:
    other = write_elf(tmp_path / "cow", X86_64)
    assert lab.catalog.is_test(other, named=True)
    assert lab.catalog.left_out == []
    assert not lab.catalog.is_test(other, named=False)
    assert lab.catalog.left_out == [other]
    with pytest.raises(CiError, match="cow: a program for x86_64, but --ksft-arch is arm64"):
        lab.tests_of(other)


@pytest.mark.parametrize("name", ["absent.c", "folder.c"])
def test_a_source_that_cannot_be_read_is_an_error(name: str, lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "folder.c").mkdir()
    with pytest.raises(CiError, match=name):
        lab.catalog.is_test(tmp_path / name, named=False)


def test_the_tests_of_a_source_are_read_and_nothing_is_built(lab: Lab, tmp_path: Path) -> None:
    source = write_source(tmp_path / "cow.c", HARNESS)
    lab.add(source, write_elf(tmp_path / "other"))
    assert lab.tests_of(source) == ["global.alone"]
    assert (lab.built, lab.listed) == ([], [])


def test_all_programs_that_are_not_known_list_their_tests_in_one_call(lab: Lab, tmp_path: Path) -> None:
    first, second = write_elf(tmp_path / "first"), write_elf(tmp_path / "second")
    known = write_source(tmp_path / "known.c", HARNESS)
    unknown = write_source(tmp_path / "unknown.c", CONDITIONAL)
    lab.add(first, known, unknown, second, write_elf(tmp_path / "other", X86_64))
    assert lab.tests_of(second) == ["second.a", "b"]
    assert (lab.built, lab.listed) == (["unknown.c"], [["first", "unknown", "second"]])
    assert [lab.tests_of(path) for path in (first, known, unknown)] == [
        ["first.a", "b"],
        ["global.alone"],
        ["unknown.a", "b"],
    ]
    assert len(lab.listed) == 1


def test_a_program_that_is_added_later_is_listed_alone(lab: Lab, tmp_path: Path) -> None:
    first, later = write_elf(tmp_path / "first"), write_elf(tmp_path / "later")
    lab.add(first)
    lab.tests_of(first)
    lab.add(first, later)
    lab.tests_of(later)
    assert lab.listed == [["first"], ["later"]]


def test_a_program_that_cannot_list_its_tests_is_run_once(lab: Lab, tmp_path: Path) -> None:
    plain = write_elf(tmp_path / "plain")
    lab.add(plain)
    assert [lab.tests_of(plain), lab.tests_of(plain)] == [[], []]
    assert lab.listed == [["plain"]]


def test_a_source_that_does_not_build_is_an_error_of_that_source_only(lab: Lab, tmp_path: Path) -> None:
    broken, fine = (write_source(tmp_path / name, CONDITIONAL) for name in ("broken.c", "fine.c"))
    lab.add(broken, fine)
    with pytest.raises(CiError, match=r"broken\.c does not build"):
        lab.tests_of(broken)
    assert lab.tests_of(fine) == ["fine.a", "b"]
    assert lab.listed == [["fine"]]
