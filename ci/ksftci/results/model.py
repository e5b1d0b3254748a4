# SPDX-License-Identifier: GPL-2.0-only
"""What came out: a verdict for every test, and what was around it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum


class Verdict(Enum):
    """How a test ended."""

    PASS = "pass"
    FAIL = "fail"
    SKIP = "skip"
    XFAIL = "xfail"  # failed, as was expected
    XPASS = "xpass"  # passed, although failure was expected
    TIMEOUT = "timeout"
    CRASH = "crash"
    ERROR = "error"
    NOT_RUN = "not_run"

    @property
    def bad(self) -> bool:
        """Whether a run with such a verdict has failed."""
        return self in _BAD

    @property
    def infrastructure(self) -> bool:
        """Whether the test did not come to a result of its own."""
        return self in _BAD and self is not Verdict.FAIL


_OF_PROGRAM = {"all", "bail out", "crash", "exit", "machine", "settings", "timeout"}

_BAD = {Verdict.FAIL, Verdict.TIMEOUT, Verdict.CRASH, Verdict.ERROR, Verdict.NOT_RUN}


@dataclass(frozen=True, slots=True)
class Measurement:
    """A number that a test took. It never decides about the verdict."""

    name: str
    value: float
    unit: str
    usual: float | None = None  # what kernels up to this one had, where `history` knows it
    within: float = 2.0  # so many times more or less are usual, too

    @property
    def text(self) -> str:
        """ "VALUE UNIT", as a test prints it: all digits and no exponent."""
        return f"{Decimal(str(self.value)):f} {self.unit}"

    @property
    def digits(self) -> str:
        """The value with as many digits as a reader wants."""
        return f"{self.value:.0f}" if abs(self.value) >= 100 else f"{self.value:.3g}"

    @property
    def unusual(self) -> bool:
        """Whether it is far from what is usual, up or down."""
        return self.usual is not None and not self.usual / self.within <= self.value <= self.usual * self.within


UNNAMED = "unnamed kernel"  # of a log that does not say on which it was
KERNEL_LOG = "kernel_log"  # the name of what the kernel complained of, inside of the test that ran
BOOT_LOG = f"boot/{KERNEL_LOG}"  # ... before the first program, to which it is given
KNOWN_ISSUES = "known-issues"  # the program of results about the file of known issues


@dataclass(slots=True)
class TestResult:
    """One test. `id` is unique in a run and the same from run to run."""

    __test__ = False  # not a test case of pytest's

    program: str
    name: str
    verdict: Verdict
    reason: str = ""
    seconds: float | None = None
    log: list[str] = field(default_factory=list)
    file: str | None = None
    line: int | None = None  # counts from 1
    known: str = ""  # the known issue, with its link, that the verdict was changed for
    earlier: list[Verdict] = field(default_factory=list)  # of attempts before this one, first to last
    measured: tuple[Measurement, ...] = ()

    @property
    def id(self) -> str:
        """program.name, the name of the test everywhere."""
        return f"{self.program}.{self.name}"

    @property
    def of_program(self) -> bool:
        """Whether it is about the program, the machine or what the kernel logged: no test printed it."""
        return self.of_kernel or self.name.partition("#")[0] in _OF_PROGRAM

    @property
    def of_kernel(self) -> bool:
        """Whether it is what the kernel complained of in its log."""
        return self.name.rpartition("/")[2].partition("#")[0] == KERNEL_LOG

    @property
    def flaky(self) -> bool:
        """Whether a retry ended otherwise than an attempt before it in which the test did run."""
        return any(verdict not in (self.verdict, Verdict.NOT_RUN) for verdict in self.earlier)


@dataclass
class Run:
    """Everything that one kernel did once."""

    kernel: str
    arch: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    results: list[TestResult] = field(default_factory=list)
    anomalies: list[str] = field(default_factory=list)
    splats: list[tuple[str, str]] = field(default_factory=list)  # program, line
    console: list[str] = field(default_factory=list)  # every line, as it came
    interrupted: bool = False
    seconds: float = 0.0
    repeat: int = 1  # counts from 1
    parts: "list[Run]" = field(default_factory=list)  # boots that it was put together from, if not one

    @property
    def counts(self) -> Counter[Verdict]:
        """How many results have each verdict."""
        return Counter(result.verdict for result in self.results)

    @property
    def label(self) -> str:
        """The kernel, and which repeat it was if there are several."""
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
    """What one program did in one run."""

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
    """The suites of all runs; of a run without results an empty one, so that it is not lost."""
    for run in runs:
        yield from run.programs or [ProgramRun(run, "", [])]


def differing_verdicts(runs: Iterable[Run]) -> dict[tuple[str, str], list[Verdict | None]]:
    """(kernel, test id) to the verdicts, repeat by repeat, of each test that was not always the same.

    None stands for a repeat in which the test did not appear.
    """
    of_kernel: dict[str, list[dict[str, Verdict]]] = {}
    for run in runs:
        of_kernel.setdefault(run.kernel, []).append({r.id: r.verdict for r in run.results})
    found: dict[tuple[str, str], list[Verdict | None]] = {}
    for kernel, repeats in of_kernel.items():
        for test in dict.fromkeys(name for repeat in repeats for name in repeat):
            verdicts = [repeat.get(test) for repeat in repeats]
            if len(set(verdicts)) > 1:
                found[kernel, test] = verdicts
    return found


def exit_status(runs: Iterable[Run]) -> int:
    """0 passed, 1 something failed, 3 nothing ran or all was skipped, 130 interrupted."""
    runs = list(runs)
    if any(run.interrupted for run in runs):
        return 130
    verdicts = [result.verdict for run in runs for result in run.results]
    if any(verdict.bad for verdict in verdicts) or differing_verdicts(runs):
        return 1
    return 3 if all(verdict is Verdict.SKIP for verdict in verdicts) else 0
