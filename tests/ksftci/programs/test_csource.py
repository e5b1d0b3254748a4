# SPDX-License-Identifier: GPL-2.0-only
"""The tests of a program with kselftest_harness.h, read from its C source."""

from pathlib import Path

import pytest
from tests.conftest import NAMES, TOP

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
    tests = csource.tests(path)
    return None if tests is None else [test.name for test in tests]


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
    tests = {test.name: test for test in csource.tests(tmp_path / "t.c") or []}
    assert SOURCE.splitlines()[tests["f.two.a"].line - 1] == "TEST_F(f, a)"
    assert tests["f.one.b"].needs == ("root", "numa_nodes")
    assert tests["global.alone"].needs == ()


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
def test_the_preprocessor_may_hide_or_add_tests(hidden: str, tmp_path: Path) -> None:
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
    tests = {name: csource.tests(TOP / "generated" / f"{name}.c") or [] for name in NAMES}
    assert all(tests.values())
    assert all(test.needs[:2] == ("root", "thp") for name in NAMES for test in tests[name])
