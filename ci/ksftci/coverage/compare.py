# SPDX-License-Identifier: GPL-2.0-only
"""Suites side by side: which lines and branches of the chosen functions each executes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ksftci.coverage import notes as noted
from ksftci.coverage.gcov import Branch, Counts, Profile, merge
from ksftci.coverage.measure import MeasuredSuite
from ksftci.coverage.notes import Note, Notes
from ksftci.coverage.source import Target
from ksftci.errors import CiError
from ksftci.host.files import read_text
from ksftci.kernel import functions as cfunction
from ksftci.kernel.functions import Function


@dataclass(frozen=True)
class CompiledFunction:
    """A function, and what of it was compiled."""

    file: str
    function: Function
    lines: tuple[int, ...]
    branches: tuple[Branch, ...]

    def ran(self, profile: Profile) -> set[int]:
        """The lines that ran."""
        counts = profile.get(self.file, Counts())
        return {line for line in self.lines if counts.lines[line]}

    def taken(self, profile: Profile) -> set[Branch]:
        """The branches that were taken."""
        counts = profile.get(self.file, Counts())
        return {branch for branch in self.branches if counts.branches[branch]}


@dataclass(frozen=True)
class SourceLine:
    """A compiled line, and what the suites, in their order, did to it."""

    file: str
    number: int
    function: str
    code: str
    counts: tuple[int, ...]
    branches: tuple[tuple[int, ...], ...]  # for each suite how often each branch was taken
    note: Note | None

    @property
    def missed(self) -> bool:
        """Whether no suite runs it."""
        return not any(self.counts)

    def untaken(self, suite: int | None = None) -> int:
        """How many branches this suite, or every suite, never takes."""
        rows = self.branches if suite is None else (self.branches[suite],)
        return sum(not any(column) for column in zip(*rows, strict=True))


@dataclass
class Comparison:
    """The suites on one kernel."""

    kernel: str
    suites: Sequence[MeasuredSuite]
    parts: list[CompiledFunction]
    sources: dict[str, str]
    notes: Notes

    def lines(self) -> Iterator[SourceLine]:
        """Every compiled line of the parts, in the source's order."""
        totals = [suite.total for suite in self.suites]
        for part in self.parts:
            source = self.sources[part.file].splitlines()
            of_line: dict[int, list[Branch]] = {}
            for branch in part.branches:
                of_line.setdefault(branch.line, []).append(branch)
            for number in part.lines:
                counts = [total.get(part.file, Counts()) for total in totals]
                yield SourceLine(
                    part.file,
                    number,
                    part.function.name,
                    source[number - 1].strip(),
                    tuple(count.lines[number] for count in counts),
                    tuple(tuple(count.branches[b] for b in of_line.get(number, [])) for count in counts),
                    self.notes.of.get((part.file, number)),
                )

    def programs(self) -> dict[str, dict[int, list[str]]]:
        """File to line to the programs that run it, of every line of the parts; [] when none does."""
        return {
            file: {line: [name for name, count in ran.items() if count] for line, ran in lines.items()}
            for file, lines in self._counts().items()
        }

    def deciding(self) -> dict[str, dict[int, list[str]]]:
        """The same without programs that a line does not depend on.

        What every program runs is run when one starts, by the C library and the shell. Of a suite's programs
        that run a line no more often than any must, the first one stands for all.
        """
        found: dict[str, dict[int, list[str]]] = {}
        for file, lines in self._counts().items():
            of_file = found.setdefault(file, {})
            for line, ran in lines.items():
                least = min(ran.values(), default=0)
                idle = [[name for name in suite.profiles if ran[name] == least] for suite in self.suites]
                stand = {names[0] for names in idle if names and least}
                of_file[line] = [name for name, count in ran.items() if count > least or name in stand]
        return found

    def _counts(self) -> dict[str, dict[int, dict[str, int]]]:
        """File to line to program to how often it runs it; the most of all suites that the program is in."""
        found: dict[str, dict[int, dict[str, int]]] = {}
        for part in self.parts:
            of_file = found.setdefault(part.file, {})
            for line in part.lines:
                ran = of_file.setdefault(line, {})
                for suite in self.suites:
                    for name, profile in suite.profiles.items():
                        count = profile.get(part.file, Counts()).lines[line]
                        ran[name] = max(ran.get(name, 0), count)
        return found


def compare(
    kernel: str, suites: Sequence[MeasuredSuite], targets: Sequence[Target], tree: Path, notes: Path | None
) -> Comparison:
    """Raises CiError when the tree has no such file or function, or the notes cannot be read."""
    sources = {target.file: read_text(tree / target.file) for target in targets}
    functions = {file: cfunction.functions(text) for file, text in sources.items()}
    everything = merge(suite.total for suite in suites)
    parts: list[CompiledFunction] = []
    for target in targets:
        names = {function.name for function in functions[target.file]}
        if unknown := [name for name in target.functions if name not in names]:
            raise CiError(f"{target.file} has no function {', '.join(unknown)} (a macro is none)")
        for function in functions[target.file]:
            if not target.functions or function.name in target.functions:
                part = _part(target.file, function, everything.get(target.file, Counts()))
                if part.lines:
                    parts.append(part)
    found = noted.read(notes, sources, functions) if notes else Notes()
    return Comparison(kernel, suites, parts, sources, found)


def _part(file: str, function: Function, counts: Counts) -> CompiledFunction:
    inside = range(function.first, function.last + 1)
    lines = sorted(line for line in counts.lines if line in inside)
    return CompiledFunction(file, function, tuple(lines), tuple(sorted(b for b in counts.branches if b.line in inside)))
