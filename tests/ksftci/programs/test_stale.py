# SPDX-License-Identifier: GPL-2.0-only
"""Which changes of a tree make a program stale."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ksftci.programs import stale

SELFTESTS = "tools/testing/selftests"
MM = f"{SELFTESTS}/mm"
FUNCTIONAL = f"{SELFTESTS}/futex/functional"
FILES = {
    "Makefile": "",
    "include/uapi/linux/mman.h": "",
    "arch/x86/include/uapi/asm/mman.h": "",
    "mm/gup_test.h": "",
    "mm/mprotect.c": "",
    f"{SELFTESTS}/lib.mk": "",
    f"{SELFTESTS}/kselftest_harness.h": "",
    f"{MM}/Makefile": "",
    f"{MM}/vm_util.h": "",
    f"{MM}/cow.c": '#include "vm_util.h"\n',
    f"{MM}/gup.c": '#include "../../../../mm/gup_test.h"\n',
    f"{FUNCTIONAL}/Makefile": "",
    f"{FUNCTIONAL}/wait.c": '#include "futextest.h"\n',
    f"{SELFTESTS}/futex/include/futextest.h": "",
}


class Linux:
    """A tree with a collection, and the folder of the collection's built programs."""

    def __init__(self, root: Path, collection: str) -> None:
        self.root, self.output = root / "linux", root / "output"
        self.collection = self.root / collection
        self.output.mkdir()
        for name, text in FILES.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text)

    def digest(self, *options: str) -> str:
        return stale.digest_inputs(self.root, self.collection, "arch/x86", *(options or ("-static", "gcc 12")))

    def build(self, *names: str) -> None:
        for name in names:
            (self.output / name).write_text("a program")
            stale.write_note(self.output / name, self.root, self.collection, self.digest())

    def is_current(self, name: str, *options: str) -> bool:
        return stale.is_current(self.output / name, self.digest(*options))

    def removed(self, *names: str) -> list[str]:
        """The programs of these names that remove_stale() removes."""
        for name in names:
            stale.remove_stale(self.output / name, self.root, self.collection)
        return [name for name in names if not (self.output / name).exists()]


@pytest.fixture
def linux(tmp_path: Path) -> Linux:
    linux = Linux(tmp_path, MM)
    linux.build("cow", "gup")
    return linux


@pytest.fixture
def futex(tmp_path: Path) -> Linux:
    linux = Linux(tmp_path, FUNCTIONAL)
    linux.build("wait")
    return linux


def append(path: Path) -> None:
    path.write_text(f"{path.read_text()}/* changed */\n")


def touch(path: Path) -> None:
    """Save a file without a change, a second later."""
    time = path.stat().st_mtime_ns + 10**9
    os.utime(path, ns=(time, time))


CHANGES = [append, touch, Path.unlink]
ANY_CHANGE = pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
Change = Callable[[Path], None]


def test_programs_of_an_untouched_tree_are_current(linux: Linux) -> None:
    assert linux.is_current("cow") and linux.is_current("gup")
    assert linux.removed("cow", "gup") == []


@ANY_CHANGE
@pytest.mark.parametrize("name", [f"{MM}/vm_util.h", f"{SELFTESTS}/lib.mk", f"{SELFTESTS}/kselftest_harness.h"])
def test_a_header_and_lib_mk_make_all_programs_stale(name: str, change: Change, linux: Linux) -> None:
    change(linux.root / name)
    assert not linux.is_current("cow") and not linux.is_current("gup")
    assert linux.removed("cow", "gup") == ["cow", "gup"]


@ANY_CHANGE
@pytest.mark.parametrize("name", ["lib.mk", "kselftest_harness.h"])
def test_they_do_so_in_a_collection_within_another(name: str, change: Change, futex: Linux) -> None:
    change(futex.root / SELFTESTS / name)
    assert not futex.is_current("wait")
    assert futex.removed("wait") == ["wait"]


@ANY_CHANGE
def test_headers_beside_an_inner_collection_are_for_make_to_compare(change: Change, futex: Linux) -> None:
    assert futex.is_current("wait")
    change(futex.root / SELFTESTS / "futex/include/futextest.h")
    assert not futex.is_current("wait")
    assert futex.removed("wait") == []


@ANY_CHANGE
def test_the_makefile_makes_all_programs_stale(change: Change, linux: Linux) -> None:
    change(linux.collection / "Makefile")
    assert not linux.is_current("cow")
    assert linux.removed("cow", "gup") == ["cow", "gup"]


@ANY_CHANGE
def test_a_path_outside_the_collection_makes_the_programs_stale_that_include_it(change: Change, linux: Linux) -> None:
    change(linux.root / "mm/gup_test.h")
    assert not linux.is_current("gup")
    assert linux.removed("cow", "gup") == ["gup"]


def test_a_program_is_stale_with_its_source(linux: Linux) -> None:
    append(linux.collection / "cow.c")
    assert not linux.is_current("cow")
    assert linux.removed("cow", "gup") == ["cow"]


@pytest.mark.parametrize("name", ["new.h", "../new.h"])
def test_a_new_header_makes_all_programs_stale(name: str, linux: Linux) -> None:
    (linux.collection / name).write_text("")
    assert not linux.is_current("cow")
    assert linux.removed("cow", "gup") == ["cow", "gup"]


def test_a_header_with_another_name_makes_all_programs_stale(linux: Linux) -> None:
    (linux.collection / "vm_util.h").rename(linux.collection / "mm_util.h")
    assert not linux.is_current("cow")
    assert linux.removed("cow", "gup") == ["cow", "gup"]


@pytest.mark.parametrize("name", ["include/uapi/linux/mman.h", "arch/x86/include/uapi/asm/mman.h", "Makefile"])
def test_exported_headers_are_for_make_to_compare(name: str, linux: Linux) -> None:
    append(linux.root / name)
    assert not linux.is_current("cow")
    assert linux.removed("cow") == []


@pytest.mark.parametrize("options", [("-static",), ("-static", "gcc 13"), ("-staticgcc 12",), ("gcc 12", "-static")])
def test_another_option_makes_programs_stale(options: tuple[str, ...], linux: Linux) -> None:
    assert not linux.is_current("cow", *options)


@pytest.mark.parametrize("name", ["mm/mprotect.c", "include/linux/mm.h", f"{SELFTESTS}/net/tls.c"])
def test_a_file_that_is_no_input_does_not_matter(name: str, linux: Linux) -> None:
    (linux.root / name).parent.mkdir(parents=True, exist_ok=True)
    (linux.root / name).write_text("changed")
    assert linux.is_current("cow") and linux.is_current("gup")
    assert linux.removed("cow", "gup") == []


def test_a_missing_program_or_note_is_not_current(linux: Linux) -> None:
    (linux.output / "cow").unlink()
    assert not linux.is_current("cow")
    (linux.output / "other").write_text("a program without a note")
    assert not linux.is_current("other")
    assert linux.removed("other") == ["other"]


def test_a_note_without_the_digest_of_all_inputs_keeps_the_program_only(linux: Linux) -> None:
    stale.write_note(linux.output / "cow", linux.root, linux.collection)
    assert not linux.is_current("cow")
    assert linux.removed("cow") == []
