# SPDX-License-Identifier: GPL-2.0-only
"""The pytest plugin, in pytest runs of its own, on machines that are none."""

import re
import signal
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import NAMES
from tests.ksftci.plugin.fake_board import write_program

from ksftci.arch import ARM64
from ksftci.assembly import Options, assemble
from ksftci.kernel.image import parse_all
from ksftci.kernel.tree import Tree
from ksftci.machine.machine import Job
from ksftci.plugin import plugin
from ksftci.programs import csource
from ksftci.session.unit import Lister

BOARD = Path(__file__).with_name("fake_board.py")
# Hypothesis's plugin takes a second to import, every time.
PLUGINS = ("-p", "ksftci.plugin", "-p", "no:hypothesispytest", "--strict-markers")
KERNEL = ("--ksft-kernel", "debian:7.3")
PLUGIN = plugin  # imported here once, rather than in every pytest run of these tests
FINE = {"f.a": ["ok"], "f.b": ["ok"], "f.c": ["ok"]}
Result = pytest.RunResult


class Bench:
    """A folder with programs, and pytest runs in it."""

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pytester, self.top = pytester, pytester.path
        pytester.makeconftest(BOARD.read_text())
        self.notes = self.top / "boots.log"
        monkeypatch.setenv("KSFT_FAKE_NOTES", str(self.notes))
        monkeypatch.setenv("KSFTCI_CACHE", str(self.top / "cache"))
        monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # of the run that this test is in
        monkeypatch.setenv("COLUMNS", "160")  # so that no headline is cut

    def run(self, *args: object, status: int | None = None) -> Result:
        """In this process; `status` is asserted."""
        done = self.pytester.runpytest_inprocess(*PLUGINS, *map(str, args), no_reraise_ctrlc=True)
        assert "Traceback" not in done.stdout.str() + done.stderr.str()
        assert status is None or done.ret == status, done.stdout.str() + done.stderr.str()
        return done

    def boots(self) -> list[str]:
        """What every boot was to run, those that only asked left out."""
        lines = self.notes.read_text().splitlines() if self.notes.exists() else []
        return [line for line in lines if "boot " in line and " -l" not in line]

    def ids(self, *args: object) -> list[str]:
        """The node ids that are collected."""
        done = self.run("--collect-only", "-q", *args)
        return [line for line in done.outlines if "::" in line]


@pytest.fixture
def bench(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(pytester, monkeypatch)


RESUME = """

from ksftci.machine.resume import Resume


def pytest_ksft_machine(config, kernel, arch, limits):
    board = Board(kernel, Path(os.environ["KSFT_FAKE_NOTES"]))
    return Resume(kernel, limits, lambda rest: board)
"""


# What is collected, and what not.


def test_without_its_options_nothing_is_collected_and_nothing_imported(bench: Bench) -> None:
    write_program(bench.top / "built/prog", FINE)
    bench.pytester.makepyfile("import sys\ndef test_it(): assert 'ksftci.plugin.plugin' not in sys.modules")
    code = "import sys, pytest; pytest.main(['-p', 'ksftci.plugin', '-q', '.']); "
    code += "print([m for m in sys.modules if m.startswith('ksftci')])"
    (bench.top / "conftest.py").unlink()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "1 passed" in done.stdout
    assert done.stdout.splitlines()[-1] == "['ksftci', 'ksftci.plugin', 'ksftci.plugin.hooks']"


def test_a_program_that_can_list_gives_an_item_for_each_test(bench: Bench) -> None:
    write_program(bench.top / "built/prog", FINE)
    write_program(bench.top / "built/plain", lines=["1..1", "ok 1 x"])
    (bench.top / "built/notes.txt").write_text("text")
    (bench.top / "built/helper.c").write_text("int helper;")
    (bench.top / "built/prog.c").write_text("TEST(x) {}\nTEST_HARNESS_MAIN")  # of which prog is the program
    expected = ["built/plain::plain", "built/prog::f.a", "built/prog::f.b", "built/prog::f.c"]
    assert bench.ids(*KERNEL, "built") == expected
    assert bench.boots() == []
    before = bench.notes.read_text()
    assert bench.ids(*KERNEL, "built") == expected
    assert bench.notes.read_text() == before  # the second time it was known


def test_only_arguments_are_looked_at(bench: Bench) -> None:
    write_program(bench.top / "built/prog", FINE)
    assert bench.ids(*KERNEL) == []
    assert bench.ids(*KERNEL, "built/prog::f.b") == ["built/prog::f.b"]
    bench.pytester.makeini("[pytest]\ntestpaths = built")
    assert len(bench.ids(*KERNEL)) == 3


def test_programs_of_another_architecture_are_left_out_and_told(bench: Bench) -> None:
    write_program(bench.top / "built/prog", FINE)
    done = bench.run("--ksft-arch", "x86_64", *KERNEL, "built", status=5)
    done.stdout.fnmatch_lines(["*left out, as not for x86_64: 1 programs, prog"])
    done = bench.run("--ksft-arch", "x86_64", *KERNEL, "built/prog", status=2)
    done.stdout.fnmatch_lines(["*a program for arm64, but --ksft-arch is x86_64"])


def test_the_tests_of_a_source_are_known_without_a_boot(bench: Bench) -> None:
    (bench.top / "t.c").write_text(
        "FIXTURE(f) { int x; };\nFIXTURE_SETUP(f)\n{\n\tinit(AREA_NEED_KSM | AREA_NEED_NUMA_NODES);\n}\n"
        "FIXTURE_VARIANT_ADD(f, one) {};\nTEST(alone) {}\nTEST_F(f, a)\n{\n}\nTEST_HARNESS_MAIN\n"
    )
    assert bench.ids(*KERNEL, "t.c") == ["t.c::global.alone", "t.c::f.one.a"]
    assert bench.ids(*KERNEL, "t.c", "-m", "t and needs_ksm and needs_numa_nodes") == ["t.c::f.one.a"]
    assert not bench.notes.exists()


def test_several_kernels_are_a_parametrisation(bench: Bench) -> None:
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
    assert bench.boots() == ["boot debian:7.3: one | two", "boot debian:6.12: one | two"]
    assert bench.ids(*kernels, "built/one::f.a[debian:6.12]") == ["built/one::f.a[debian:6.12]"]
    assert len(bench.ids(*kernels, "built", "-k", "6.12 and one")) == 1


def test_programs_of_one_name_run_side_by_side(bench: Bench) -> None:
    write_program(bench.top / "a/prog", {"f.a": ["ok"]})
    write_program(bench.top / "b/prog", {"f.a": ["not ok"]})
    done = bench.run(*KERNEL, "a", "b", status=1)
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["FAILED b/prog::f.a*"])
    assert bench.boots() == ["boot debian:7.3: prog | prog#2"]


# Options.


def test_options_and_their_ini_values_reach_the_machine(bench: Bench) -> None:
    write_program(bench.top / "built/prog", lines=["1..1", "ok 1 x"])
    bench.run(*KERNEL, "--ksft-timeout", "60", "--ksft-silence", "7.5", "built", status=0)
    assert "machine debian:7.3 arm64 60 7.5" in bench.notes.read_text()
    bench.pytester.makeini("[pytest]\nksft_kernel =\n  debian:6.1\nksft_timeout = 90\nksft_cache = kept\n")
    bench.run("built", status=0)
    assert "machine debian:6.1 arm64 90 120" in bench.notes.read_text()
    assert (bench.top / "kept").is_dir()
    bench.run("built", *KERNEL, "--ksft-timeout", "30", status=0)
    assert "machine debian:7.3 arm64 30 120" in bench.notes.read_text()


def test_natively_programs_of_this_machine_are_taken(bench: Bench) -> None:
    import platform

    machine = {"x86_64": 62, "aarch64": 183}[platform.machine()]
    program = write_program(bench.top / "built/prog", lines=["1..1", "ok 1 x"])
    data = program.read_bytes()
    program.write_bytes(data[:18] + machine.to_bytes(2, "little") + data[20:])
    bench.run("--ksft-native", "built", status=0).assert_outcomes(passed=2)
    assert bench.boots() == ["boot native: prog"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--ksft-native", *KERNEL], "cannot be given with it"),
        (["--ksft-kernel", "debian:x"], "is not understood"),
        (["--ksft-kernel", "/absent/Image"], "is not there"),
        ([*KERNEL, "--ksft-arch", "mips"], "allowed: arm64, x86_64, riscv64"),
        ([*KERNEL, "--ksft-timeout", "0"], "--ksft-timeout 0: seconds are needed"),
        ([*KERNEL, "--ksft-silence", "nan"], "seconds are needed"),
    ],
)
def test_mistakes_are_usage_errors(args: list[str], message: str, bench: Bench) -> None:
    done = bench.run(*args, status=4)
    assert message in done.stderr.str()


def test_what_takes_long_is_told_even_while_a_test_is_set_up(bench: Bench) -> None:
    write_program(bench.top / "built/prog", lines=["1..1", "ok 1 x"])
    with (bench.top / "conftest.py").open("a") as file:
        file.write(
            "\n\ndef pytest_runtest_setup(item):\n    item.config.pluginmanager.get_plugin('ksft')._say('building')\n"
        )
    bench.run(*KERNEL, "built", status=0).stdout.fnmatch_lines(["ksft: building", "..*"])
    assert "building" not in bench.run(*KERNEL, "built", "-q", status=0).stdout.str()


# Outcomes.


def outcomes(bench: Bench) -> Path:
    return write_program(
        bench.top / "built/prog",
        {
            "f.good": ["ok"],
            "f.skipped": ["ok # SKIP needs swap"],
            "f.xfailed": ["ok # XFAIL known"],
            "f.xpassed": ["ok # XPASS better than thought"],
            "f.bad": ["# t.c:3:bad:Expected 1 (1) == x (2)", "not ok"],
        },
    )


def test_every_verdict_is_the_outcome_that_pytest_has_for_it(bench: Bench) -> None:
    outcomes(bench)
    done = bench.run(*KERNEL, "built", "-rA", status=1)
    done.assert_outcomes(passed=1, skipped=1, xfailed=1, xpassed=1, failed=1)
    done.stdout.fnmatch_lines(
        [
            "*SKIPPED*needs swap*",
            "XFAIL built/prog::f.xfailed - known*",
            "XPASS built/prog::f.xpassed*",
            "FAILED built/prog::f.bad - Expected 1 (1) == x (2)",
        ]
    )


def test_a_failure_shows_the_map_the_reason_the_line_of_c_and_the_log(bench: Bench) -> None:
    maps = ["# pages 0..3 of 4, the boundary before 2:", "#   folio    [--]", "#   wrong      ^"]
    place = "# prog.c:3:a:Expected 0 (0) != area_write() (0)"
    write_program(bench.top / "built/prog", {"f.a": ["# parent, page 2: 1 faults", *maps, place, "not ok"]})
    (bench.top / "built/prog.c").write_text("one\ntwo\nthree;\nfour\nfive\nsix\n")
    done = bench.run(*KERNEL, "built", status=1)
    done.stdout.fnmatch_lines(
        [
            "prog.f.a on debian:7.3 (7.3.4-fake, 4096-byte pages)",
            "pages 0..3 of 4, the boundary before 2:",
            "  wrong      ^",
            "Expected 0 (0) != area_write() (0)",
            "*prog.c:3",
            "      1 one",
            "      2 two",
            ">     3 three;",
            "      4 four",
            "      5 five",
            "Log:",
            "    # parent, page 2: 1 faults",
        ]
    )
    assert "six" not in done.stdout.str()


def test_a_crash_is_that_tests_and_what_did_not_run_says_why(bench: Bench) -> None:
    write_program(bench.top / "built/a", {"f.a": ["ok"], "f.b": ["# oh", "PANIC"], "f.c": ["ok"], "f.d": ["ok"]})
    write_program(bench.top / "built/b", FINE)
    done = bench.run(*KERNEL, "built", status=1)
    done.assert_outcomes(passed=1, failed=6)
    done.stdout.fnmatch_lines(
        [
            "FAILED built/a::f.b - crash: the kernel panicked",
            "FAILED built/a::f.c - not run: f.b: the kernel panicked, before",
            "FAILED built/a::f.d - not run: f.b: the kernel panicked, before",
            "FAILED built/b::f.a - not run: the kernel panicked before",
        ]
    )


def test_a_program_that_dies_takes_only_its_own_tests_with_it(bench: Bench) -> None:
    write_program(bench.top / "built/a", {"f.a": ["DIE"], "f.b": ["ok"]})
    write_program(bench.top / "built/b", FINE)
    done = bench.run(*KERNEL, "built", status=1)
    done.assert_outcomes(passed=3, failed=2)
    done.stdout.fnmatch_lines(["FAILED built/a::f.a - crash: *SIGSEGV", "FAILED built/a::f.b - not run: f.a: *"])


def test_a_kernel_that_does_not_boot_fails_every_case_with_its_last_words(bench: Bench) -> None:
    write_program(bench.top / "built/a", lines=[])
    write_program(bench.top / "built/b", lines=[])
    done = bench.run("--ksft-kernel", "debian:6.6", "built", status=1)
    done.assert_outcomes(failed=2)
    done.stdout.fnmatch_lines(["*words", "FAILED built/a::a - error: the kernel did not start"])


def test_a_machine_that_cannot_be_had_is_an_error_of_each_case(bench: Bench) -> None:
    write_program(bench.top / "built/a", lines=[])
    write_program(bench.top / "built/b", lines=[])
    done = bench.run("--ksft-kernel", "debian:7.7", "built", status=1)
    done.assert_outcomes(errors=2)
    done.stdout.fnmatch_lines(["ERROR built/a::a - no such board"])
    assert len(bench.boots()) == 1


def test_a_splat_is_a_failure_of_its_own(bench: Bench) -> None:
    write_program(bench.top / "built/prog", FINE, splat="[ 1.0] WARNING: mm/rmap.c:1 at f")
    done = bench.run(*KERNEL, "built", status=1)
    done.assert_outcomes(passed=3, failed=1)
    done.stdout.fnmatch_lines(["FAILED built/prog::kernel_log - *WARNING: mm/rmap.c:1 at f"])


def test_a_program_that_lists_tests_and_runs_none_has_not_passed(bench: Bench) -> None:
    write_program(bench.top / "built/prog", FINE, mute=True)
    done = bench.run(*KERNEL, "built", status=1)
    done.assert_outcomes(failed=3)
    done.stdout.fnmatch_lines(["FAILED built/prog::f.a - not run: the program ended without telling of it"])


# The parts of programs that cannot list.

LEAVES = ["1..4", "ok 1 one", "not ok 2 two::x [ 4K ]", "ok 3 # SKIP three", "ok 4 cow"]


@pytest.mark.parametrize("parallel", [False, True])
def test_parts_are_reported_as_they_come_out(bench: Bench, parallel: bool) -> None:
    write_program(bench.top / "built/cow", lines=LEAVES)
    write_program(bench.top / "built/fine", lines=["1..2", "ok 1 x", "ok 2 y"])
    xml = bench.top / "out.xml"
    args = [*KERNEL, "built", "--junitxml", xml, "-rfs"]
    if parallel:
        pytest.importorskip("xdist")
        done = bench.pytester.runpytest_subprocess(*PLUGINS, *map(str, args), "-n", "2")
    else:
        done = bench.run(*args, status=1)
    done.assert_outcomes(passed=2 + 2 + 1, failed=1 + 1, skipped=1)
    assert max(int(percent) for percent in re.findall(r"(\d+)%\]", done.stdout.str())) == 100
    done.stdout.fnmatch_lines_random(
        [
            "FAILED built/cow::cow - 1 of 4 tests failed: two::x [[] 4K ]",
            "FAILED built/cow::two:x [[] 4K ] - failed, and no reason was given",
        ]
    )
    cases = {(case.get("classname"), case.get("name")): case for case in ET.parse(xml).getroot().iter("testcase")}
    assert len(cases) == 8
    assert ("built.cow", "cow#2") in cases
    assert cases["built.cow", "two:x [ 4K ]"].find("failure") is not None
    assert cases["built.cow", "three"].find("skipped") is not None
    properties = {p.get("name"): p.get("value") for p in cases["built.cow", "one"].iter("property")}
    assert properties == {"kernel": "debian:7.3", "release": "7.3.4-fake", "page_size": "4096", "verdict": "pass"}


def test_the_last_failed_can_be_run_again(bench: Bench) -> None:
    outcomes(bench)
    write_program(bench.top / "built/cow", lines=LEAVES)
    bench.run(*KERNEL, "built", status=1)
    done = bench.run(*KERNEL, "built", "--lf", "-v", status=1)
    assert bench.boots()[1:] == ["boot debian:7.3: cow | prog -r f.bad"]
    done.stdout.fnmatch_lines(["built/cow::cow FAILED*", "built/prog::f.bad FAILED*"])


# How it runs.


def test_one_boot_for_all_that_is_chosen(bench: Bench) -> None:
    write_program(bench.top / "built/one", FINE)
    write_program(bench.top / "built/two", FINE)
    write_program(bench.top / "built/zero", FINE)
    bench.run(*KERNEL, "built", "-k", "one or (two and not f.b)", status=0).assert_outcomes(passed=5, deselected=4)
    assert bench.boots() == ["boot debian:7.3: one | two -r f.a -r f.c"]


def test_a_session_ends_after_its_machines(bench: Bench) -> None:
    write_program(bench.top / "built/prog", lines=["1..1", "ok 1 x"])
    bench.run(*KERNEL, "built", status=0)
    assert bench.notes.read_text().splitlines()[-1] == "off"


def test_after_the_first_failure_the_machine_is_closed(bench: Bench) -> None:
    tests = {"f.a": ["ok"], "f.b": ["not ok"], "f.c": ["HANG"], "f.d": ["ok"]}
    write_program(bench.top / "built/prog", tests)
    done = bench.run(*KERNEL, "built", "-x", status=1)
    done.assert_outcomes(passed=1, failed=1)
    assert bench.notes.read_text().splitlines()[-2:] == ["stopped", "off"]


def test_an_interrupt_closes_the_machine(bench: Bench) -> None:
    write_program(bench.top / "built/prog", {"f.a": ["ok"], "f.b": ["HANG"], "f.c": ["ok"]})
    with (bench.top / "conftest.py").open("a") as file:
        file.write("\n\ndef pytest_runtest_logreport(report):\n    if report.when == 'call': raise KeyboardInterrupt\n")
    bench.run(*KERNEL, "built", status=2)
    assert bench.notes.read_text().splitlines()[-2:] == ["stopped", "off"]


def test_items_may_come_in_any_order_and_twice(bench: Bench) -> None:
    write_program(bench.top / "built/prog", {"f.a": ["ok"], "f.b": ["not ok"], "f.c": ["ok"]})
    with (bench.top / "conftest.py").open("a") as file:
        file.write(
            "\n\ndef pytest_collection_modifyitems(items):\n    items.reverse()\n\n\n"
            "def pytest_runtest_protocol(item, nextitem):\n"
            "    from _pytest.runner import runtestprotocol\n    runtestprotocol(item, log=False, nextitem=nextitem)\n"
        )
    bench.run(*KERNEL, "built", status=1).assert_outcomes(passed=2, failed=1)
    assert bench.boots() == ["boot debian:7.3: prog", *(f"boot debian:7.3: prog -r f.{x}" for x in "cba")]


def test_durations_are_the_tests_own(bench: Bench) -> None:
    write_program(bench.top / "built/prog", FINE)
    done = bench.run(*KERNEL, "built", "--durations=3", "-vv", status=0)
    done.stdout.fnmatch_lines(["1.50s call     built/prog::f.a"])


def test_junit_has_names_places_and_properties(bench: Bench) -> None:
    outcomes(bench)
    xml = bench.top / "out.xml"
    bench.run(*KERNEL, "built", "--junitxml", xml, "-o", "junit_logging=all", status=1)
    cases = {case.get("name"): case for case in ET.parse(xml).getroot().iter("testcase")}
    assert {case.get("classname") for case in cases.values()} == {"built.prog"}
    assert float(cases["f.good"].get("time") or 0) >= 1.5
    assert (cases["f.skipped"][1].tag, cases["f.skipped"][1].get("message")) == ("skipped", "needs swap")
    failure = cases["f.bad"].find("failure")
    assert failure is not None
    assert failure.get("message") == "Expected 1 (1) == x (2)"
    assert "t.c:3:bad" in (failure.text or "")
    properties = {p.get("name"): p.get("value") for p in cases["f.bad"].iter("property")}
    assert properties["file"] == "t.c" and properties["line"] == "3"
    assert properties["kernel"] == "debian:7.3"


@pytest.mark.parametrize("how", ["", "loadgroup", "load"])
def test_workers_share_the_programs(bench: Bench, how: str) -> None:
    pytest.importorskip("xdist")
    many = {f"f.t{n}": ["ok"] for n in range(9)}
    write_program(bench.top / "built/one", many)
    write_program(bench.top / "built/two", {**many, "f.bad": ["not ok"]})
    options = ("--dist", how) if how else ()
    done = bench.pytester.runpytest_subprocess(*PLUGINS, *KERNEL, "built", "-n", "2", *options)
    done.assert_outcomes(passed=18, failed=1)
    found = bench.boots()
    assert {line.rpartition(": ")[2] for line in found} == {"one", "two"}
    assert len(found) == 2 if not how else 2 <= len(found) <= 4


# For real.


def test_after_a_panic_the_rest_runs_on_a_new_start(bench: Bench) -> None:
    (bench.top / "conftest.py").write_text(BOARD.read_text() + RESUME)
    tests = {"f.a": ["ok"], "f.b": ["PANIC"], "f.c": ["ok"], "f.d": ["PANIC"], "f.e": ["ok"]}
    write_program(bench.top / "built/prog", tests)
    write_program(bench.top / "built/tail", lines=["1..1", "ok 1 x"])
    done = bench.run(*KERNEL, "-rA", "built", status=1)
    done.assert_outcomes(passed=3 + 2, failed=2)
    done.stdout.fnmatch_lines_random(
        [
            "FAILED built/prog::f.b - crash: the kernel panicked",
            "FAILED built/prog::f.d - crash: the kernel panicked",
            "PASSED built/prog::f.e",
            "PASSED built/tail::x",
        ]
    )
    assert bench.boots() == [
        "boot debian:7.3: prog | tail",
        "boot debian:7.3: prog -r f.c -r f.d -r f.e | tail",
        "boot debian:7.3: prog -r f.e | tail",
    ]


def test_what_broke_off_and_does_not_begin_again_is_not_run(bench: Bench) -> None:
    (bench.top / "conftest.py").write_text(BOARD.read_text() + RESUME)
    write_program(bench.top / "built/prog", {"f.a": ["ok"], "f.b": ["DIE"], "f.c": ["ok"]})
    write_program(bench.top / "built/tail", lines=["1..1", "ok 1 x"])
    done = bench.run(*KERNEL, "-rA", "built", status=1)
    done.assert_outcomes(passed=1 + 2, failed=2)
    done.stdout.fnmatch_lines_random(
        [
            "FAILED built/prog::f.b - crash: ended by SIGSEGV",
            "FAILED built/prog::f.c - not run: f.b: ended by SIGSEGV, before",
        ]
    )


@pytest.fixture
def real(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """Without the machines that are none."""
    monkeypatch.delenv("KSFTCI_CACHE")
    (bench.top / "conftest.py").unlink()
    return bench


@pytest.mark.native
def test_this_machines_kernel(real: Bench, compile_guest: Callable[..., Path]) -> None:
    programs = [compile_guest(mode, "gcc") for mode in ("FINE", "FAILS", "CRASHES", "HANGS")]
    done = real.run("--ksft-native", "--ksft-silence", "2", *programs, status=1)
    done.assert_outcomes(passed=4 + 1 + 1 + 1, failed=2 + 3 + 3, skipped=1)


@pytest.mark.qemu
def test_a_real_kernel(real: Bench, compile_guest: Callable[..., Path], kernel: str) -> None:
    programs = [compile_guest(mode) for mode in ("FINE", "FAILS", "CRASHES", "HANGS")]
    done = real.run("--ksft-kernel", kernel, "--ksft-silence", "12", "-rA", *programs, status=1)
    done.assert_outcomes(passed=4 + 1 + 1 + 1, failed=2 + 3 + 3, skipped=1)
    done.stdout.fnmatch_lines_random(
        [
            "FAILED *fails::second - Expected 1 (1) == 2 (2)",
            "FAILED *crashes::second - crash: *",
            "FAILED *hangs::second - timeout: printed nothing",
        ]
    )


@pytest.mark.qemu
def test_a_panic_of_a_real_kernel(real: Bench, compile_guest: Callable[..., Path], kernel: str) -> None:
    programs = [compile_guest(mode) for mode in ("PANICS", "FINE")]
    done = real.run("--ksft-kernel", kernel, *programs, status=1)
    done.stdout.fnmatch_lines_random(
        [
            "FAILED *panics::second - crash: the kernel panicked*",
        ]
    )
    done.assert_outcomes(passed=1 + 4, failed=1 + 1 + 1)


@pytest.mark.qemu
def test_after_a_panic_the_other_tests_run(
    real: Bench, tree: Callable[[str], Path], compile_harness: Callable[[str], Path], kernel: str
) -> None:
    program = compile_harness(str(tree("debian:7.3")))
    done = real.run("--ksft-kernel", kernel, "-rA", program, status=1)
    done.assert_outcomes(passed=2, failed=1)
    done.stdout.fnmatch_lines_random(
        [
            "PASSED *harness::global.first",
            "PASSED *harness::global.third",
            "FAILED *harness::global.panics - crash: the kernel panicked*",
        ]
    )


@pytest.mark.qemu
@pytest.mark.usefixtures("interruptible")
def test_interrupted_no_qemu_is_left(real: Bench, compile_guest: Callable[..., Path], kernel: str) -> None:
    program = compile_guest("SLEEPS")
    argv = [sys.executable, "-m", "pytest", "-p", "ksftci.plugin", "--ksft-kernel", kernel, str(program)]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    started = wait_for_qemu(process.pid)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=20)
    assert process.returncode == 2, said
    assert not [pid for pid in started if Path(f"/proc/{pid}").exists()]


def wait_for_qemu(parent: int) -> list[int]:
    """The processes that a process's threads started, once one of them is QEMU."""
    for _ in range(600):
        children = Path(f"/proc/{parent}/task").glob("*/children")
        pids = [int(pid) for file in children for pid in file.read_text().split()]
        if any("qemu" in Path(f"/proc/{pid}/comm").read_text() for pid in pids):
            return pids
        time.sleep(0.1)
    raise AssertionError("no QEMU was started")


@pytest.mark.qemu
def test_sources_list_what_the_programs_do(tree: Callable[[str], Path], kernel: str) -> None:
    linux = Tree.open(tree("debian:7.3"))
    names = [*NAMES, "guard-regions", "merge", "process_madv", "mdwe_test"]
    tools = assemble(Options(ARM64))
    jobs = [Job(path.name, path) for path in tools.builder.build(linux, names)]
    (machine,) = tools.machines(parse_all([kernel]), jobs)
    told = Lister().ask(machine.run, jobs, threading.Event())
    for name in names:
        known = csource.tests(linux.collection("mm") / f"{name}.c") or []
        assert [test.name for test in known] == told[name], name
