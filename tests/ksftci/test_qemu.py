# SPDX-License-Identifier: GPL-2.0-only
"""Whole runs of the command, on a real kernel in QEMU."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.qemu
Compile = Callable[..., Path]


def ksftci(*args: object) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "ksftci", *map(str, args)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)


def cases(xml: Path) -> dict[str, str]:
    """Name to "pass" or the tag of what is in the test case."""
    found = ET.parse(xml).getroot().iter("testcase")
    tags = {"failure", "error", "skipped"}
    return {
        f"{case.get('classname')}.{case.get('name')}": next((inner.tag for inner in case if inner.tag in tags), "pass")
        for case in found
    }


def run_one(program: Path, kernel: str, folder: Path, *options: object) -> tuple[int, dict[str, str], str]:
    xml = folder / "out.xml"
    done = ksftci("run", program, "--kernel", kernel, "--junit", xml, *options)
    found = cases(xml) if xml.exists() else {}
    return (
        done.returncode,
        {name.rpartition(".")[2]: v for name, v in found.items()},
        done.stdout + done.stderr,
    )


@pytest.mark.parametrize(
    ("mode", "status", "expected"),
    [
        ("FINE", 0, {"first": "pass", "second": "pass", "third": "pass"}),
        ("FAILS", 1, {"first": "pass", "second": "failure", "third": "skipped"}),
        ("CRASHES", 1, {"first": "pass", "second": "error", "test 3": "error"}),
        ("SKIPS", 0, {"first": "pass", "second": "skipped", "third": "skipped"}),
        ("NO_LINE_END", 0, {"first": "pass", "second": "pass", "third": "pass"}),
    ],
)
def test_verdicts(
    mode: str,
    status: int,
    expected: dict[str, str],
    compile_guest: Compile,
    kernel: str,
    tmp_path: Path,
) -> None:
    code, found, said = run_one(compile_guest(mode), kernel, tmp_path)
    assert (code, found) == (status, expected), said


def test_panic_keeps_what_came_before_and_marks_the_rest(compile_guest: Compile, kernel: str, tmp_path: Path) -> None:
    xml = tmp_path / "out.xml"
    programs = [compile_guest("PANICS"), compile_guest("FINE")]
    done = ksftci("run", *programs, "--kernel", kernel, "--junit", xml)
    found = cases(xml)
    said = done.stdout + done.stderr
    if "exit status 5" in said:
        pytest.skip("this kernel has no /proc/sysrq-trigger")
    assert done.returncode == 1, said
    assert {n: v for n, v in found.items() if n.endswith("panics.first")}.popitem()[1] == "pass"
    assert {n: v for n, v in found.items() if n.endswith("panics.second")}.popitem()[1] == "error"
    assert {n: v for n, v in found.items() if n.endswith("fine.all")}.popitem()[1] == "error"
    assert "CRASH panics.second" in said
    assert "the kernel panicked" in said


def test_silence_is_a_timeout_of_the_running_test(compile_guest: Compile, kernel: str, tmp_path: Path) -> None:
    code, found, said = run_one(compile_guest("HANGS"), kernel, tmp_path, "--silence", 12)
    assert code == 1
    assert found == {"first": "pass", "second": "error", "test 3": "error"}
    assert "TIMEOUT hangs.second" in said


def test_the_time_for_all_is_limited(compile_guest: Compile, kernel: str, tmp_path: Path) -> None:
    code, found, said = run_one(compile_guest("SLEEPS"), kernel, tmp_path, "--timeout", 40)
    assert (code, found["second"]) == (1, "error"), said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_reports_what_there_is_and_leaves_no_qemu(
    number: int, compile_guest: Compile, kernel: str, tmp_path: Path
) -> None:
    xml, ktap = tmp_path / "out.xml", tmp_path / "out.ktap"
    program = compile_guest("SLEEPS")
    argv = ["run", program, "--kernel", kernel, "--junit", xml, "--ktap", ktap]
    process = subprocess.Popen([sys.executable, "-m", "ksftci", *map(str, argv)])
    wait_until(lambda: bool(qemus(process.pid)), 60)
    time.sleep(25)
    started = qemus(process.pid)
    os.kill(process.pid, number)
    assert process.wait(20) == 130
    assert started
    assert not [pid for pid in started if Path(f"/proc/{pid}").exists()]
    assert any(name.endswith("first") for name in cases(xml))
    assert "still here" in ktap.read_text()


def test_qemu_does_not_outlive_a_killed_parent(compile_guest: Compile, kernel: str) -> None:
    program = compile_guest("SLEEPS")
    argv = [sys.executable, "-m", "ksftci", "run", str(program), "--kernel", kernel]
    process = subprocess.Popen(argv)
    wait_until(lambda: bool(qemus(process.pid)), 60)
    started = qemus(process.pid)
    process.kill()
    process.wait()
    wait_until(lambda: not any(alive(pid) for pid in started), 10)


def test_what_is_no_kernel_does_not_boot(compile_guest: Compile, tmp_path: Path) -> None:
    image = tmp_path / "Image"
    image.write_bytes(b"MZ" + bytes(100000))
    code, _, said = run_one(compile_guest("FINE"), str(image), tmp_path, "--timeout", 15)
    assert code in (1, 2)
    assert "Traceback" not in said
    assert "the kernel did not start" in said or "QEMU did not start" in said


def test_retries_tell_what_is_flaky(compile_guest: Compile, kernel: str, tmp_path: Path) -> None:
    programs = [shutil.copy(compile_guest("FLAKY"), tmp_path / f"flaky{bit}") for bit in range(8)]
    xml = tmp_path / "out.xml"
    once = ksftci("run", *programs, "--kernel", kernel, "--junit", xml)
    assert once.returncode == 1, once.stdout
    assert set(cases(xml).values()) == {"pass", "failure"}
    done = ksftci("run", *programs, "--kernel", kernel, "--junit", xml, "--retries", 12)
    assert done.returncode == 0, done.stdout + done.stderr
    flaky = re.findall(r"^flaky: (flaky\d\.second) on .*: (?:fail, then )+pass$", done.stdout, re.MULTILINE)
    assert flaky
    assert set(cases(xml).values()) == {"pass"}
    assert "attempt 1: fail" in xml.read_text()


def test_several_boots_and_shards_give_what_one_boot_gives(compile_guest: Compile, kernel: str, tmp_path: Path) -> None:
    programs = [compile_guest(mode) for mode in ("FINE", "FAILS", "SKIPS", "CRASHES")]
    found = []
    for options in ([], ["-j", 2], ["-j", 3]):
        xml = tmp_path / "out.xml"
        ksftci("run", *programs, "--kernel", kernel, "--junit", xml, *options)
        found.append(cases(xml))
    assert len(found[0]) == 12
    assert [list(cases.items()) for cases in found[1:]] == [list(found[0].items())] * 2
    logs = [tmp_path / f"shard-{number}.ktap" for number in (1, 2, 3)]
    for number, log in enumerate(logs, 1):
        ksftci("run", *programs, "--kernel", kernel, "--shard", f"{number}/3", "--ktap", log)
    ksftci("junit", *logs, "-o", tmp_path / "whole.xml")
    ksftci("run", *programs, "--kernel", kernel, "--ktap", tmp_path / "once.ktap")
    ksftci("junit", tmp_path / "once.ktap", "-o", tmp_path / "once.xml")
    assert cases(tmp_path / "whole.xml") == cases(tmp_path / "once.xml")


def qemus(parent: int) -> list[int]:
    children = Path(f"/proc/{parent}/task").glob("*/children")
    pids = [int(pid) for file in children for pid in file.read_text().split()]
    return [p for p in pids if "qemu" in Path(f"/proc/{p}/comm").read_text()]


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
