# SPDX-License-Identifier: GPL-2.0-only
"""What was recorded of tests: runs of programs, a result with a verdict for every test, measurements."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum


class Verdict(Enum):
    """How a test ended."""

    PASS = "pass"
    FAIL = "fail"
    SKIP = "skip"
    XFAIL = "xfail"  # failed, as expected
    XPASS = "xpass"  # passed, although a failure was expected
    TIMEOUT = "timeout"
    CRASH = "crash"
    ERROR = "error"
    NOT_RUN = "not_run"

    @property
    def bad(self) -> bool:
        """Whether a run that has such a result has failed."""
        return self in _BAD

    @property
    def infrastructure(self) -> bool:
        """Whether the test failed without a result of its own: it broke off or did not run."""
        return self in _BAD and self is not Verdict.FAIL


# Names of results about a program as a whole.
_OF_PROGRAM = {"all", "bail out", "crash", "exit", "machine", "output", "protocol", "settings", "timeout"}
_BAD = {Verdict.FAIL, Verdict.TIMEOUT, Verdict.CRASH, Verdict.ERROR, Verdict.NOT_RUN}


@dataclass(frozen=True, slots=True)
class Measurement:
    """A number that a test measured. It never decides about the verdict."""

    name: str
    value: float
    unit: str
    usual: float | None = None  # the usual value, see results/history.py
    within: float = 2.0  # factor: values up to so many times larger or smaller are usual

    @property
    def text(self) -> str:
        """Value and unit as a test prints them: "VALUE UNIT", all digits and no exponent."""
        return f"{Decimal(str(self.value)):f} {self.unit}"

    @property
    def digits(self) -> str:
        """The value for a reader: three significant digits, or a whole number from 100 on."""
        return f"{self.value:.0f}" if abs(self.value) >= 100 else f"{self.value:.3g}"

    @property
    def unusual(self) -> bool:
        """Whether the value is too far from the usual value, up or down."""
        return self.usual is not None and not self.usual / self.within <= self.value <= self.usual * self.within


@dataclass(frozen=True, slots=True)
class Complaint:
    """What the kernel said once when something was wrong in it."""

    headline: str
    log: tuple[str, ...] = ()
    times: int = 1
    bare: bool = False  # a stack alone: nothing in it says that something is wrong


UNNAMED = "unnamed kernel"  # for a log that does not name its kernel
KERNEL_LOG = "kernel_log"  # TEST/kernel_log is a result: what the kernel complained of during TEST
BOOT_LOG = f"boot/{KERNEL_LOG}"  # ... and before the first program, whose result it is
UNREAD = "lines that look like results were not read"  # the beginning of an anomaly
NONE_INSIDE = "failed, and no test inside it did"  # the reason of a test that gives none
KNOWN_ISSUES = "known-issues"  # the program of results about the file of known issues


@dataclass(slots=True)
class TestResult:
    """The result of one test. `id` is unique in a run and the same from run to run."""

    __test__ = False  # pytest must not collect this class

    program: str
    name: str
    verdict: Verdict
    reason: str = ""
    seconds: float | None = None
    log: list[str] = field(default_factory=list)
    file: str | None = None
    line: int | None = None  # counts from 1
    known: str = ""  # reason and link of the known issue that changed the verdict
    earlier: list[Verdict] = field(default_factory=list)  # of the attempts before, first to last
    measured: tuple[Measurement, ...] = ()
    # Of a result that is about the kernel's log: what it stands for. Equal results may know more or less of that.
    complaints: tuple[Complaint, ...] = field(default=(), compare=False)
    expected: tuple[str, ...] = ()  # complaints that the test is there to provoke: headline, and why

    @property
    def id(self) -> str:
        """program.name, by which every report names the test."""
        return f"{self.program}.{self.name}"

    @property
    def of_program(self) -> bool:
        """Whether the result is about the program, the machine or the kernel's log, and was printed by no test."""
        return self.of_kernel or ("/" not in self.name and self.name.partition("#")[0] in _OF_PROGRAM)

    @property
    def of_kernel(self) -> bool:
        """Whether the result is a complaint of the kernel in its log."""
        return self.name.rpartition("/")[2].partition("#")[0] == KERNEL_LOG

    @property
    def flaky(self) -> bool:
        """Whether the verdict differs from that of an earlier attempt in which the test ran."""
        return any(verdict not in (self.verdict, Verdict.NOT_RUN) for verdict in self.earlier)


@dataclass
class Run:
    """Everything that was recorded of one kernel, which ran the programs once."""

    kernel: str
    arch: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    results: list[TestResult] = field(default_factory=list)
    anomalies: list[str] = field(default_factory=list)
    splats: list[tuple[str, str]] = field(default_factory=list)  # program, line
    console: list[str] = field(default_factory=list)  # every line, in order
    interrupted: bool = False
    seconds: float = 0.0
    repeat: int = 1  # counts from 1
    parts: "list[Run]" = field(default_factory=list)  # the boots, if there were several

    @property
    def counts(self) -> Counter[Verdict]:
        """How many results have each verdict."""
        return Counter(result.verdict for result in self.results)

    @property
    def unread(self) -> bool:
        """Whether there may be failures that are not among the results."""
        return any(UNREAD in anomaly for anomaly in self.anomalies)

    @property
    def label(self) -> str:
        """The kernel's name, with the number of the repeat from the second on."""
        kernel = self.kernel or UNNAMED
        return f"{kernel} (run {self.repeat})" if self.repeat > 1 else kernel

    @property
    def programs(self) -> "list[ProgramRun]":
        """The results program by program, in the order in which the programs first appear."""
        programs: dict[str, list[TestResult]] = {}
        for result in self.results:
            programs.setdefault(result.program, []).append(result)
        return [ProgramRun(self, program, results) for program, results in programs.items()]


@dataclass(frozen=True)
class ProgramRun:
    """The results of one program in one run."""

    run: Run
    program: str
    results: list[TestResult]

    @property
    def counts(self) -> Counter[Verdict]:
        """How many results have each verdict."""
        return Counter(result.verdict for result in self.results)

    @property
    def seconds(self) -> float:
        """The time of all results together."""
        return sum(result.seconds or 0 for result in self.results)


def program_runs(runs: Iterable[Run]) -> Iterator[ProgramRun]:
    """The program runs of all runs. A run without results has one empty program run, so that reports show it."""
    for run in runs:
        yield from run.programs or [ProgramRun(run, "", [])]


def differing_verdicts(runs: Iterable[Run]) -> dict[tuple[str, str], list[Verdict | None]]:
    """The tests whose verdict was not the same in every repeat: (kernel, test id) to the verdicts, repeat by repeat.

    None stands for a repeat without the test. A test that an interrupted repeat did not get to is no such test.
    """
    repeats_of: dict[str, list[tuple[bool, dict[str, Verdict]]]] = {}  # by kernel; whether interrupted, by test id
    for run in runs:
        verdicts_of = {result.id: result.verdict for result in run.results}
        repeats_of.setdefault(run.kernel, []).append((run.interrupted, verdicts_of))
    differing: dict[tuple[str, str], list[Verdict | None]] = {}
    for kernel, repeats in repeats_of.items():
        for test in dict.fromkeys(test for _, repeat in repeats for test in repeat):
            verdicts = [(interrupted, repeat.get(test)) for interrupted, repeat in repeats]
            told = {v for interrupted, v in verdicts if not interrupted or v not in (None, Verdict.NOT_RUN)}
            if len(told) > 1:
                differing[kernel, test] = [verdict for _, verdict in verdicts]
    return differing


def reason_of(complaints: Sequence[Complaint]) -> str:
    """The first headline, and how many more there are."""
    more = sum(complaint.times for complaint in complaints) - 1
    return f"{complaints[0].headline} (and {more} more)" if more else complaints[0].headline


NOTHING = 3  # the exit status when no test ran, or all were skipped


def exit_status(runs: Iterable[Run]) -> int:
    """0: passed, 1: a test failed or differed between repeats, 3: no result or all skipped, 130: interrupted.

    Also 1: lines that look like results were not read, beside results that were.
    """
    runs = list(runs)
    if any(run.interrupted for run in runs):
        return 130
    verdicts = [result.verdict for run in runs for result in run.results]
    if any(verdict.bad for verdict in verdicts) or differing_verdicts(runs):
        return 1
    if verdicts and any(run.unread for run in runs):
        return 1
    return NOTHING if all(verdict is Verdict.SKIP for verdict in verdicts) else 0
