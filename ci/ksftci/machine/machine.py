# SPDX-License-Identifier: GPL-2.0-only
"""The interface of all machines: the jobs that they run, the limits, and the events that they yield."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Job:
    """A program or script to run once. `name` is unique among the jobs of a run."""

    name: str
    program: Path
    args: tuple[str, ...] = ()
    folder: Path | None = None  # with the program in it and the files that the program needs
    limit: float | None = None  # seconds after which the program is killed


@dataclass(frozen=True)
class Limits:
    """How long a machine may run, in seconds."""

    total: float = 1800.0  # for all jobs together
    silence: float = 120.0  # without any output


class Cause(Enum):
    """Why a machine, or a program on it, was stopped early. The values are the reasons in results."""

    SILENCE = "printed nothing"
    TIMEOUT = "took too long"
    PANIC = "the kernel panicked"
    DIED = "the machine stopped"
    NO_BOOT = "the kernel did not start"
    FLOOD = "printed too much"
    FORGED = "printed what only the guest's first process prints"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Booted:
    """The machine is ready. `facts` has, for example, release, page_size (bytes), nodes, cpus, thp_sizes."""

    at: float  # in every event: seconds of time.monotonic()
    facts: Mapping[str, str]


@dataclass(frozen=True)
class Begin:
    """A program starts. `clock` is the time by the kernel's log, in seconds; None if it is not known."""

    at: float
    job: Job
    clock: float | None = None


@dataclass(frozen=True)
class Line:
    """A line that the running program or the kernel prints, without its line end."""

    at: float
    text: str


@dataclass(frozen=True)
class KernelLine:
    """A line that the kernel logged while the program ran. There are such events only if one line is a warning."""

    at: float
    text: str


@dataclass(frozen=True)
class Counted:
    """The gcov counters of one object of the kernel, for the time that the program ran.

    `data` is a .gcda file, b"" when it was damaged on its way; `path` has its place, beside the object.
    """

    at: float
    path: Path
    data: bytes


@dataclass(frozen=True)
class Cut:
    """So many lines and bytes that the program printed were left out, none of which could be a result."""

    at: float
    lines: int
    size: int


@dataclass(frozen=True)
class Retracted:
    """What these jobs reported counts no more, as one of them forged reports. They run again."""

    at: float
    jobs: tuple[Job, ...]


@dataclass(frozen=True)
class Changed:
    """The program changed a setting of the kernel, which has been put back."""

    at: float
    path: str
    before: str
    after: str


@dataclass(frozen=True)
class End:
    """The program ended, with a shell's status (128 + signal); `cause` is set when the machine killed the program."""

    at: float
    job: Job
    status: int
    cause: Cause | None = None


@dataclass(frozen=True)
class Stopped:
    """The machine ended before its last job did; the last event. `text` is what a guest printed that did not boot."""

    at: float
    cause: Cause
    text: str = ""


Event = Booted | Begin | Line | KernelLine | Counted | Cut | Retracted | Changed | End | Stopped


class Machine(Protocol):
    """Runs jobs. Native, Qemu and Resume are machines, and what a pytest_ksft_machine hook returns."""

    label: str

    def run(self, jobs: Sequence[Job], stop: threading.Event) -> Iterator[Event]:
        """Run the jobs in their order, until the last is over or `stop` is set.

        Raises CiError when the machine cannot be started.
        """
        ...
