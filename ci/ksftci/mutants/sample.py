# SPDX-License-Identifier: GPL-2.0-only
"""A random sample: all mutants that universalmutator makes of a part of a file, shuffled by a seed."""

import contextlib
import io
import random

from ksftci.errors import CiError
from ksftci.host.digest import digest
from ksftci.host.files import read_text
from ksftci.kernel.functions import Function, function_at, functions
from ksftci.kernel.tree import Tree
from ksftci.mutants.mutant import Mutant

_RULES = ["universal.rules", "c_like.rules", "c.rules"]


def draw(tree: Tree, file: str, first: str, last: str, seed: int) -> list[Mutant]:
    """All mutants of the lines from the beginning of function `first` to the end of function `last`, shuffled.

    Raises CiError when a function is missing, or universalmutator is not installed.
    """
    text = read_text(tree.path / file)
    begin = _function(text, file, first).first
    end = _function(text, file, last).last
    lines = text.split("\n")
    by_change: dict[tuple[int, str], Mutant] = {}
    for number, after in _mutations([f"{line}\n" for line in lines]):
        before = lines[number - 1].strip()
        after = " ".join(after.split())  # some rules make two lines of one, which would move the lines behind
        if not begin <= number <= end or after == " ".join(before.split()):
            continue
        name = f"line{number}_{digest(after, length=4)}"
        mutant = Mutant(name, "sample", file, function_at(text, number), number, before, after)
        by_change.setdefault((number, after), mutant)
    mutants = sorted(by_change.values(), key=lambda mutant: (mutant.line, mutant.after))
    random.Random(seed).shuffle(mutants)
    return mutants


def _function(text: str, file: str, name: str) -> Function:
    function = next((function for function in functions(text) if function.name == name), None)
    if function is None:
        raise CiError(f"there is no function {name}() in {file}; check the sample of the plan")
    return function


def _mutations(lines: list[str]) -> list[tuple[int, str]]:
    """(line number, new text) of every mutation."""
    try:
        from universalmutator.mutator import mutants_regexp  # type: ignore[import-untyped]
    except ImportError as error:
        raise CiError("a random sample needs universalmutator; pip install 'ksftgen[mutants]'") from error
    with contextlib.redirect_stdout(io.StringIO()):  # mutants_regexp() prints its rules
        mutations = mutants_regexp(lines, ruleFiles=_RULES, ignorePatterns=[], ignoreStringOnly=True)
    return [(number, text) for number, text, *_ in mutations]
