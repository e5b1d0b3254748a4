# SPDX-License-Identifier: GPL-2.0-only
"""How much is kept of what a program prints."""

import os
import threading
import time
from pathlib import Path

import pytest

from ksftci.machine import flood
from ksftci.machine.console import Console
from ksftci.machine.flood import Flood
from ksftci.machine.machine import Cause, Cut, Job, Limits
from ksftci.machine.native import Native
from ksftci.results.model import Run
from ksftci.session.collect import Collector


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"LINES": 100, "LINES_A_SECOND": 10, "BYTES": 10_000, "BYTES_A_SECOND": 100, "KEPT": 50}.items():
        monkeypatch.setattr(flood, name, value)


def test_what_a_usual_program_prints_is_kept() -> None:
    output = Flood()
    for second in range(100):
        assert output.take(b"a\nb\n\nc", second) == [b"a", b"b", b"", b"c"]
    assert output.taken() == (0, 0)


@pytest.mark.parametrize("line", [b"y", b"y" * 1000])
def test_beyond_the_limits_only_what_may_be_a_result_is_kept(line: bytes) -> None:
    output = Flood()
    worth = [
        *(b"ok 1 x", b"# # not ok 2 y", b"\tok 3", b"1..4", b"TAP version 13", b"Bail out! no", b"@@t end 0 0"),
        *(b"[   12.345678] BUG: x", b"#  RUN           a.b ..."),
    ]
    assert output.take(b"\n".join([line] * 200), 0)[1:] == []
    assert output.take(b"\n".join([line, *worth, line]), 0) == worth
    lines, size = output.taken()
    assert lines == 202
    assert 0 <= size - 202 * len(line) <= 220
    assert output.taken() == (0, 0)
    assert not output.over


def test_after_a_while_of_quiet_all_is_kept_again() -> None:
    output = Flood()
    output.take(b"y\n" * 200, 0)
    assert output.take(b"y", 1) == []
    assert output.take(b"y", 2) == []
    note, line = output.take(b"y", 10)
    assert (note[:1], line) == (b"[", b"y")


def test_the_next_program_has_limits_of_its_own() -> None:
    output = Flood()
    output.take(b"y\n" * 200, 0)
    output.begin()
    assert output.take(b"a\nb", 0) == [b"a", b"b"]


def test_too_many_results_stop_the_program() -> None:
    output = Flood()
    output.take(b"ok 1 x\n" * 200, 0)
    assert output.over


def test_a_console_ends_at_a_flood_of_results() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"not ok 1 x\n" * 500)
    console = Console(reading, Limits(60, 60), threading.Event(), flood=Flood())
    assert list(console.lines())
    assert console.cause is Cause.FLOOD
    assert [type(cut) for cut in console.cuts()] in ([], [Cut])
    os.close(reading)
    os.close(writing)


@pytest.mark.native
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_results_after_a_flood_count_and_what_is_cut_is_said(tmp_path: Path) -> None:
    program = tmp_path / "p"
    program.write_text(
        "#!/bin/sh\necho TAP version 13\necho 1..2\necho ok 1 a\nyes | head -n 300000\necho not ok 2 b\n"
    )
    program.chmod(0o755)
    jobs, began = [Job("p", program)], time.monotonic()
    run = Collector(Run("native"), jobs).take(Native(Limits(60, 20)).run(jobs, threading.Event()))
    assert time.monotonic() - began < 50
    assert {result.id: result.verdict.value for result in run.results} == {"p.a": "pass", "p.b": "fail"}
    (anomaly,) = run.anomalies
    assert anomaly.startswith("p: ") and anomaly.endswith("of its output were left out, none of them a result")
    assert len(run.console) < 20_000
    assert [line for line in run.console if "only lines that may be results are kept" in line]
    assert [line for line in run.console if "were left out" in line]
