# SPDX-License-Identifier: GPL-2.0-only
"""Compares suites: which lines and branches of the chosen functions each of them executes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ksftci.coverage import notes as note_file
from ksftci.coverage.gcov import Branch, Counts, Profile, merge
from ksftci.coverage.measure import MeasuredSuite
from ksftci.coverage.notes import Note, Notes
from ksftci.coverage.source import Target
from ksftci.errors import CiError
from ksftci.host.files import read_text
from ksftci.kernel.functions import Function
from ksftci.kernel.functions import functions as functions_of


@dataclass(frozen=True)
class CompiledFunction:
    """A function and those of its lines and branches that have code in the kernel."""

    file: str
    function: Function
    lines: tuple[int, ...]
    branches: tuple[Branch, ...]

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.name

    def executed(self, profile: Profile) -> set[int]:
        """The lines that ran at least once."""
        counts = profile.get(self.file, Counts())
        return {line for line in self.lines if counts.lines[line]}

    def taken(self, profile: Profile) -> set[Branch]:
        """The branches that were taken at least once."""
        counts = profile.get(self.file, Counts())
        return {branch for branch in self.branches if counts.branches[branch]}


@dataclass(frozen=True)
class SourceLine:
    """A compiled line with its counts: an entry for each suite, in the order of the suites."""

    file: str
    number: int
    function: str
    code: str
    counts: tuple[int, ...]
    branches: tuple[tuple[int, ...], ...]  # for each suite how often each branch was taken
    note: Note | None

    @property
    def unexecuted(self) -> bool:
        """Whether no suite executes the line."""
        return not any(self.counts)

    def untaken(self, suite: int | None = None) -> int:
        """The number of branches that the suite of this index never takes; without an index, that no suite takes."""
        rows = self.branches if suite is None else (self.branches[suite],)
        return sum(not any(column) for column in zip(*rows, strict=True))


@dataclass
class Comparison:
    """What the suites execute of the chosen functions of one kernel."""

    kernel: str
    suites: Sequence[MeasuredSuite]
    functions: list[CompiledFunction]
    sources: dict[str, str]  # file to its text
    notes: Notes

    def lines(self) -> Iterator[SourceLine]:
        """Every compiled line of the functions, in the order of the source."""
        totals = [suite.total for suite in self.suites]
        for function in self.functions:
            code = self.sources[function.file].splitlines()
            branches_of: dict[int, list[Branch]] = {}
            for branch in function.branches:
                branches_of.setdefault(branch.line, []).append(branch)
            for number in function.lines:
                counts = [total.get(function.file, Counts()) for total in totals]
                yield SourceLine(
                    function.file,
                    number,
                    function.name,
                    code[number - 1].strip(),
                    tuple(count.lines[number] for count in counts),
                    tuple(tuple(count.branches[b] for b in branches_of.get(number, [])) for count in counts),
                    self.notes.by_line.get((function.file, number)),
                )

    def programs(self) -> dict[str, dict[int, list[str]]]:
        """File to compiled line to the programs that execute the line."""
        return {
            file: {line: [name for name, count in counts.items() if count] for line, counts in lines.items()}
            for file, lines in self._counts().items()
        }

    def deciding_programs(self) -> dict[str, dict[int, list[str]]]:
        """Like `programs`, but of the programs that execute a line only by starting, one for each suite.

        Starting a program takes kernel code, too, for the shell and the C library, so every program executes some
        lines. The smallest count of a line among all programs is taken for the start; a program with just that count
        executes the line only by starting. The first such program of each suite stands for the others.
        """
        chosen: dict[str, dict[int, list[str]]] = {}
        for file, lines in self._counts().items():
            of_file = chosen.setdefault(file, {})
            for line, counts in lines.items():
                least = min(counts.values(), default=0)
                by_starting = [[name for name in suite.profiles if counts[name] == least] for suite in self.suites]
                kept = {names[0] for names in by_starting if names and least}
                of_file[line] = [name for name, count in counts.items() if count > least or name in kept]
        return chosen

    def _counts(self) -> dict[str, dict[int, dict[str, int]]]:
        """File to line to program to its count; of a program in several suites the highest count."""
        by_file: dict[str, dict[int, dict[str, int]]] = {}
        for function in self.functions:
            of_file = by_file.setdefault(function.file, {})
            for line in function.lines:
                of_line = of_file.setdefault(line, {})
                for suite in self.suites:
                    for name, profile in suite.profiles.items():
                        count = profile.get(function.file, Counts()).lines[line]
                        of_line[name] = max(of_line.get(name, 0), count)
        return by_file


def compare(
    kernel: str, suites: Sequence[MeasuredSuite], targets: Sequence[Target], tree: Path, notes: Path | None
) -> Comparison:
    """Compare suites in the functions of the targets; `kernel` is a label, `notes` a file for notes.read().

    Raises CiError when the tree lacks a file or function, or the notes cannot be read.
    """
    sources = {target.file: read_text(tree / target.file) for target in targets}
    functions = {file: functions_of(text) for file, text in sources.items()}
    total = merge(suite.total for suite in suites)
    compiled: list[CompiledFunction] = []
    for target in targets:
        names = {function.name for function in functions[target.file]}
        if unknown := [name for name in target.functions if name not in names]:
            raise CiError(
                f"{target.file} has no function {', '.join(unknown)}; check the name, macros are not functions"
            )
        for function in functions[target.file]:
            if not target.functions or function.name in target.functions:
                candidate = _compiled(target.file, function, total.get(target.file, Counts()))
                if candidate.lines:
                    compiled.append(candidate)
    placed = note_file.read(notes, sources, functions) if notes else Notes()
    return Comparison(kernel, suites, compiled, sources, placed)


def _compiled(file: str, function: Function, counts: Counts) -> CompiledFunction:
    inside = range(function.first, function.last + 1)
    lines = sorted(line for line in counts.lines if line in inside)
    branches = sorted(branch for branch in counts.branches if branch.line in inside)
    return CompiledFunction(file, function, tuple(lines), tuple(branches))
