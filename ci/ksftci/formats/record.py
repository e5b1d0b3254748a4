# SPDX-License-Identifier: GPL-2.0-only
"""Logs of runs: write KTAP as the kernel's runner.sh prints it, read KTAP or JUnit XML of any origin."""

import re
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path

from ksftci.errors import CiError
from ksftci.formats import junitread
from ksftci.formats.log import Log, opened
from ksftci.ktap import splat
from ksftci.ktap.outermost import Outermost
from ksftci.ktap.parser import Parser
from ksftci.results.model import BOOT_LOG, ProgramRun, Run, TestResult, Verdict, program_runs
from ksftci.results.names import Names, make_unique
from ksftci.results.provoked import settle
from plainprint.reason import reason

_HEAD = re.compile(r"# ksftci (\w+): (.*)")  # a fact about the run, which `write` puts before its KTAP
_HEAD_LINE = re.compile(r"^(# ksftci \w+: .*)\n?", re.MULTILINE)
_BOOT = "boot"  # the fact that holds a line of the kernel's log before the first program
_OUTER = "selftests: "  # prefix of the names of runner.sh's results
_INTERRUPTED = "interrupted"  # a fact, and the reason of the program that was running
_BLOCK = 1 << 18  # bytes that are read at once


def write(runs: Sequence[Run]) -> str:
    """KTAP of all runs: one stream for each boot, with the lines of programs behind "# ".

    `read` gives a run for each boot, and `results.merge` joins the boots of a run again.
    """
    lines: list[str] = []
    for boot in (boot for run in runs for boot in run.parts or [run]):
        facts = {"kernel": boot.kernel, "arch": boot.arch, "run": str(boot.repeat), **boot.environment}
        facts |= {"seconds": f"{boot.seconds:.1f}"} if boot.seconds else {}
        facts |= {_INTERRUPTED: "yes"} if boot.interrupted else {}
        lines += [f"# ksftci {name}: {value}" for name, value in facts.items()]
        lines += [f"# ksftci {_BOOT}: {line}" for program, line in boot.splats if not program]
        lines += ["TAP version 13", *boot.console]
        lines.append(f"1..{sum(1 for line in boot.console if not line.startswith('#'))}")
    return "\n".join([*lines, ""])


def streams(log: Log) -> int:
    """How many boots are in a log that `write` made; 0 for any other log. Raises CiError when it cannot be read."""
    return sum(f"\n{block}".count("\n# ksftci kernel: ") for block in _blocks(log))


def read(path: Path) -> list[Run]:
    """The runs in the log of this path; "-" is the standard input. Raises CiError as `runs` does."""
    with opened(path) as log:
        return runs(log)


def runs(log: Log) -> list[Run]:
    """The runs in a log or in JUnit XML: one for each boot that `write` wrote, else a single run.

    Any text is accepted as a log. Raises CiError when the log cannot be read, and BrokenXml.
    """
    return junitread.read(log) if junitread.is_xml(log) else _runs(_suites(_blocks(log), log.name))


def stream(path: Path) -> Iterator[ProgramRun]:
    """The suites in the log of this path, as `suites` gives them."""
    with opened(path) as log:
        yield from suites(log)


def suites(log: Log) -> Iterator[ProgramRun]:
    """The suites in a log or in JUnit XML.

    A run without results gives one empty suite. Raises CiError when the log cannot be read, and BrokenXml.

    Of a log only one suite is in memory at a time: it is given as soon as its program has ended, and its run stays
    without results. The run has all of its anomalies when the first suite of the next run is given, or the iteration
    ends. U+FFFD replaces bytes that are not UTF-8.
    """
    if junitread.is_xml(log):
        yield from program_runs(junitread.read(log))
    else:
        yield from _suites(_blocks(log), log.name)


def parse(text: str, name: str) -> list[Run]:
    """The runs in the text of a log; `name` is the program of results for which the log names none."""
    return _runs(_suites(_blocks(Log(Path(name), name, BytesIO(text.encode("utf-8", "replace")), 0)), name))


def _runs(suites: Iterable[ProgramRun]) -> list[Run]:
    runs: list[Run] = []
    for suite in suites:
        if not runs or suite.run is not runs[-1]:
            runs.append(suite.run)
        suite.run.results += suite.results
    return runs


def _blocks(log: Log) -> Iterator[str]:
    """The text in blocks of whole lines. A line that is longer than a block is split."""
    try:
        file = log.rewind()
        while data := file.read(_BLOCK):
            if data[-1:] != b"\n":
                data += file.readline(_BLOCK)
            yield data.decode("utf-8", "replace")
    except OSError as err:
        raise CiError(f"{log.path}: {reason(err, log.path)}") from err


def _suites(blocks: Iterable[str], name: str) -> Iterator[ProgramRun]:
    reader = _RunReader(Run(""), name)
    has_head = has_body = False  # whether the head of the run was read, and lines after the head
    for part in _split_at_heads(blocks):
        head = _HEAD.fullmatch(part)
        if head and head[1] == "kernel":
            if has_body or has_head:
                yield from reader.finish()
            reader, has_head, has_body = _RunReader(Run(head[2]), name), True, False
        elif head and has_head and not has_body:
            _add_fact(reader.run, head[1], head[2])
        else:
            has_body = True
            yield from reader.feed(part)
    yield from reader.finish()


def _split_at_heads(blocks: Iterable[str]) -> Iterator[str]:
    """The same text, split so that each line of a run's head stands alone."""
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


def _add_fact(run: Run, name: str, value: str) -> None:
    if name == "arch":
        run.arch = value
    elif name == "run":
        run.repeat = int(value) if value.isdecimal() and len(value) < 10 else 1
    elif name == "seconds":
        run.seconds = float(value) if re.fullmatch(r"\d{1,9}(?:\.\d{1,3})?", value) else 0.0
    elif name == _INTERRUPTED:
        run.interrupted = True
    elif name == _BOOT:
        run.splats.append(("", value))
    else:
        run.environment[name] = value


class _RunReader:
    """Makes suites of the KTAP of one run."""

    def __init__(self, run: Run, name: str) -> None:
        self.run, self.parser = run, Parser(name)
        self._outermost = Outermost(self.parser.levels.lowest, _OUTER)
        self._programs = Names()
        self._empty = True

    def feed(self, text: str) -> Iterator[ProgramRun]:
        """Parse a block of whole lines; gives the suites that end in it."""
        self.parser.feed(text)
        yield from self._taken()

    def finish(self) -> Iterator[ProgramRun]:
        """End the run; gives its last suites, or an empty suite when the run has none."""
        self.parser.close()
        yield from self._taken()
        self.parser.finish()
        self.run.anomalies += self.parser.anomalies
        if self.parser.results or self._empty:
            yield self._suite(self.parser.program if self.parser.results else "", self.parser.results)

    def _taken(self) -> Iterator[ProgramRun]:
        """The suites of programs whose outer result was read; "selftests: mm: cow" names the program mm:cow."""
        for outer, results in self._outermost.take():
            folder, colon, program = outer.removeprefix(_OUTER).partition(": ")
            for result in results:
                result.name = result.name or "exit"
            yield self._suite(f"{folder}:{program}" if colon else folder, results)

    def _suite(self, program: str, results: list[TestResult]) -> ProgramRun:
        if self._empty and (boot := splat.find(line for _, line in self.run.splats)):
            results.insert(0, splat.result(program, BOOT_LOG, boot))
        self._empty = False
        program = self._programs.unique(program)
        for result in results:
            result.program = program
            if self.run.interrupted and (result.name, result.reason) == ("exit", _INTERRUPTED):
                result.verdict = Verdict.NOT_RUN  # no fault of the program
        make_unique(results)
        complained = self.run.splats or self.parser.splats_seen
        return ProgramRun(self.run, program, settle(results) if complained else results)
