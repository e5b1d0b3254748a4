# SPDX-License-Identifier: GPL-2.0-only
"""The lines of a guest's console, as events."""

import base64
import gzip
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ksftci.machine.machine import Begin, Booted, Cause, Counted, End, Event, Job, KernelLine, Line
from ksftci.machine.protocol import GuestOutput, unpack

JOB, OTHER = Job("x", Path("/x")), Job("y", Path("/y"))


def booted(*lines: str) -> GuestOutput:
    output = GuestOutput([JOB, OTHER], "t0", {}, gcov=True)
    for line in ("boot", *lines):
        output.events(0, f"@@t0 {line}")
    assert not output.forged
    return output


@pytest.mark.parametrize(
    ("before", "line", "events"),
    [
        ("begin 0", "ok 1 x\r", [Line(1, "ok 1 x")]),
        ("begin 0", "", [Line(1, "")]),
        ("begin 0", "@@t1 done", [Line(1, "@@t1 done")]),
        ("", "@@t0 begin 0 \r", [Begin(1, JOB)]),
        ("", "@@t0 begin 0 12.5", [Begin(1, JOB, 12.5)]),
        ("", "@@t0 begin 0 12.5[    1.234567] BUG: x", [Begin(1, JOB, 12.5)]),
        ("begin 0", "@@t0 splat BUG: sleeping", [KernelLine(1, "BUG: sleeping")]),
        ("begin 0", "@@t0 splat ", [KernelLine(1, "")]),
        ("begin 0", "@@t0 counted /a.gcda", [Counted(1, Path("/a.gcda"), b"")]),
        ("begin 0", "@@t0 end 0 139 ", [End(1, JOB, 139)]),
        ("begin 0", "@@t0 end 0 139 0 ", [End(1, JOB, 139)]),
        ("begin 0", "@@t0 end 0 137 5 late", [End(1, JOB, 137, Cause.TIMEOUT)]),
        ("begin 0", "@@t0 end 0 137 late", [End(1, JOB, 137, Cause.TIMEOUT)]),
        ("begin 0", "\r@@t0 end 0 0", [End(1, JOB, 0)]),
        ("begin 0", "@@t0 end 0 0[    1.234567] BUG: x", [End(1, JOB, 0)]),
        ("begin 0", "ok 1@@t0 end 0 0", [Line(1, "ok 1"), End(1, JOB, 0)]),
    ],
)
def test_a_line_of_a_booted_guest(before: str, line: str, events: list[Event]) -> None:
    output = booted(*filter(None, [before]))
    assert output.events(1, line) == events
    assert not output.forged


# What cannot come while the first of two jobs runs.
FORGED = [
    *("fact release 6.\x1b[31m<b>", "fact", "boot", "boot again", "begin 0", "begin 1", "begin 1 1e999", "begin 99"),
    *("end 7 0", "end 1 0", "end -1 0", "end 0", "end 0 256", "end 0 -1", "end 0 0 early", "end", "end x y"),
    *("end \u0660 0", "end 0 \u0660", f"end {'9' * 5000} 0", f"end 0 {'9' * 5000}", "end 0 0x0", "end 0 1_0"),
    *("done", "done 0", "DONE", "unknown word", "x", "0", "\ufffd", "begin \x00", "end 0 0\x00"),
    *("counted ../../../../tmp/x", "counted /../x.gcda", "counted /a/../../x.gcda", "counted /a/./x.gcda", "counted"),
    *("counted x.gcda", "counted //x.gcda", "counted /etc/passwd", "counted /a\x00.gcda"),
]


@pytest.mark.parametrize("line", FORGED)
def test_what_cannot_come_now_is_forged_and_no_event(line: str) -> None:
    output = booted("begin 0 1.5")
    events = output.events(1, f"ok 1 x@@t0 {line}")
    if re.match(r"\w+", line):
        assert (events, output.forged) == ([Line(1, "ok 1 x")], f"{line} " if " " not in line else line)
    else:
        assert events == [Line(1, f"ok 1 x@@t0 {line}")]


@pytest.mark.parametrize(
    "lines",
    [
        ["end 0 0"],
        ["begin 1"],
        ["splat BUG: x"],
        ["data eA=="],
        ["counted /a.gcda"],
        ["done"],
        ["begin 0 nan"],
        ["begin 0 1.5.5"],
        ["begin 0", "end 0 0", "end 0 0"],
        ["begin 0", "end 0 0", "begin 0"],
        ["begin 0", "end 0 0", "done"],
        ["begin 0", "begin 0"],
        ["begin 0", "splat 1", "splat 2", "end 0 0 1"],
        ["begin 0", "splat 1", "end 0 0 0 late"],
        ["begin 0", "end 0 0", "begin 1", "end 1 0", "begin 2"],
        ["begin 0", "end 0 0", "begin 1", "end 1 0", "done", "done"],
        ["begin 0", "end 0 0", "begin 1", "end 1 0", "done", "end 0 1"],
        ["begin 0", "end 0 0", "begin 1", "end 1 0", "done", "splat x"],
    ],
)
def test_the_order_is_that_of_the_jobs(lines: list[str]) -> None:
    output = booted(*lines[:-1])
    assert output.events(1, f"@@t0 {lines[-1]}") == []
    assert output.forged.strip() == lines[-1]


WORDS = st.sampled_from(["fact", "boot", "begin", "splat", "data", "counted", "end", "done", "x"])
RESTS = st.one_of(st.sampled_from(["", "0", "0 0", "1", "1 0", "/a.gcda", "0 0 late", "eA=="]), st.text())


@given(st.lists(st.tuples(WORDS, RESTS)), st.lists(st.binary()))
def test_nothing_raises(lines: list[tuple[str, str]], garbage: list[bytes]) -> None:
    output = GuestOutput([JOB, OTHER], "t0", {})
    for word, rest in lines:
        output.events(0, f"@@t0 {word} {rest}")
    for data in garbage:
        output.events(0, data.decode("utf-8", "replace"))
        output.events(0, "@@t0 " + data.decode("utf-8", "replace"))


def test_counters_come_only_from_a_kernel_that_counts() -> None:
    for line in ("data eA==", "counted /a.gcda"):
        output = GuestOutput([JOB], "t0", {})
        for known in ("boot", "begin 0"):
            output.events(0, f"@@t0 {known}")
        assert output.events(1, f"@@t0 {line}") == []
        assert output.forged == line


def test_a_fact_is_without_escapes_and_not_too_long() -> None:
    output = GuestOutput([], "t0", {})
    for line in (f"release 7.3\x1b[31m{'x' * 5000}", "../x 1", "", "X" * 100):
        output.events(0, f"@@t0 fact {line}")
    (event,) = output.events(0, "@@t0 boot")
    assert isinstance(event, Booted)
    (release,) = event.facts.values()
    assert release.startswith(r"7.3\x1b[31mxxx")
    assert len(release) < 1100


def test_a_file_may_be_large_but_not_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = base64.b64encode(gzip.compress(bytes(1 << 20))).decode()
    assert len(unpack([bomb])) == 1 << 20
    monkeypatch.setattr("ksftci.machine.protocol._DATA", 4096)
    assert unpack([bomb]) == b""
    output = booted("begin 0", *["data " + "A" * 1000] * 10)
    assert output.events(1, "@@t0 counted /a.gcda") == [Counted(1, Path("/a.gcda"), b"")]
    assert output.events(1, f"@@t0 data {base64.b64encode(gzip.compress(b'x')).decode()}") == []
    assert output.events(1, "@@t0 counted /a.gcda") == [Counted(1, Path("/a.gcda"), b"x")]


def test_facts_come_with_the_boot() -> None:
    output = GuestOutput([], "t0", {"accel": "tcg"})
    lines = ["the kernel's own", "@@t0 fact cmdline console=ttyS0 quiet ", "@@t0 fact ksm"]
    assert [output.events(0, line) for line in lines] == [[], [], []]
    assert not output.booted
    facts = {"accel": "tcg", "cmdline": "console=ttyS0 quiet", "ksm": ""}
    assert output.events(1, "@@t0 boot") == [Booted(1, facts)]
    assert output.booted


def test_data_is_that_of_the_next_file() -> None:
    output = booted("begin 0")
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
    output = booted("begin 0", "end 0 0", "begin 1", "end 1 0")
    assert output.events(1, "@@t0 done") == []
    assert output.done
    assert output.events(1, "the last line of the kernel") == []


def test_a_file_is_complete_or_empty() -> None:
    sent = base64.b64encode(gzip.compress(b"counters" * 100)).decode()
    lines = [sent[i : i + 20] for i in range(0, len(sent), 20)]
    assert unpack(lines) == b"counters" * 100
    assert unpack(lines[:-1]) == b""
    assert unpack([lines[0] + "[   3.14] WARNING", *lines[1:]]) == b""
    assert unpack(lines[:1] + lines[2:]) == b""
