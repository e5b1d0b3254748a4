# SPDX-License-Identifier: GPL-2.0-only
"""What runs programs, natively or in a guest: one verb, and the events it yields."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Job:
    """A program or script to run once. `name` is unique among the jobs that are run together."""

    name: str
    program: Path
    args: tuple[str, ...] = ()
    folder: Path | None = None  # all that the program, which is in it, needs beside itself
    limit: float | None = None  # seconds after which it is killed and the next one runs


@dataclass(frozen=True)
class Limits:
    """Seconds: for everything that one machine does in a run, and of nothing being printed."""

    total: float = 1800.0
    silence: float = 120.0


class Cause(Enum):
    """Why a machine, or a program on it, stopped before its time."""

    SILENCE = "printed nothing"
    TIMEOUT = "took too long"
    PANIC = "the kernel panicked"
    DIED = "the machine stopped"
    NO_BOOT = "the kernel did not start"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Booted:
    """The machine is up; facts such as release, page_size (bytes), nodes, cpus, thp_sizes."""

    at: float
    facts: Mapping[str, str]


@dataclass(frozen=True)
class Begin:
    """A program starts. `clock` is the time of the kernel's log then, in seconds, if it has one."""

    at: float
    job: Job
    clock: float | None = None


@dataclass(frozen=True)
class Line:
    """A line of the program that runs, or of the kernel, without its end. `at` is monotonic time."""

    at: float
    text: str


@dataclass(frozen=True)
class KernelLine:
    """A line of what the kernel logged while the program ran, if there is a warning in it."""

    at: float
    text: str


@dataclass(frozen=True)
class Counted:
    """What the kernel counted in one of its objects while the program ran: a .gcda of gcov's, b"" when it got lost.

    `path` is where a program's would be written: beside its object.
    """

    at: float
    path: Path
    data: bytes


@dataclass(frozen=True)
class Changed:
    """The program left a setting other than it found it; it has been put back."""

    at: float
    path: str
    before: str
    after: str


@dataclass(frozen=True)
class End:
    """The program ended: a shell's status (128 + signal), or cause when it was killed."""

    at: float
    job: Job
    status: int
    cause: Cause | None = None


@dataclass(frozen=True)
class Stopped:
    """The machine ended before its last job did. Nothing follows."""

    at: float
    cause: Cause
    text: str = ""


Event = Booted | Begin | Line | KernelLine | Counted | Changed | End | Stopped


class Machine(Protocol):
    """Somewhere to run programs."""

    label: str

    def run(self, jobs: Sequence[Job], stop: threading.Event) -> Iterator[Event]:
        """Run the jobs in their order, until the last is over or `stop` is set.

        Raises CiError when the machine cannot be had at all.
        """
        ...
