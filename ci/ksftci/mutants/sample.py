# SPDX-License-Identifier: GPL-2.0-only
"""Mutants at random: all that universalmutator makes of a part of a file, in an order that a seed gives."""

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
    """All mutants of the lines from the begin of function `first` to the end of function `last`, shuffled.

    Raises CiError when a function is not there, or universalmutator is not installed.
    """
    text = read_text(tree.path / file)
    begin = _function(text, file, first).first
    end = _function(text, file, last).last
    lines = text.split("\n")
    found: dict[tuple[int, str], Mutant] = {}
    for number, after in _mutations([f"{line}\n" for line in lines]):
        before = lines[number - 1].strip()
        after = " ".join(after.split())  # what a rule puts on a line of its own would move the lines behind it
        if not begin <= number <= end or after == " ".join(before.split()):
            continue
        short = digest(after, length=4)
        mutant = Mutant(f"line{number}_{short}", "sample", file, function_at(text, number), number, before, after)
        found.setdefault((number, after), mutant)
    mutants = sorted(found.values(), key=lambda mutant: (mutant.line, mutant.after))
    random.Random(seed).shuffle(mutants)
    return mutants


def _function(text: str, file: str, name: str) -> Function:
    found = next((function for function in functions(text) if function.name == name), None)
    if found is None:
        raise CiError(f"there is no function {name}() in {file}")
    return found


def _mutations(lines: list[str]) -> list[tuple[int, str]]:
    try:
        from universalmutator.mutator import mutants_regexp  # type: ignore[import-untyped]
    except ImportError as error:
        raise CiError("a random sample needs universalmutator: pip install 'ksftgen[mutants]'") from error
    with contextlib.redirect_stdout(io.StringIO()):  # it tells of its rules
        found = mutants_regexp(lines, ruleFiles=_RULES, ignorePatterns=[], ignoreStringOnly=True)
    return [(number, text) for number, text, *_ in found]
