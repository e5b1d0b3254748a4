# SPDX-License-Identifier: GPL-2.0-only
"""Programs on the host's own kernel."""

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
    run = Collector(Run("native"), jobs).take(machine.run(jobs, stop or threading.Event()))
    return {result.id: result.verdict.value for result in run.results}


def script(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return path


def test_a_hang_and_a_crash_do_not_stop_the_next(compile_guest: Callable[..., Path]) -> None:
    modes = [compile_guest(mode, "gcc") for mode in ("CRASHES", "HANGS", "FINE")]
    verdicts = run(*modes, silence=1)
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
    assert time.monotonic() - began < 20
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


def test_another_architecture_and_another_user_than_root_are_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    other = arch.ARM64 if arch.X86_64.native else arch.X86_64
    with pytest.raises(CiError, match="--native runs programs of"):
        Native.check(other)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(CiError, match="sudo"):
        Native.check(arch.host())
