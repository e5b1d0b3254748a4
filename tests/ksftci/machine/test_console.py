# SPDX-License-Identifier: GPL-2.0-only
"""Lines of a file descriptor, through pipes and a pseudo-terminal."""

import os
import pty
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ksftci.machine.console import Console
from ksftci.machine.machine import Cause, Limits


class Pipe:
    """A console that reads what a test writes."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        self.stop = threading.Event()

    def write(self, data: bytes) -> None:
        os.write(self.writing, data)

    def close(self) -> None:
        os.close(self.writing)

    def console(self, total: float = 60, silence: float = 60) -> Console:
        return Console(self.reading, Limits(total, silence), self.stop)


def texts(console: Console) -> list[str]:
    return [text for _, text in console.lines()]


@dataclass
class Clock:
    """A monotonic clock that only a test moves."""

    now: float = 100

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("ksftci.machine.console.time", clock)
    return clock


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    os.close(pipe.reading)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ksftci.machine.console._TICK", 0.001)


def test_lines_until_the_writer_closes_the_pipe(pipe: Pipe) -> None:
    pipe.write(b"one\n\ntwo \xff\r\n")
    pipe.close()
    console = pipe.console()
    assert texts(console) == ["one", "", "two \N{REPLACEMENT CHARACTER}\r"]
    assert console.cause is None


def test_text_after_the_last_line_end_is_a_line(pipe: Pipe) -> None:
    pipe.write(b"one\nok 2")
    pipe.close()
    assert texts(pipe.console()) == ["one", "ok 2"]


def test_a_line_may_come_in_parts_and_has_the_time_of_its_last_part(pipe: Pipe, clock: Clock) -> None:
    pipe.write(b"first\nsec")
    lines = pipe.console().lines()
    assert next(lines) == (100, "first")
    clock.now = 102
    pipe.write(b"ond\n")
    assert next(lines) == (102, "second")
    clock.now = 103
    pipe.write(b"part")
    pipe.close()
    assert list(lines) == [(103, "part")]


@given(st.lists(st.binary(min_size=1), max_size=8))
def test_how_the_output_is_split_into_writes_does_not_matter(writes: list[bytes]) -> None:
    pipe = Pipe()
    for data in writes:
        pipe.write(data)
    pipe.close()
    lines = b"".join(writes).split(b"\n")
    expected = [line.decode("utf-8", "replace") for line in (lines if lines[-1] else lines[:-1])]
    try:
        assert texts(pipe.console()) == expected
    finally:
        os.close(pipe.reading)


def test_a_line_that_is_too_long_is_cut(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ksftci.machine.console._LONGEST_LINE", 10)
    monkeypatch.setattr("ksftci.machine.console._READ", 4)
    pipe.write(b"0123456789" * 3 + b"\nend\n")
    pipe.close()
    assert texts(pipe.console()) == ["012345678901", "234567890123", "456789", "end"]


@pytest.mark.usefixtures("quick")
def test_silence_ends_it_and_the_partial_line_is_kept(pipe: Pipe) -> None:
    pipe.write(b"one\npart")
    console = pipe.console(silence=0.01)
    assert texts(console) == ["one", "part"]
    assert console.cause is Cause.SILENCE


@pytest.mark.usefixtures("quick")
def test_the_limit_of_silence_may_change_on_the_way(pipe: Pipe) -> None:
    pipe.write(b"booted\n")
    console = pipe.console()
    for _ in console.lines():
        console.silence = 0.01
    assert console.cause is Cause.SILENCE


def test_silence_is_counted_from_the_last_output(pipe: Pipe, clock: Clock) -> None:
    console = pipe.console(silence=10)
    lines = console.lines()
    for number in range(5):
        pipe.write(b"line\n")
        assert next(lines) == (100 + 6 * number, "line")
        clock.now += 6
    clock.now += 6
    assert list(lines) == []
    assert console.cause is Cause.SILENCE


def test_output_does_not_extend_the_time_for_all(pipe: Pipe) -> None:
    console = pipe.console(total=0.01)
    pipe.write(b"line\n")
    count = 0
    for _ in console.lines():
        pipe.write(b"line\n")
        count += 1
    assert count > 0
    assert console.cause is Cause.TIMEOUT


def test_stop_ends_it_after_the_lines_that_have_arrived(pipe: Pipe) -> None:
    pipe.write(b"one\ntwo\n")
    console = pipe.console()
    lines = console.lines()
    next(lines)
    pipe.stop.set()
    assert [text for _, text in lines] == ["two"]
    assert console.cause is Cause.INTERRUPTED


@pytest.mark.usefixtures("quick")
def test_a_program_that_is_over_ends_it_although_its_child_keeps_the_pipe_open(pipe: Pipe) -> None:
    pipe.write(b"one\npart")
    checks = iter([False, False, True])
    console = Console(pipe.reading, Limits(60, 60), pipe.stop, over=lambda: next(checks))
    assert texts(console) == ["one", "part"]
    assert console.cause is None
    assert next(checks, None) is None


def test_output_of_a_program_that_is_over_is_read_to_its_end(pipe: Pipe) -> None:
    pipe.write(b"one\n")
    console = Console(pipe.reading, Limits(60, 60), pipe.stop, over=lambda: True)
    lines = console.lines()
    assert next(lines)[1] == "one"
    pipe.write(b"two\n")
    assert next(lines)[1] == "two"


def test_a_pseudo_terminal_ends_with_its_last_writer() -> None:
    master, slave = pty.openpty()
    os.write(slave, b"one")
    console = Console(master, Limits(60, 60), threading.Event())
    lines = console.lines()
    os.write(slave, b"\n")
    assert next(lines)[1] == "one\r"
    os.close(slave)
    assert list(lines) == []
    assert console.cause is None
    os.close(master)
