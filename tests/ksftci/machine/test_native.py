# SPDX-License-Identifier: GPL-2.0-only
"""Programs on the host's own kernel."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ksftci import arch
from ksftci.errors import CiError
from ksftci.machine import settings
from ksftci.machine.machine import Job, Limits, Line
from ksftci.machine.native import Native
from ksftci.results.model import Run
from ksftci.session.collect import Collector

pytestmark = pytest.mark.native
SETTING = Path("/proc/sys/vm/swappiness")


def run(*programs: Path, silence: float = 20, stop: threading.Event | None = None) -> dict[str, str]:
    jobs = [Job(program.name, program) for program in programs]
    machine = Native(Limits(60, silence))
    run = Collector(Run("native"), jobs).take(machine.run(jobs, stop or threading.Event()))
    return {result.id: result.verdict.value for result in run.results}


def script(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return path


def test_a_hang_and_a_crash_do_not_stop_the_next(compile_guest: Callable[..., Path]) -> None:
    modes = [compile_guest(mode, "gcc") for mode in ("CRASHES", "HANGS", "FINE")]
    verdicts = run(*modes, silence=10)
    assert verdicts["crashes.second"] == "crash"
    assert verdicts["hangs.second"] == "timeout"
    assert verdicts["fine.third"] == "pass"


def test_a_line_without_its_end_is_kept(tmp_path: Path) -> None:
    assert run(script(tmp_path, "p", "echo 1..1", "printf 'ok 1 x'", "kill -9 $$"))["p.x"] == "pass"


def test_a_program_may_have_a_limit_of_its_own(tmp_path: Path) -> None:
    jobs = [Job("slow", script(tmp_path, "slow", "echo 1..1", "sleep 100"), limit=1), Job("p", script(tmp_path, "p"))]
    results = Collector(Run("native"), jobs).take(Native(Limits(60, 20)).run(jobs, threading.Event())).results
    assert {r.id: r.verdict.value for r in results}["slow.timeout"] == "timeout"
    assert results[-1].id == "p.exit"


def test_processes_that_a_program_leaves_behind_are_killed(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    began = time.monotonic()
    run(script(tmp_path, "p", "echo 1..1", f"sleep 100 & echo $! > {pid}", "echo ok 1 x"))
    assert time.monotonic() - began < 90
    status = Path(f"/proc/{pid.read_text().strip()}/status")
    assert not status.exists() or "State:\tZ" in status.read_text()


def test_an_interrupt_ends_all_programs(tmp_path: Path) -> None:
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    verdicts = run(script(tmp_path, "p", "echo 1..1", "sleep 100"), script(tmp_path, "q"), stop=stop)
    assert verdicts["q.all"] == "not_run"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_setting_is_put_back_and_reported(tmp_path: Path) -> None:
    before = settings.snapshot()
    verdicts = run(script(tmp_path, "p", f"echo 37 > {SETTING}", "echo 1..1", "echo ok 1 x"))
    assert verdicts == {"p.x": "pass", "p.settings": "fail"}
    assert settings.compare(before) == []


def change(folder: Path, *lines: str) -> Path:
    """A program that changes a setting and then goes on for long."""
    return script(folder, "change", "echo TAP version 13", "echo 1..1", f"echo 37 > {SETTING}", *lines, "sleep 1000")


def start(program: Path) -> tuple[subprocess.Popen[str], str]:
    """`ksftci run --native` of the program that `change` made, when it has made its change; and the setting before."""
    before = SETTING.read_text()
    argv = [sys.executable, "-m", "ksftci", "run", "--native", str(program)]
    ksftci = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
    deadline = time.monotonic() + 30
    while SETTING.read_text() != "37\n" and time.monotonic() < deadline:
        time.sleep(0.01)
    assert SETTING.read_text() == "37\n"
    return ksftci, before


def running(word: str) -> list[str]:
    """The command lines of processes, zombies not among them, with this word."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            lines.append(path.read_bytes().replace(b"\0", b" ").decode())
    return [line for line in lines if word in line]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
@pytest.mark.usefixtures("interruptible")
def test_settings_are_put_back_and_all_processes_end_whatever_ends_ksftci(number: int, tmp_path: Path) -> None:
    mark = f"{4_000_000 + os.getpid()}"  # seconds, by which the processes are found
    left = ("trap '' HUP INT TERM", f"setsid sleep {mark} &", f"(setsid sleep {mark} &)", f"nohup sleep {mark} &")
    program = change(tmp_path, *left)
    ksftci, before = start(program)
    ksftci.send_signal(number)
    output = ksftci.communicate(timeout=30)[0]
    assert ksftci.returncode == (-number if number == signal.SIGKILL else 130), output
    deadline = time.monotonic() + 20
    while (SETTING.read_text() != before or running(mark)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert SETTING.read_text() == before
    assert running(mark) + running(str(program)) == []
    # The next run starts when the settings are back, and sees no change.
    assert run(script(tmp_path, "p", "echo 1..1", "echo ok 1 x")) == {"p.x": "pass"}


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_second_run_waits_for_the_first(tmp_path: Path) -> None:
    ksftci, before = start(script(tmp_path, "one", f"echo 37 > {SETTING}", "echo 1..1", "sleep 3", "echo ok 1 x"))
    try:
        said: list[str] = []
        jobs = [Job("two", script(tmp_path, "two", "echo 1..1", f"cat {SETTING}", "echo ok 1 x"))]
        events = list(Native(Limits(60, 20), say=said.append).run(jobs, threading.Event()))
    finally:
        output = ksftci.communicate(timeout=30)[0]
    assert f"pid {ksftci.pid}, since" in said[0]
    assert f"run --native {tmp_path}/one" in said[0]
    assert [event.text for event in events if isinstance(event, Line)] == ["1..1", before.strip(), "ok 1 x"]
    assert SETTING.read_text() == before, output


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_keeper_that_is_killed_is_a_crash_of_the_program(tmp_path: Path) -> None:
    before = SETTING.read_text()
    verdicts = run(change(tmp_path, "kill -9 $PPID"), script(tmp_path, "p", "echo 1..1", "echo ok 1 x"))
    assert verdicts["p.x"] == "pass"
    assert verdicts["change.settings"] == "fail"
    assert "crash" in verdicts.values()
    assert SETTING.read_text() == before


def test_the_last_lines_of_a_childs_filter_are_read(tmp_path: Path) -> None:
    program = script(tmp_path, "p", "echo 1..1", "(sleep 0.1; echo ok 1 x) &")
    assert run(program) == {"p.x": "pass"}


def test_a_program_that_has_closed_its_output_has_limits(tmp_path: Path) -> None:
    jobs = [Job("p", script(tmp_path, "p", "echo 1..1", "exec >/dev/null 2>&1", "sleep 1000"), limit=1)]
    run = Collector(Run("native"), jobs).take(Native(Limits(60, 20)).run(jobs, threading.Event()))
    assert [r.verdict.value for r in run.results if r.name == "timeout"] == ["timeout"]


def test_a_program_that_cannot_be_started_says_why(tmp_path: Path) -> None:
    program = tmp_path / "p"
    program.write_bytes(b"\x7fELF nothing")
    program.chmod(0o755)
    run = Collector(Run("native"), [Job("p", program)]).take(Native().run([Job("p", program)], threading.Event()))
    assert [(r.verdict.value, r.reason) for r in run.results] == [
        ("error", f"could not be started (status 126) {program}: Exec format error")
    ]


def test_another_architecture_and_another_user_than_root_are_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    other = arch.ARM64 if arch.X86_64.native else arch.X86_64
    with pytest.raises(CiError, match="--native runs programs of"):
        Native.check(other)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(CiError, match="sudo"):
        Native.check(arch.host())
