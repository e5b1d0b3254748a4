# SPDX-License-Identifier: GPL-2.0-only
"""Logs of runs: written as runner.sh would print them, read from whoever printed them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from ksftci.errors import CiError
from ksftci.formats import junitread
from ksftci.ktap import splat
from ksftci.ktap.outermost import Outermost
from ksftci.ktap.parser import Parser
from ksftci.results.model import BOOT_LOG, Run, Suite, TestResult, suites_of
from ksftci.results.names import Names, make_unique

_HEAD = re.compile(r"# ksftci (\w+): (.*)")
_HEAD_LINE = re.compile(r"^(# ksftci \w+: .*)\n?", re.MULTILINE)
_BOOT = "boot"  # a line that the kernel logged before the first program
_OUTER = "selftests: "  # what runner.sh's results begin with
_BLOCK = 1 << 18  # bytes that are read at once


def write(runs: Sequence[Run]) -> str:
    """KTAP of all runs, a stream for each boot, each program's lines behind "# "; `merge` makes runs of it again."""
    lines: list[str] = []
    for run in (boot for whole in runs for boot in whole.parts or [whole]):
        facts = {"kernel": run.kernel, "arch": run.arch, "run": str(run.repeat), **run.environment}
        lines += [f"# ksftci {name}: {value}" for name, value in facts.items()]
        lines += [f"# ksftci {_BOOT}: {line}" for program, line in run.splats if not program]
        lines += ["TAP version 13", *run.console]
        lines.append(f"1..{sum(1 for line in run.console if not line.startswith('#'))}")
    return "\n".join([*lines, ""])


def streams(path: Path) -> int:
    """How many boots a file that `write` made tells of; 0 for other files. Raises CiError when it cannot be read."""
    if not path.is_file():
        return 0
    try:
        with path.open("rb") as file:
            return sum(f"\n{block}".count("\n# ksftci kernel: ") for block in _blocks(file))
    except OSError as err:
        raise CiError(f"{path}: {err.strerror}") from err


def read(path: Path) -> list[Run]:
    """The runs in a log, or in JUnit XML: several if we wrote it, else one.

    Raises CiError when the file cannot be read; whatever is in a log, that is no error.
    """
    return junitread.read(path) if junitread.is_xml(path) else _runs(_of_log(path))


def stream(path: Path) -> Iterator[Suite]:
    """The suites in a log or in JUnit XML; of a log each comes as soon as its program is over.

    Of a log only one suite is held at a time. Its run is complete, the anomalies included, when a suite
    of another run has come or the iteration is over, and does not have the results, which are in the
    suites alone. A run without results has one suite that is empty. Undecodable bytes are replaced.
    Raises CiError when the file cannot be read.
    """
    if junitread.is_xml(path):
        yield from suites_of(junitread.read(path))
    else:
        yield from _of_log(path)


def _of_log(path: Path) -> Iterator[Suite]:
    try:
        with path.open("rb") as file:
            yield from _suites(_blocks(file), path.stem)
    except OSError as err:
        raise CiError(f"{path}: {err.strerror}") from err


def parse(text: str, name: str) -> list[Run]:
    """As `read`, of the text itself; name stands for a program that the log does not name."""
    return _runs(_suites(_blocks(BytesIO(text.encode("utf-8", "replace"))), name))


def _runs(suites: Iterable[Suite]) -> list[Run]:
    runs: list[Run] = []
    for suite in suites:
        if not runs or suite.run is not runs[-1]:
            runs.append(suite.run)
        suite.run.results += suite.results
    return runs


def _blocks(file: BinaryIO) -> Iterator[str]:
    """Whole lines, many at once. A line that is longer than a block comes in parts."""
    while data := file.read(_BLOCK):
        if data[-1:] != b"\n":
            data += file.readline(_BLOCK)
        yield data.decode("utf-8", "replace")


def _suites(blocks: Iterable[str], name: str) -> Iterator[Suite]:
    reader = _Reader(Run(""), name)
    headed = begun = False  # whether there was the head of a run, and more
    for part in _at_heads(blocks):
        head = _HEAD.fullmatch(part)
        if head and head[1] == "kernel":
            if begun or headed:
                yield from reader.finish()
            reader, headed, begun = _Reader(Run(head[2]), name), True, False
        elif head and headed and not begun:
            _fact(reader.run, head[1], head[2])
        else:
            begun = True
            yield from reader.feed(part)
    yield from reader.finish()


def _at_heads(blocks: Iterable[str]) -> Iterator[str]:
    """The same text, with each line that `write` put at the head of a run by itself."""
    for block in blocks:
        if "# ksftci " not in block:
            yield block
            continue
        start = 0
        for match in _HEAD_LINE.finditer(block):
            if match.start() > start:
                yield block[start : match.start()]
            yield match[1].rstrip("\r")
            start = match.end()
        if start < len(block):
            yield block[start:]


def _fact(run: Run, name: str, value: str) -> None:
    if name == "arch":
        run.arch = value
    elif name == "run":
        run.repeat = int(value) if value.isdecimal() and len(value) < 10 else 1
    elif name == _BOOT:
        run.splats.append(("", value))
    else:
        run.environment[name] = value


class _Reader:
    """Reads what is printed in one run."""

    def __init__(self, run: Run, name: str) -> None:
        self.run, self.parser = run, Parser(name)
        self._outermost = Outermost(self.parser.levels.lowest, _OUTER)
        self._programs = Names()
        self._empty = True

    def feed(self, text: str) -> Iterator[Suite]:
        """Take whole lines; gives the suites that end in them."""
        self.parser.feed(text)
        yield from self._taken()

    def finish(self) -> Iterator[Suite]:
        """There are no more lines; gives the suites that are left, and at least one for the run."""
        self.parser.close()
        yield from self._taken()
        self.parser.finish()
        self.run.anomalies += self.parser.anomalies
        if self.parser.results or self._empty:
            yield self._suite(self.parser.program if self.parser.results else "", self.parser.results)

    def _taken(self) -> Iterator[Suite]:
        """The suites of programs, named by the outer tests: "selftests: mm: cow/name"."""
        for outer, results in self._outermost.take():
            folder, colon, program = outer.removeprefix(_OUTER).partition(": ")
            for result in results:
                result.name = result.name or "exit"
            yield self._suite(f"{folder}:{program}" if colon else folder, results)

    def _suite(self, program: str, results: list[TestResult]) -> Suite:
        if self._empty and (boot := splat.find(line for _, line in self.run.splats)):
            results.insert(0, splat.result(program, BOOT_LOG, boot))
        self._empty = False
        program = self._programs.unique(program)
        for result in results:
            result.program = program
        make_unique(results)
        return Suite(self.run, program, results)
