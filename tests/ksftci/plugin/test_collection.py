# SPDX-License-Identifier: GPL-2.0-only
"""Which files and tests pytest collects, and the ids of their items."""

import subprocess
import sys

from tests.ksftci.plugin.bench import KERNEL, PASSING, Bench
from tests.ksftci.plugin.fake_board import write_program


def test_without_a_kernel_nothing_is_collected_and_nothing_imported(bench: Bench) -> None:
    write_program(bench.top / "built/prog", PASSING)
    bench.pytester.makepyfile("import sys\ndef test_it(): assert 'ksftci.plugin.plugin' not in sys.modules")
    code = "import sys, pytest; pytest.main(['-p', 'ksftci.plugin', '-q', '.']); "
    code += "print([m for m in sys.modules if m.startswith('ksftci')])"
    (bench.top / "conftest.py").unlink()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "1 passed" in done.stdout
    assert done.stdout.splitlines()[-1] == "['ksftci', 'ksftci.plugin', 'ksftci.plugin.hooks']"


def test_a_program_that_can_list_its_tests_has_an_item_for_each(bench: Bench) -> None:
    write_program(bench.top / "built/prog", PASSING)
    write_program(bench.top / "built/plain", lines=["1..1", "ok 1 x"])
    (bench.top / "built/notes.txt").write_text("text")
    (bench.top / "built/helper.c").write_text("int helper;")
    (bench.top / "built/prog.c").write_text("TEST(x) {}\nTEST_HARNESS_MAIN")  # prog is its program
    expected = ["built/plain::plain", "built/prog::f.a", "built/prog::f.b", "built/prog::f.c"]
    assert bench.ids(*KERNEL, "built") == expected
    assert bench.boots() == []
    before = bench.notes.read_text()
    assert bench.ids(*KERNEL, "built") == expected
    assert bench.notes.read_text() == before  # the listing is in the cache


def test_only_what_the_user_names_is_collected(bench: Bench) -> None:
    write_program(bench.top / "built/prog", PASSING)
    assert bench.ids(*KERNEL) == []
    assert bench.ids(*KERNEL, "built/prog::f.b") == ["built/prog::f.b"]
    bench.pytester.makeini("[pytest]\ntestpaths = built")
    assert len(bench.ids(*KERNEL)) == 3


def test_programs_for_another_architecture_are_left_out(bench: Bench) -> None:
    write_program(bench.top / "built/prog", PASSING)
    done = bench.run("--ksft-arch", "x86_64", *KERNEL, "built", status=5)
    done.stdout.fnmatch_lines(["ksft: 1 programs left out, not for x86_64: prog"])
    done = bench.run("--ksft-arch", "x86_64", *KERNEL, "built/prog", status=2)
    done.stdout.fnmatch_lines(["*a program for arm64, but --ksft-arch is x86_64; give --ksft-arch arm64"])


def test_the_tests_of_a_source_are_known_without_a_boot(bench: Bench) -> None:
    (bench.top / "t.c").write_text(
        "FIXTURE(f) { int x; };\nFIXTURE_SETUP(f)\n{\n\tinit(AREA_NEED_KSM | AREA_NEED_NUMA_NODES);\n}\n"
        "FIXTURE_VARIANT_ADD(f, one) {};\nTEST(alone) {}\nTEST_F(f, a)\n{\n}\nTEST_HARNESS_MAIN\n"
    )
    assert bench.ids(*KERNEL, "t.c") == ["t.c::global.alone", "t.c::f.one.a"]
    assert bench.ids(*KERNEL, "t.c", "-m", "t and needs_ksm and needs_numa_nodes") == ["t.c::f.one.a"]
    assert not bench.notes.exists()


def test_with_several_kernels_each_case_is_an_item_on_each(bench: Bench) -> None:
    write_program(bench.top / "built/one", {"f.a": ["ok"]})
    write_program(bench.top / "built/two", {"f.a": ["ok"]})
    kernels = (*KERNEL, "--ksft-kernel", "debian:6.12")
    done = bench.run(*kernels, "built", "-v", status=0)
    ran = [line.split()[0] for line in done.outlines if "PASSED" in line]
    assert ran == [
        "built/one::f.a[debian:7.3]",
        "built/two::f.a[debian:7.3]",
        "built/one::f.a[debian:6.12]",
        "built/two::f.a[debian:6.12]",
    ]
    assert bench.boots() == [f"boot debian:{version}: one -r f.a | two -r f.a" for version in ("7.3", "6.12")]
    assert bench.ids(*kernels, "built/one::f.a[debian:6.12]") == ["built/one::f.a[debian:6.12]"]
    assert len(bench.ids(*kernels, "built", "-k", "6.12 and one")) == 1


def test_programs_of_the_same_name_run_in_one_boot(bench: Bench) -> None:
    write_program(bench.top / "a/prog", {"f.a": ["ok"]})
    write_program(bench.top / "b/prog", {"f.a": ["not ok"]})
    done = bench.run(*KERNEL, "a", "b", status=1)
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["FAILED b/prog::f.a*"])
    assert bench.boots() == ["boot debian:7.3: prog -r f.a | prog#2 -r f.a"]
