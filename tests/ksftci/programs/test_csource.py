# SPDX-License-Identifier: GPL-2.0-only
"""C sources: the tests in them, and the programs that are built from them."""

import os
import subprocess
from pathlib import Path

import pytest
from tests.conftest import NAMES, TOP

from ksftci.errors import CiError
from ksftci.plugin import sources
from ksftci.plugin.sources import Sources
from ksftci.programs import csource

SOURCE = """
/* TEST(in_a_comment) */
FIXTURE(empty) {};
FIXTURE(f) { int x; };
FIXTURE_VARIANT(f) { int x; };
FIXTURE_SETUP(f)
{
	set_up(AREA_NEED_ROOT | AREA_NEED_NUMA_NODES);
}
FIXTURE_TEARDOWN(f) {}
FIXTURE_VARIANT_ADD(f, one) { .x = 1 };
TEST_F(f, a)
{
	puts("TEST(in_a_string)");
}
TEST_F_TIMEOUT(f, b, 900) {}
FIXTURE_VARIANT_ADD(f, two) { .x = 2 };
XFAIL_ADD(f, two, a);
TEST(alone) {}
TEST_SIGNAL(dies, SIGSEGV) {}
TEST_F_SIGNAL(empty,
    dies, SIGSEGV) {}
TEST_HARNESS_MAIN
"""


def names(path: Path, text: str) -> list[str] | None:
    path.write_text(text)
    found = csource.tests(path)
    return None if found is None else [test.name for test in found]


def test_tests_come_in_the_order_of_the_harness(tmp_path: Path) -> None:
    assert names(tmp_path / "t.c", SOURCE) == [
        "global.alone",
        "global.dies",
        "empty.dies",
        "f.one.a",
        "f.one.b",
        "f.two.a",
        "f.two.b",
    ]


def test_a_test_knows_its_line_and_what_it_needs(tmp_path: Path) -> None:
    (tmp_path / "t.c").write_text(SOURCE)
    found = {test.name: test for test in csource.tests(tmp_path / "t.c") or []}
    assert SOURCE.splitlines()[found["f.two.a"].line - 1] == "TEST_F(f, a)"
    assert found["f.one.b"].needs == ("root", "numa_nodes")
    assert found["global.alone"].needs == ()


@pytest.mark.parametrize(
    "hidden",
    [
        "#ifdef __x86_64__\nTEST(more) {}\n#endif\n",
        "#define MORE(name) \\\n\tTEST(name)\nMORE(x) {}\n",
        '#include "tests.h"\n',
        '#include "from_elsewhere.h"\n',
        "TEST_F(absent, x) {}\n",
        "FIXTURE_VARIANT_ADD(absent, x) {};\n",
    ],
)
def test_what_the_preprocessor_decides_has_to_be_asked(hidden: str, tmp_path: Path) -> None:
    (tmp_path / "tests.h").write_text("TEST_F(x, y) {}")
    assert names(tmp_path / "t.c", hidden + SOURCE) is None


def test_other_conditions_and_headers_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "util.h").write_text("/* for use in TEST(x) */ int util(void);")
    more = '#include "../kselftest_harness.h"\n#include "util.h"\n#ifdef A\nint a;\n#endif\n'
    assert names(tmp_path / "t.c", more + SOURCE)
    assert names(tmp_path / "t.c", SOURCE.replace("TEST_HARNESS_MAIN", "int main(void) {}")) is None


def test_a_main_of_its_own_must_pass_the_arguments_on(tmp_path: Path) -> None:
    main = "int main(int argc, char **argv)\n{\n\tprepare();\n\treturn test_harness_run(argc, argv);\n}\n"
    assert names(tmp_path / "t.c", SOURCE.replace("TEST_HARNESS_MAIN", main))
    for change in (("prepare()", "use(argv[1])"), ("(argc, argv);", "(n, others);")):
        assert names(tmp_path / "t.c", SOURCE.replace("TEST_HARNESS_MAIN", main.replace(*change))) is None


def test_every_generated_test_is_known_from_its_source() -> None:
    found = {name: csource.tests(TOP / "generated" / f"{name}.c") or [] for name in NAMES}
    assert all(found.values())
    assert all(test.needs[:2] == ("root", "thp") for tests in found.values() for test in tests)


class NoBuilder:
    def build(self, tree: object, programs: list[str], collection: str) -> list[Path]:
        if "broken" in programs:
            raise CiError(f"the build failed: {' '.join(programs)}")
        return [Path("/built") / collection / name for name in programs]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "linux"
    folder = root / "tools/testing/selftests/mm"
    folder.mkdir(parents=True)
    (root / "Makefile").write_text("VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 4\nEXTRAVERSION =\n")
    (folder.parent / "lib.mk").write_text("")
    (folder / "Makefile").write_text("TEST_GEN_FILES = cow \\\n\tbroken\nTEST_GEN_PROGS += $(OUTPUT)/merge\n")
    for name in ("cow", "broken", "merge", "helper"):
        (folder / f"{name}.c").write_text("TEST_HARNESS_MAIN" if name == "merge" else "int main(void)")
    return root


def make_sources(store: Path, tree: Path | str) -> Sources:
    from ksftci.arch import ARM64
    from ksftci.host.cache import Cache
    from ksftci.host.debian import Debian

    cache = Cache(store)
    return Sources(cache, Debian(cache, ARM64), str(tree), NoBuilder())  # type: ignore[arg-type]


def test_a_source_in_a_tree_is_built_there(tree: Path, tmp_path: Path) -> None:
    folder = tree / "tools/testing/selftests/mm"
    found = make_sources(tmp_path / "c", "/absent").build([folder / "cow.c", folder / "broken.c", folder / "merge.c"])
    assert found[folder / "cow.c"] == Path("/built/mm/cow")
    assert found[folder / "merge.c"] == Path("/built/mm/merge")
    assert "the build failed: broken" in str(found[folder / "broken.c"])
    assert sources.is_listed(folder / "cow.c") and sources.is_listed(folder / "broken.c")
    assert not sources.is_listed(folder / "helper.c")


def test_a_source_outside_must_be_the_trees_own(tree: Path, tmp_path: Path) -> None:
    def problem(name: str, text: str, source: Path | str = tree) -> str:
        path = tmp_path / name
        path.write_text(text)
        return str(make_sources(tmp_path / "c", source).build([path])[path])

    assert problem("cow.c", "int main(void)") == "/built/mm/cow"
    assert "is not the cow.c of" in problem("cow.c", "int main(int argc)")
    assert "does not list it" in problem("new.c", "int main(void)")
    assert "ksftgen install --tree" in problem("mine.c", "/* Generated by ksftgen from x */")
    assert "no such folder" in problem("cow.c", "", "/absent")


def test_generated_sources_are_installed_into_a_copy(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[list[str]] = []

    def install(argv: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        if argv[1:3] != ["-m", "ksftgen"]:
            return real(argv, **_)  # type: ignore[call-overload,no-any-return]
        ran.append(argv)
        makefile = Path(argv[-1]) / "tools/testing/selftests/mm/Makefile"
        makefile.write_text("TEST_GEN_FILES = mine\n")
        return subprocess.CompletedProcess(argv, int("bad" in os.environ), "", "what went wrong")

    real = subprocess.run
    monkeypatch.setattr(subprocess, "run", install)
    git = ["git", "-C", str(tree), "-c", "user.name=n", "-c", "user.email=e@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"], ["tag", "v7.3"]):
        real([*git, *command], check=True)
    source = tmp_path / "mine.c"
    source.write_text("/* Generated by ksftgen from x */")
    url = f"git:file://{tree}@v7.3"
    assert make_sources(tmp_path / "c", url).build([source])[source] == Path("/built/mm/mine")
    assert len(ran) == 1 and str(tmp_path / "c/installed") in ran[0][-1]
    monkeypatch.setenv("bad", "1")
    assert "failed with status 1:\nwhat went wrong" in str(make_sources(tmp_path / "c", url).build([source])[source])
