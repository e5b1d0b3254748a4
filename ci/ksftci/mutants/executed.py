# SPDX-License-Identifier: GPL-2.0-only
"""Which programs execute a mutant's line, from the file of `ksftci coverage --lines`; no other program can kill it."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ValidationError

from ksftci.errors import CiError
from ksftci.host.files import read_text
from ksftci.kernel.functions import Function, functions
from ksftci.kernel.tree import Tree
from ksftci.mutants.mutant import Mutant

# The ends of lines whose statement continues on the next line.
_OPEN = ("&&", "||", "?", ":", "=", ",", "+", "-", "|", "(")
_FLOW = re.compile(r"[{}]|(if|else|for|while|do|switch)\b")
_LABEL = re.compile(r"(case|default)\b|\w+:$")


class _Lines(BaseModel):
    of: list[int]
    run_by: list[str]


class _File(BaseModel):
    sha256: str
    lines: list[_Lines]


class _Document(BaseModel):
    programs: list[str]
    files: dict[str, _File]


@dataclass(frozen=True)
class _Source:
    """A source file, and the programs that execute each of its compiled lines."""

    code: list[str]
    functions: list[Function]
    programs_of: Mapping[int, frozenset[str]]


@dataclass(frozen=True)
class Executed:
    """The programs that were measured, and the lines that they execute; by default none was measured."""

    programs: frozenset[str] = frozenset()
    sources: Mapping[str, _Source] = field(default_factory=dict)

    def unable(self, mutant: Mutant) -> frozenset[str]:
        """Programs that cannot kill the mutant: they were measured, and do not execute the changed code.

        The changed code is the statement up to the mutant's line. Where the counters of optimised code are not
        reliable for a statement, a larger part counts as changed:

        - For a condition and for a line without code, the block in braces around it. The compiler may thread a jump
          past a condition, which then is not counted.
        - For a label and in an inline function, the whole function. A label decides what is reached; a copy of an
          inline function with constant arguments may lack the line.

        A header is compiled into more objects than were measured, so no program is unable to kill a mutant in it.
        """
        source = self.sources.get(mutant.file)
        if source is None or mutant.file.endswith(".h"):
            return frozenset()
        changed = self._changed(source, mutant.line)
        executing = [source.programs_of[line] for line in changed if line in source.programs_of]
        return self.programs.difference(*executing) if executing else frozenset()

    @staticmethod
    def _changed(source: _Source, line: int) -> range:
        """The lines that count as changed when this line is."""
        function = next((f for f in source.functions if f.first <= line <= f.last), None)
        if function is None:
            return range(0)
        begin = line
        while begin > function.first and source.code[begin - 2].rstrip().endswith(_OPEN):
            begin -= 1
        first = source.code[begin - 1].strip()
        if _LABEL.match(first) or any("inline" in text for text in source.code[function.first - 2 : function.first]):
            return range(function.first, function.last + 1)
        statement = range(begin, line + 1)
        compiled = any(number in source.programs_of for number in statement)
        return statement if compiled and not _FLOW.match(first) else _block(source.code, function, begin)


def _block(code: list[str], function: Function, line: int) -> range:
    """The lines inside the innermost braces around a line; braces on the line itself do not count."""
    opened: list[int] = []  # lines of the open braces
    around = 0  # the line of the brace that opens the block
    for number in range(function.first, function.last + 1):
        for brace in re.findall(r"[{}]", code[number - 1]):
            if brace == "{":
                opened.append(number)
            elif opened and opened.pop() == around and opened:
                return range(around + 1, number)
        if number == line:
            around = next((other for other in reversed(opened) if other != line), 0)
    return range(function.first, function.last + 1)


def read(path: Path, tree: Tree) -> Executed:
    """The lines in a file. Raises CiError when it cannot be read, or was measured with other sources."""
    try:
        document = _Document.model_validate_json(read_text(path))
    except ValidationError as error:
        raise CiError(
            f"{path}: not a file of `ksftci coverage --lines`: {error.errors()[0]['msg']}; make it again"
        ) from error
    sources = {}
    for name, file in document.files.items():
        text = read_text(tree.path / name)
        if hashlib.sha256(text.encode()).hexdigest() != file.sha256:
            raise CiError(f"{path}: {name} of {tree.version} is not the file that was measured; run `ksftci coverage`")
        programs_of = {number: frozenset(entry.run_by) for entry in file.lines for number in entry.of}
        sources[name] = _Source(text.split("\n"), functions(text), programs_of)
    return Executed(frozenset(document.programs), sources)
