# SPDX-License-Identifier: GPL-2.0-only
"""The conftest.py of pytest runs inside of tests. Its machine boots no kernel: it "runs" JSON behind an ELF header.

A harness program is {"tests": {name: [line..., end]}}, any other {"lines": [...]}. The end of a test is
"ok", "not ok", either with a directive, or PANIC, HANG, DIE. The machine notes every boot in boots.log.
"""

import json
import os
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from ksftci.errors import CiError
from ksftci.machine.machine import Begin, Booted, Cause, End, Event, Job, KernelLine, Limits, Line, Machine, Stopped

_HEADER = b"\x7fELF" + bytes(12) + b"\x02\0" + (183).to_bytes(2, "little")


def write_program(path: Path, tests: dict[str, list[str]] | None = None, **more: object) -> Path:
    """`more`: lines, status (the exit status), mute (no output), splat (a line of the kernel's log)."""
    marks = {"harness": "# FIXTURE VARIANT"} if tests else {}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_HEADER + json.dumps({"tests": tests or {}, **marks, **more}).encode())
    return path


class Board:
    """A machine that runs such programs; a kernel 6.6 does not start, and for 7.7 there is no board."""

    def __init__(self, label: str, notes: Path) -> None:
        self.label, self.notes, self._clock = label, notes, 0.0

    def run(self, jobs: Sequence[Job], stop: threading.Event) -> Iterator[Event]:
        self._note(f"boot {self.label}: " + " | ".join(" ".join((job.name, *job.args)) for job in jobs))
        if self.label.endswith("7.7"):
            raise CiError("no such board")
        if self.label.endswith("6.6"):
            yield Stopped(self._at(), Cause.NO_BOOT, "last\nwords")
            return
        try:
            yield from self._boot(jobs, stop)
        finally:
            time.sleep(0.05)
            self._note("off")

    def _boot(self, jobs: Sequence[Job], stop: threading.Event) -> Iterator[Event]:
        yield Booted(self._at(), {"release": "7.3.4-fake", "page_size": "4096"})
        for job in jobs:
            yield Begin(self._at(), job)
            for event in self._run_program(json.loads(job.program.read_bytes()[len(_HEADER) :]), job, stop):
                yield event
                if isinstance(event, Stopped):
                    return
            if stop.is_set():
                self._note("stopped")
                yield Stopped(self._at(), Cause.INTERRUPTED)
                return

    def _run_program(self, program: dict[str, object], job: Job, stop: threading.Event) -> Iterator[Event]:
        tests: dict[str, list[str]] = program["tests"]  # type: ignore[assignment]
        if job.args == ("-l",):
            yield Line(self._at(), "# FIXTURE            VARIANT                   TEST")
            for name in tests:
                fixture, _, test = name.partition(".")
                yield Line(self._at(), f"{fixture:20} {'':25} {test}")
                yield Line(self._at(), "-" * 80)
            yield End(self._at(), job, 4)
            return
        chosen = job.args[1::2] or tuple(tests)
        lines: list[str] = program.get("lines", [])  # type: ignore[assignment]
        if program.get("mute"):
            yield End(self._at(), job, 0)
            return
        for line in lines or [f"1..{len(chosen)}"]:
            yield Line(self._at(), line)
        failed = any(line.startswith("not ok") for line in lines)
        for number, name in enumerate(chosen, 1):
            *lines_of_test, end = tests[name]
            yield Line(self._at(), f"#  RUN           {name} ...")
            for line in lines_of_test:
                yield Line(self._at(), line)
            self._clock += 1.5  # seconds that the test took
            if end == "PANIC":
                yield Stopped(self._at(), Cause.PANIC)
                return
            if end == "DIE":
                yield End(self._at(), job, 139)
                return
            if end == "HANG":
                stop.wait(60)
                return
            word, _, directive = end.partition(" #")
            failed |= word == "not ok"
            yield Line(self._at(), f"{word} {number} {name}{' #' if directive else ''}{directive}")
        if "splat" in program:
            yield KernelLine(self._at(), str(program["splat"]))
        yield End(self._at(), job, int(program.get("status", failed)))  # type: ignore[call-overload]

    def _at(self) -> float:
        time.sleep(0.0005)
        return self._clock

    def _note(self, text: str) -> None:
        with self.notes.open("a") as file:
            file.write(f"{os.environ.get('PYTEST_XDIST_WORKER', '')} {text}".strip() + "\n")


def pytest_ksft_machine(config: object, kernel: str, arch: str, limits: Limits) -> Machine:
    """Implements the hook of ksftci's plugin."""
    notes = Path(os.environ["KSFT_FAKE_NOTES"])
    with notes.open("a") as file:
        file.write(f"machine {kernel} {arch} {limits.total:g} {limits.silence:g}\n")
    return Board(kernel, notes)
