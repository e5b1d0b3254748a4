# SPDX-License-Identifier: GPL-2.0-only
"""The plugin on real kernels: on this machine's, and in QEMU."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import NAMES
from tests.ksftci.plugin.bench import Bench

from ksftci.arch import ARM64
from ksftci.assembly import Options, assemble
from ksftci.kernel.image import parse_all
from ksftci.kernel.tree import Tree
from ksftci.machine.machine import Job
from ksftci.programs import csource
from ksftci.session.unit import Lister


@pytest.fixture
def real(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A bench without the machine of fake_board.py."""
    monkeypatch.delenv("KSFTCI_CACHE")
    (bench.top / "conftest.py").unlink()
    return bench


@pytest.mark.native
def test_the_kernel_of_this_machine(real: Bench, compile_guest: Callable[..., Path]) -> None:
    programs = [compile_guest(mode, "gcc") for mode in ("FINE", "FAILS", "CRASHES", "HANGS")]
    done = real.run("--ksft-native", "--ksft-silence", "10", *programs, status=1)
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
def test_after_a_panic_of_a_real_kernel_the_other_tests_run(
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
def test_after_an_interrupt_no_qemu_is_left(real: Bench, compile_guest: Callable[..., Path], kernel: str) -> None:
    program = compile_guest("SLEEPS")
    argv = [sys.executable, "-m", "pytest", "-p", "ksftci.plugin", "--ksft-kernel", kernel, str(program)]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    started = wait_for_qemu(process.pid)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 2, output
    assert not [pid for pid in started if Path(f"/proc/{pid}").exists()]


def wait_for_qemu(parent: int) -> list[int]:
    """Wait for QEMU. Gives the processes that the parent's threads have started."""
    for _ in range(6000):
        children = Path(f"/proc/{parent}/task").glob("*/children")
        pids = [int(pid) for file in children for pid in file.read_text().split()]
        if any("qemu" in Path(f"/proc/{pid}/comm").read_text() for pid in pids):
            return pids
        time.sleep(0.1)
    raise AssertionError("no QEMU was started")


@pytest.mark.qemu
def test_sources_have_the_tests_that_their_programs_list(tree: Callable[[str], Path], kernel: str) -> None:
    linux = Tree.open(tree("debian:7.3"))
    names = [*NAMES, "guard-regions", "merge", "process_madv", "mdwe_test"]
    tools = assemble(Options(ARM64))
    jobs = [Job(path.name, path) for path in tools.builder.build(linux, names)]
    (machine,) = tools.machines(parse_all([kernel]), jobs)
    listings = Lister().list_tests(machine.run, jobs, threading.Event())
    for name in names:
        tests = csource.tests(linux.collection("mm") / f"{name}.c") or []
        assert [test.name for test in tests] == listings[name], name
