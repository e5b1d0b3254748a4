# SPDX-License-Identifier: GPL-2.0-only
"""The lines of a guest's console, as events."""

import base64
import gzip
from pathlib import Path

import pytest

from ksftci.machine.machine import Begin, Booted, Cause, Counted, End, Event, Job, KernelLine, Line
from ksftci.machine.protocol import GuestOutput, unpack

JOB = Job("x", Path("/x"))


def booted() -> GuestOutput:
    output = GuestOutput([JOB], "t0", {})
    output.events(0, "@@t0 boot")
    return output


@pytest.mark.parametrize(
    ("line", "events"),
    [
        ("ok 1 x\r", [Line(1, "ok 1 x")]),
        ("", [Line(1, "")]),
        ("@@t1 done", [Line(1, "@@t1 done")]),
        ("@@t0 begin 0 \r", [Begin(1, JOB)]),
        ("@@t0 begin 0 12.5", [Begin(1, JOB, 12.5)]),
        ("@@t0 splat BUG: sleeping", [KernelLine(1, "BUG: sleeping")]),
        ("@@t0 splat ", [KernelLine(1, "")]),
        ("@@t0 counted /a.gcda", [Counted(1, Path("/a.gcda"), b"")]),
        ("@@t0 end 0 139 ", [End(1, JOB, 139)]),
        ("@@t0 end 0 137 late", [End(1, JOB, 137, Cause.TIMEOUT)]),
        ("\r@@t0 end 0 0", [End(1, JOB, 0)]),
        ("ok 1@@t0 end 0 0", [Line(1, "ok 1"), End(1, JOB, 0)]),
        ("@@t0 fact cpus 2", []),
        ("@@t0 unknown", []),
    ],
)
def test_a_line_of_a_booted_guest(line: str, events: list[Event]) -> None:
    assert booted().events(1, line) == events


def test_facts_come_with_the_boot() -> None:
    output = GuestOutput([], "t0", {"accel": "tcg"})
    lines = ["the kernel's own", "@@t0 fact cmdline console=ttyS0 quiet ", "@@t0 fact ksm"]
    assert [output.events(0, line) for line in lines] == [[], [], []]
    assert not output.booted
    facts = {"accel": "tcg", "cmdline": "console=ttyS0 quiet", "ksm": ""}
    assert output.events(1, "@@t0 boot") == [Booted(1, facts)]
    assert output.booted


def test_data_is_that_of_the_next_file() -> None:
    output = booted()
    for counters in (b"one", b"two"):
        assert output.events(1, f"@@t0 data {base64.b64encode(gzip.compress(counters)).decode()}") == []
        assert output.events(2, "@@t0 counted /a.gcda") == [Counted(2, Path("/a.gcda"), counters)]


def test_a_panic_and_the_last_lines_are_kept() -> None:
    output = booted()
    for number in range(20):
        output.events(1, f"line {number}\r")
    assert not output.panicked
    output.events(1, "[    2.0] Kernel panic - not syncing: Fatal exception")
    output.events(1, "[    2.1] ---[ end Kernel panic ]---")
    assert output.panicked
    assert not output.done
    assert output.tail[0] == "line 7"
    assert len(output.tail) == 15


def test_done_is_the_end() -> None:
    output = booted()
    assert output.events(1, "@@t0 done") == []
    assert output.done


def test_a_file_is_complete_or_empty() -> None:
    sent = base64.b64encode(gzip.compress(b"counters" * 100)).decode()
    lines = [sent[i : i + 20] for i in range(0, len(sent), 20)]
    assert unpack(lines) == b"counters" * 100
    assert unpack(lines[:-1]) == b""
    assert unpack([lines[0] + "[   3.14] WARNING", *lines[1:]]) == b""
    assert unpack(lines[:1] + lines[2:]) == b""
