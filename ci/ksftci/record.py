# SPDX-License-Identifier: GPL-2.0-only
"""Logs of runs: written as runner.sh would print them, read from whoever printed them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ksftci import junitread
from ksftci.errors import CiError
from ksftci.ktap import Parser
from ksftci.nesting import make_unique
from ksftci.prefix import clean
from ksftci.results import Run, Suite, TestResult

_HEAD = re.compile(r"# ksftci (\w+): (.*)")
_OUTER = "selftests: "  # what runner.sh's results begin with
_OUTER_NAME = re.compile(rf"{_OUTER}(?:(?P<folder>[\w./-]+): )?(?P<program>[^/]+)(?:/(?P<name>.*))?", re.DOTALL)
_LONGEST_LINE = 65536  # bytes; whatever is longer is read as several lines


def write(runs: Sequence[Run]) -> str:
    """KTAP of all runs, a stream for each boot, each program's lines behind "# "; `merge` makes runs of it again."""
    lines: list[str] = []
    for run in (boot for whole in runs for boot in whole.parts or [whole]):
        facts = {"kernel": run.kernel, "arch": run.arch, "run": str(run.repeat), **run.environment}
        lines += [f"# ksftci {name}: {value}" for name, value in facts.items()]
        lines += ["TAP version 13", *run.console]
        lines.append(f"1..{sum(1 for line in run.console if not line.startswith('#'))}")
    return "\n".join([*lines, ""])


def streams(path: Path) -> int:
    """How many boots a file that `write` made tells of; 0 for other files. Raises CiError when it cannot be read."""
    return sum(line.startswith("# ksftci kernel: ") for line in _lines(path)) if path.is_file() else 0


def read(path: Path) -> list[Run]:
    """The runs in a log, or in JUnit XML: several if we wrote it, else one.

    Raises CiError when the file cannot be read; whatever is in a log, that is no error.
    """
    return junitread.read(path) if junitread.is_xml(path) else _runs(_suites(_lines(path), path.stem))


def stream(path: Path) -> Iterator[Suite]:
    """The suites in a log or in JUnit XML; of a log each comes as soon as its program is over.

    Of a log only one suite is held at a time. Its run is complete, the anomalies included, when a suite
    of another run has come or the iteration is over, and does not have the results, which are in the
    suites alone. A run without results has one suite that is empty. Undecodable bytes are replaced.
    Raises CiError when the file cannot be read.
    """
    if junitread.is_xml(path):
        for run in junitread.read(path):
            yield from run.suites
    else:
        yield from _suites(_lines(path), path.stem)


def parse(text: str, name: str) -> list[Run]:
    """As `read`, of the text itself; name stands for a program that the log does not name."""
    return _runs(_suites(text.split("\n"), name))


def _runs(suites: Iterable[Suite]) -> list[Run]:
    runs: list[Run] = []
    for suite in suites:
        if not runs or suite.run is not runs[-1]:
            runs.append(suite.run)
        suite.run.results += suite.results
    return runs


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open("rb") as file:
            while line := file.readline(_LONGEST_LINE):
                yield line.rstrip(b"\n").decode("utf-8", "replace")
    except OSError as err:
        raise CiError(f"{path}: {err.strerror}") from err


def _suites(lines: Iterable[str], name: str) -> Iterator[Suite]:
    reader = _Reader(Run(""), name)
    begun = False  # whether there was more than the head of a run
    for line in lines:
        if "# ksftci " in line and (head := _HEAD.fullmatch(clean(line))):
            if head[1] == "kernel":
                if begun or reader.run.kernel:
                    yield from reader.finish()
                reader, begun = _Reader(Run(head[2]), name), False
                continue
            if reader.run.kernel and not begun:
                _fact(reader.run, head[1], head[2])
                continue
        begun = True
        yield from reader.feed(line)
    yield from reader.finish()


def _fact(run: Run, name: str, value: str) -> None:
    if name == "arch":
        run.arch = value
    elif name == "run":
        run.repeat = int(value) if value.isdecimal() and len(value) < 10 else 1
    else:
        run.environment[name] = value


class _Reader:
    """Reads the lines of one run."""

    def __init__(self, run: Run, name: str) -> None:
        self.run, self.parser = run, Parser(name)
        self._outermost = 0
        self._times: dict[str, int] = {}  # how often a program has come

    def feed(self, line: str) -> Sequence[Suite]:
        """Take a line; gives the suite that it ends."""
        parser = self.parser
        parser.feed(line)
        if parser.outermost == self._outermost:
            return ()
        self._outermost = parser.outermost
        return self._grouped(parser.take(_OUTER))

    def finish(self) -> list[Suite]:
        """There are no more lines; gives the suites that are left, and at least one for the run."""
        self.parser.finish()
        suites = self._grouped(self.parser.results)
        self.run.anomalies += self.parser.anomalies
        return suites if suites or self._times else [Suite(self.run, "", [])]

    def _grouped(self, results: list[TestResult]) -> list[Suite]:
        """Results by program, which is taken from the outer test's name, "selftests: mm: cow/name"."""
        programs: dict[str, list[TestResult]] = {}
        for result in results:
            if match := _OUTER_NAME.fullmatch(result.name):
                folder = f"{match['folder']}:" if match["folder"] else ""
                result.program = folder + match["program"].strip()
                result.name = match["name"] or "exit"
            programs.setdefault(result.program, []).append(result)
        suites = []
        for program, found in programs.items():
            times = self._times[program] = self._times.get(program, 0) + 1
            unique = program if times == 1 else f"{program}#{times}"
            for result in found:
                result.program = unique
            make_unique(found)
            suites.append(Suite(self.run, unique, found))
        return suites
