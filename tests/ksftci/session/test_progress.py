# SPDX-License-Identifier: GPL-2.0-only
"""What the progress display prints, on a terminal and in a log."""

import io
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from ksftci.machine.machine import Begin, Booted, End, Event, Job, Line
from ksftci.results.model import Run, TestResult, Verdict
from ksftci.session import progress
from ksftci.session.collect import Collector
from ksftci.session.progress import ProgressDisplay

COW = Job("cow", Path("/cow"))
EVENTS = (
    Booted(0, {}),
    Begin(0, COW),
    Line(1, "1..3"),
    Line(1, "ok 1 first"),
    Line(2, "not ok 2 second"),
    Line(2, "#  RUN           third ..."),
)
ERASED = "\x1b[?25h\r\x1b[1A\x1b[2K"  # the cursor is shown again, and the live line erased


class Clock:
    """Stands for the time module."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


class Screen:
    """What a display writes."""

    def __init__(self, *, terminal: bool) -> None:
        self.file = io.StringIO()
        self.display = ProgressDisplay(Console(file=self.file, force_terminal=terminal, width=100))

    def written(self) -> str:
        """What has been written since the last call, with the live lines as they are now."""
        if self.display.live is not None:
            self.display.live.refresh()
        text = self.file.getvalue()
        self.file.seek(0)
        self.file.truncate()
        return text


class Machine:
    """A run whose events come when a test feeds them."""

    def __init__(self, label: str, screen: Screen, job: Job = COW) -> None:
        self.run, self.display = Run(label), screen.display
        self.collector = Collector(self.run, [job])
        self._events: deque[Event] = deque()
        self._taken = self.collector.follow(iter(self._events.popleft, None))

    def feed(self, *events: Event) -> None:
        for event in events:
            self._events.append(event)
            self.display.progress(self.run, self.collector, next(self._taken))


@pytest.fixture
def log() -> Iterator[Screen]:
    screen = Screen(terminal=False)
    with screen.display:
        yield screen


@pytest.fixture
def terminal() -> Iterator[Screen]:
    screen = Screen(terminal=True)
    with screen.display:
        yield screen


def test_a_terminal_shows_the_counts_and_the_running_test_of_each_run(terminal: Screen) -> None:
    Machine("arm64", terminal).feed(*EVENTS)
    Machine("x86", terminal).feed(Booted(0, {}))
    text = terminal.written()
    assert "arm64: 2 done, 1 failed  cow.third" in text
    assert "x86: 0 done  starting" in text


def test_the_live_line_of_a_finished_run_becomes_its_verdicts(terminal: Screen) -> None:
    machine = Machine("arm64", terminal)
    machine.feed(*EVENTS, End(3, COW, 1))
    assert "arm64: 3 done, 2 failed  starting" in terminal.written()
    terminal.display.finished(machine.run)
    assert "arm64: 1 pass, 1 fail, 1 not_run in 3.0 s" in terminal.written()
    assert "arm64" not in terminal.written()


def test_the_terminal_is_left_without_live_lines(terminal: Screen) -> None:
    Machine("arm64", terminal).feed(*EVENTS)
    terminal.display.__exit__()
    assert terminal.display.live is None
    assert terminal.written().endswith(ERASED)


def test_a_log_gets_a_line_about_each_run_every_15_seconds(log: Screen, clock: Clock) -> None:
    arm, x86 = Machine("arm64", log), Machine("x86", log)
    arm.feed(*EVENTS)
    clock.now += 10
    x86.feed(Booted(0, {}))
    clock.now += 5
    arm.feed(Line(3, "# a line"))
    assert log.written() == ""
    clock.now += 0.5
    arm.feed(Line(3, "# a line"), Line(3, "# a line"))
    x86.feed(Booted(0, {}))
    assert log.written() == "arm64: 2 done, 1 failed  cow.third\n"
    clock.now += 15
    arm.feed(Line(3, "# a line"))
    x86.feed(Booted(0, {}))
    assert log.written() == "x86: 0 done  starting\n"
    clock.now += 0.5
    arm.feed(Line(3, "# a line"))
    assert log.written() == "arm64: 2 done, 1 failed  cow.third\n"


def test_a_log_gets_the_verdicts_of_a_finished_run(log: Screen) -> None:
    verdicts = Verdict.PASS, Verdict.SKIP, Verdict.PASS
    results = [TestResult("p", f"test {number}", verdict) for number, verdict in enumerate(verdicts)]
    log.display.finished(Run("debian:7.3", results=results, seconds=12.34, repeat=2))
    log.display.finished(Run("debian:6.1"))
    assert log.written() == "debian:7.3 (run 2): 2 pass, 1 skip in 12.3 s\ndebian:6.1: nothing ran in 0.0 s\n"


def test_a_line_is_printed_as_it_is(log: Screen) -> None:
    text = f"mm/mprotect.c:100:2: [bold]'pte' undeclared[/bold] {'x' * 200}"  # no wrapping, no markup, no emoji
    log.display.say(text)
    assert log.written() == f"{text}\n"


@pytest.mark.parametrize("is_terminal", [True, False])
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("[/proc/sys/vm]", "[/proc/sys/vm]"),  # as markup it ends what has not begun, which is an error
        ("[red]x", "[red]x"),
        (":smiley:", ":smiley:"),
        ("a\x07\x9b2Jb", r"a\x07\x9b2Jb"),
    ],
)
def test_a_hostile_name_is_shown_and_not_obeyed(name: str, shown: str, is_terminal: bool, clock: Clock) -> None:
    screen = Screen(terminal=is_terminal)
    machine = Machine("arm64", screen)
    with screen.display:
        machine.feed(*EVENTS[:2])
        clock.now += 16
        machine.feed(Line(1, f"#  RUN           {name} ..."))
        assert f"arm64: 0 done  cow.{shown}" in screen.written()


def test_a_program_name_of_two_lines_is_shown_in_one(log: Screen, clock: Clock) -> None:
    job = Job("odd\nname", Path("/odd"))
    machine = Machine("arm64", log, job)
    machine.feed(Booted(0, {}))
    clock.now += 16
    machine.feed(Begin(0, job))
    assert log.written() == "arm64: 0 done  odd name\n"
