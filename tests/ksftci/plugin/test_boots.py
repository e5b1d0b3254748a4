# SPDX-License-Identifier: GPL-2.0-only
"""When machines boot, what each boot runs, and when it ends."""

import pytest
from tests.ksftci.plugin.bench import BOARD, KERNEL, PASSING, PLUGINS, Bench
from tests.ksftci.plugin.fake_board import write_program

RESUME = """

from ksftci.machine.resume import Resume


def pytest_ksft_machine(config, kernel, arch, limits):
    board = Board(kernel, Path(os.environ["KSFT_FAKE_NOTES"]))
    return Resume(kernel, limits, lambda rest: board)
"""


def test_all_selected_cases_run_in_one_boot(bench: Bench) -> None:
    write_program(bench.top / "built/one", PASSING)
    write_program(bench.top / "built/two", PASSING)
    write_program(bench.top / "built/zero", PASSING)
    bench.run(*KERNEL, "built", "-k", "one or (two and not f.b)", status=0).assert_outcomes(passed=5, deselected=4)
    assert bench.boots() == ["boot debian:7.3: one -r f.a -r f.b -r f.c | two -r f.a -r f.c"]


def test_a_session_waits_for_its_machine(bench: Bench) -> None:
    write_program(bench.top / "built/prog", lines=["1..1", "ok 1 x"])
    bench.run(*KERNEL, "built", status=0)
    assert bench.notes.read_text().splitlines()[-1] == "off"


def test_exitfirst_ends_the_machine(bench: Bench) -> None:
    tests = {"f.a": ["ok"], "f.b": ["not ok"], "f.c": ["HANG"], "f.d": ["ok"]}
    write_program(bench.top / "built/prog", tests)
    done = bench.run(*KERNEL, "built", "-x", status=1)
    done.assert_outcomes(passed=1, failed=1)
    assert bench.notes.read_text().splitlines()[-2:] == ["stopped", "off"]


def test_an_interrupt_ends_the_machine(bench: Bench) -> None:
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
    assert bench.boots() == [
        "boot debian:7.3: prog -r f.c -r f.b -r f.a",
        *(f"boot debian:7.3: prog -r f.{x}" for x in "cba"),
    ]


@pytest.mark.parametrize("dist", ["", "loadgroup", "load"])
def test_a_worker_boots_for_each_program(bench: Bench, dist: str) -> None:
    pytest.importorskip("xdist")
    many = {f"f.t{n}": ["ok"] for n in range(9)}
    write_program(bench.top / "built/one", many)
    write_program(bench.top / "built/two", {**many, "f.bad": ["not ok"]})
    options = ("--dist", dist) if dist else ()
    done = bench.pytester.runpytest_subprocess(*PLUGINS, *KERNEL, "built", "-n", "2", *options)
    done.assert_outcomes(passed=18, failed=1)
    boots = bench.boots()
    assert {line.rpartition(": ")[2].partition(" ")[0] for line in boots} == {"one", "two"}
    assert len(boots) == 2 if not dist else 2 <= len(boots) <= 4


def test_after_a_panic_the_other_tests_run_in_another_boot(bench: Bench) -> None:
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
        "boot debian:7.3: prog -r f.a -r f.b -r f.c -r f.d -r f.e | tail",
        "boot debian:7.3: prog -r f.c -r f.d -r f.e | tail",
        "boot debian:7.3: prog -r f.e | tail",
    ]


def test_the_rest_of_a_crashed_program_is_not_run(bench: Bench) -> None:
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
