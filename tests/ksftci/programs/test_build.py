# SPDX-License-Identifier: GPL-2.0-only
"""Which programs are built, with Makefiles that only copy; and what make says about those that failed."""

from pathlib import Path

import pytest

from ksftci import arch
from ksftci.errors import CiError
from ksftci.host.cache import Cache
from ksftci.kernel.tree import Tree
from ksftci.programs.build import Builder, failed_programs

MAKEFILE = """
VERSION = 7
PATCHLEVEL = 3
headers:
	@echo headers >> CALLS
"""
# As in the kernel, a program depends on its .c files and not on its headers.
MM_MAKEFILE = """
$(OUTPUT)/%: %.c vm_util.c
	@echo $* >> CALLS
	@cat $^ > $@
"""


class Linux:
    """A tree and its builder."""

    def __init__(self, root: Path) -> None:
        self.root, self.calls = root / "linux", root / "calls"
        for folder in ("scripts", "include/uapi/linux", "mm"):
            (self.root / folder).mkdir(parents=True)
        self.write("Makefile", MAKEFILE.replace("CALLS", str(self.calls)))
        self.write("tools/testing/selftests/mm/Makefile", MM_MAKEFILE.replace("CALLS", str(self.calls)))
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
        """Build programs; returns what make has made."""
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
def test_make_does_not_run_when_no_input_has_changed(linux: Linux, change: str) -> None:
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
def test_a_program_is_built_again_when_an_input_has_changed(linux: Linux, change: str, built: list[str]) -> None:
    linux.write(change, "/* new */\n")
    assert linux.build() == ["headers", *built]
    assert linux.build() == []


def test_exported_headers_are_made_again(linux: Linux) -> None:
    linux.write("include/uapi/linux/mman.h", "")
    assert linux.build() == ["headers"]


def test_make_runs_after_a_change_of_the_compiler(linux: Linux, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ksftci.programs.build.version", lambda compiler: "gcc 13")
    assert linux.build()[:1] == ["headers"]


def test_a_program_that_was_removed_is_built_again(linux: Linux) -> None:
    for program in linux.builder.build(Tree.open(linux.root), ["cow"]):
        program.unlink()
    assert linux.build("cow") == ["headers", "cow"]


def test_a_program_whose_source_was_saved_during_the_build_is_built_again(linux: Linux) -> None:
    shared = linux.root / "tools/testing/selftests/mm/vm_util.c"
    late = MM_MAKEFILE.replace("CALLS", str(linux.calls)).replace("@cat", f"@touch {shared}; cat")
    linux.write("tools/testing/selftests/mm/Makefile", late)
    assert linux.build("cow") == ["headers", "cow"]
    assert linux.build("cow") == ["headers", "cow"], "although make takes the program for the newer"


def test_a_program_that_make_does_not_build_is_an_error(linux: Linux) -> None:
    linux.write("tools/testing/selftests/mm/Makefile", "$(OUTPUT)/%: %.c\n\t@true\n")
    with pytest.raises(CiError, match="cow was not built, although make reported no error"):
        linux.build()


def test_a_failed_program_has_the_first_error_message() -> None:
    output = """make: Entering directory 'x'
  CC       ksm_tests
ksm_tests.c:13:10: warning: unused
ksm_tests.c:13:10: fatal error: numa.h: No such file or directory
make: [../lib.mk:222: /out/mm/ksm_tests] Error 1 (ignored)
make[1]: [../../lib.mk:222: /out/mm/functional/wait] Error 1 (ignored)
rsync: [sender] link_stat "/out/mm/ksm_tests" failed
make: [../lib.mk:170: install] Error 23 (ignored)
make: [../lib.mk:222: /out/mm/x.o] Error 1 (ignored)
"""
    assert failed_programs(output, Path("/out/mm")) == {
        "ksm_tests": "ksm_tests.c:13:10: fatal error: numa.h: No such file or directory",
        "functional/wait": "see the log of the build",
    }
