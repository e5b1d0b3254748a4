# SPDX-License-Identifier: GPL-2.0-only
"""Which programs execute a mutant's line, as `ksftci coverage --lines` has written it: no other one can notice it."""

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

# A line that ends so goes on in the next one.
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
    """A file, and the programs that run its compiled lines."""

    code: list[str]
    functions: list[Function]
    ran_by: Mapping[int, frozenset[str]]


@dataclass(frozen=True)
class Executed:
    """Programs that were measured, and what they run. Nothing is known by default."""

    programs: frozenset[str] = frozenset()
    sources: Mapping[str, _Source] = field(default_factory=dict)

    def idle(self, mutant: Mutant) -> frozenset[str]:
        """Programs that cannot notice: measured, and running nothing of what is changed.

        That is the statement, up to the mutant's line, or more where the counters of optimised code are not to
        be trusted with it. The block in braces: for a condition, whose count a jump over it may have taken
        away, and for a line without code. All of the function: for an inline one, of which a copy with constants
        may have nothing left of a line, and for a label, which decides who comes there. The lines of a header
        are known in some objects only.
        """
        source = self.sources.get(mutant.file)
        if source is None or mutant.file.endswith(".h"):
            return frozenset()
        span = self._span(source, mutant.line)
        known = [source.ran_by[line] for line in span if line in source.ran_by]
        return self.programs.difference(*known) if known else frozenset()

    @staticmethod
    def _span(source: _Source, line: int) -> range:
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
        compiled = any(number in source.ran_by for number in statement)
        return statement if compiled and not _FLOW.match(first) else _block(source.code, function, begin)


def _block(code: list[str], function: Function, line: int) -> range:
    """The lines within the innermost braces around a line; a line with a brace is outside of those, and of its own."""
    opened: list[int] = []
    around = 0  # where the block of the line was opened
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
    """Raises CiError when it cannot be read, or was measured with other source files than the tree's."""
    try:
        document = _Document.model_validate_json(read_text(path))
    except ValidationError as error:
        raise CiError(f"{path}: is not what `ksftci coverage --lines` writes: {error.errors()[0]['msg']}") from error
    sources = {}
    for name, file in document.files.items():
        text = read_text(tree.path / name)
        if hashlib.sha256(text.encode()).hexdigest() != file.sha256:
            raise CiError(f"{path}: {name} is another one in {tree.version}; measure again with `ksftci coverage`")
        ran_by = {number: frozenset(alike.run_by) for alike in file.lines for number in alike.of}
        sources[name] = _Source(text.split("\n"), functions(text), ran_by)
    return Executed(frozenset(document.programs), sources)
