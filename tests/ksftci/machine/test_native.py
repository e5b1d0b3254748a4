# SPDX-License-Identifier: GPL-2.0-only
"""Programs on this machine's kernel."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ksftci import arch
from ksftci.errors import CiError
from ksftci.machine import settings
from ksftci.machine.machine import Job, Limits
from ksftci.machine.native import Native
from ksftci.results.model import Run
from ksftci.session.collect import Collector

pytestmark = pytest.mark.native
SETTING = Path("/proc/sys/vm/swappiness")


def run(*programs: Path, silence: float = 20, stop: threading.Event | None = None) -> dict[str, str]:
    jobs = [Job(program.name, program) for program in programs]
    machine = Native(Limits(60, silence))
    result = Collector(Run("native"), jobs).take(machine.run(jobs, stop or threading.Event()))
    return {r.id: r.verdict.value for r in result.results}


def script(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return path


def test_a_hang_and_a_crash_do_not_stop_the_next(compile_guest: Callable[..., Path]) -> None:
    modes = [compile_guest(mode, "gcc") for mode in ("CRASHES", "HANGS", "FINE")]
    found = run(*modes, silence=1)
    assert found["crashes.second"] == "crash"
    assert found["hangs.second"] == "timeout"
    assert found["fine.third"] == "pass"


def test_lines_that_were_not_flushed_are_there(tmp_path: Path) -> None:
    assert run(script(tmp_path, "p", "echo 1..1", "printf 'ok 1 x'", "kill -9 $$"))["p.x"] == "pass"


def test_a_program_may_have_a_limit_of_its_own(tmp_path: Path) -> None:
    jobs = [Job("slow", script(tmp_path, "slow", "echo 1..1", "sleep 100"), limit=1), Job("p", script(tmp_path, "p"))]
    results = Collector(Run("native"), jobs).take(Native(Limits(60, 20)).run(jobs, threading.Event())).results
    assert {r.id: r.verdict.value for r in results}["slow.timeout"] == "timeout"
    assert results[-1].id == "p.exit"


def test_what_a_program_leaves_running_is_killed(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    began = time.monotonic()
    run(script(tmp_path, "p", "echo 1..1", f"sleep 100 & echo $! > {pid}", "echo ok 1 x"))
    assert time.monotonic() - began < 20
    status = Path(f"/proc/{pid.read_text().strip()}/status")
    assert not status.exists() or "State:\tZ" in status.read_text()


def test_an_interrupt_ends_it(tmp_path: Path) -> None:
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    found = run(script(tmp_path, "p", "echo 1..1", "sleep 100"), script(tmp_path, "q"), stop=stop)
    assert found["q.all"] == "not_run"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_setting_is_put_back_and_told(tmp_path: Path) -> None:
    before = settings.snapshot()
    found = run(script(tmp_path, "p", f"echo 37 > {SETTING}", "echo 1..1", "echo ok 1 x"))
    assert found == {"p.x": "pass", "p.settings": "fail"}
    assert settings.compare(before) == []


def test_who_may_not_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    other = arch.ARM64 if arch.X86_64.native else arch.X86_64
    with pytest.raises(CiError, match="--native runs programs of"):
        Native.check(other)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(CiError, match="sudo"):
        Native.check(arch.host())
