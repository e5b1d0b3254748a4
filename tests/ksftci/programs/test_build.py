# SPDX-License-Identifier: GPL-2.0-only
"""Which programs are built again, with Makefiles that only copy."""

from pathlib import Path

import pytest

from ksftci import arch
from ksftci.errors import CiError
from ksftci.host.cache import Cache
from ksftci.kernel.tree import Tree
from ksftci.programs.build import Builder

MAKEFILE = """
VERSION = 7
PATCHLEVEL = 3
headers:
	@echo headers >> CALLS
"""
# As the kernel's do, it knows a program's .c files and not its headers.
OF_MM = """
$(OUTPUT)/%: %.c vm_util.c
	@echo $* >> CALLS
	@cat $^ > $@
"""


class Linux:
    """A tree, its builder, and what make has done since the last look."""

    def __init__(self, root: Path) -> None:
        self.root, self.calls = root / "linux", root / "calls"
        for folder in ("scripts", "include/uapi/linux", "mm"):
            (self.root / folder).mkdir(parents=True)
        self.write("Makefile", MAKEFILE.replace("CALLS", str(self.calls)))
        self.write("tools/testing/selftests/mm/Makefile", OF_MM.replace("CALLS", str(self.calls)))
        self.write("tools/testing/selftests/lib.mk", "")
        for name in ("cow", "merge", "vm_util"):
            self.write(f"tools/testing/selftests/mm/{name}.c", "")
        self.write("tools/testing/selftests/mm/merge.c", '#include "../../../../mm/gup_test.h"\n')
        self.write("mm/gup_test.h", "")
        self.builder = Builder(Cache(root / "cache"), arch.host(), jobs=1)

    def write(self, name: str, text: str) -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)

    def build(self, *programs: str) -> list[str]:
        self.calls.write_text("")
        self.builder.build(Tree.open(self.root), programs or ("cow", "merge"))
        return self.calls.read_text().split()


@pytest.fixture
def linux(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Linux:
    monkeypatch.setattr("ksftci.programs.build.version", lambda compiler: "gcc 12")
    monkeypatch.setattr("ksftci.programs.build.need", lambda program: program)
    linux = Linux(tmp_path)
    assert linux.build() == ["headers", "cow", "merge"]
    return linux


@pytest.mark.parametrize("change", ["", "mm/mprotect.c", "include/linux/mm.h", "tools/testing/selftests/net/tls.c"])
def test_make_is_not_asked_when_nothing_that_programs_are_made_of_has_changed(linux: Linux, change: str) -> None:
    if change:
        linux.write(change, "new\n")
    assert linux.build() == linux.build("merge") == []


@pytest.mark.parametrize(
    ("change", "built"),
    [
        ("tools/testing/selftests/mm/cow.c", ["cow"]),
        ("tools/testing/selftests/mm/vm_util.c", ["cow", "merge"]),
        ("tools/testing/selftests/mm/new.h", ["cow", "merge"]),
        ("tools/testing/selftests/kselftest_harness.h", ["cow", "merge"]),
        ("tools/testing/selftests/lib.mk", ["cow", "merge"]),
        ("mm/gup_test.h", ["merge"]),
    ],
)
def test_a_program_is_built_again_when_what_it_is_made_of_has_changed(
    linux: Linux, change: str, built: list[str]
) -> None:
    linux.write(change, "/* new */\n")
    assert linux.build() == ["headers", *built]
    assert linux.build() == []


def test_exported_headers_are_made_again(linux: Linux) -> None:
    linux.write("include/uapi/linux/mman.h", "")
    assert linux.build() == ["headers"]


def test_another_compiler_is_asked(linux: Linux, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ksftci.programs.build.version", lambda compiler: "gcc 13")
    assert linux.build()[:1] == ["headers"]


def test_a_program_that_has_gone_is_built_again(linux: Linux) -> None:
    for built in linux.builder.build(Tree.open(linux.root), ["cow"]):
        built.unlink()
    assert linux.build("cow") == ["headers", "cow"]


def test_what_was_saved_while_it_was_built_is_built_again(linux: Linux) -> None:
    shared = linux.root / "tools/testing/selftests/mm/vm_util.c"
    late = OF_MM.replace("CALLS", str(linux.calls)).replace("@cat", f"@touch {shared}; cat")
    linux.write("tools/testing/selftests/mm/Makefile", late)
    assert linux.build("cow") == ["headers", "cow"]
    assert linux.build("cow") == ["headers", "cow"], "although make takes the program for the newer"


def test_a_program_that_make_does_not_build_is_told(linux: Linux) -> None:
    linux.write("tools/testing/selftests/mm/Makefile", "$(OUTPUT)/%: %.c\n\t@true\n")
    with pytest.raises(CiError, match="cow was not built, although make reported no error"):
        linux.build()
