# SPDX-License-Identifier: GPL-2.0-only
"""An excerpt of a kernel tree: the lines around the code at fault, as the tree's last commit has them."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ksftgen.errors import TreeError
from ksftgen.finding import Finding
from ksftgen.repo import Repo
from ksftgen.tree import read

_AROUND = 4  # lines before and behind the line at fault


@dataclass(frozen=True)
class Excerpt:
    """Some lines of a function, and what they are of.

    `version` is as in ``7.3.4``, `number` the line at fault, counted from 1.
    """

    version: str
    number: int
    lines: tuple[str, ...]


def find(finding: Finding, repo: Repo) -> Excerpt:
    """The code at fault in `repo`; raises TreeError if the tree does not have it, or has the fix."""
    suspect = finding.suspect
    where = f"{repo.tree}/{suspect.file}"
    version, text = _read(finding, repo)
    functions = _functions(text, suspect.function)
    if not functions:
        raise TreeError(f"{where}: has no function {suspect.function}(); {_other_tree(finding)}")
    lines = [index for function in functions for index in function]
    if suspect.right_if and any(suspect.right_if in text[index] for index in lines):
        raise TreeError(
            f"{where}: {suspect.function}() has {suspect.right_if}; it is fixed, and there is nothing to report"
        )
    found = next((index for index in lines if _squeezed(suspect.line) in _squeezed(text[index])), None)
    if found is None:
        raise TreeError(f'{where}: {suspect.function}() has no line "{suspect.line}"; {_other_tree(finding)}')
    function = next(function for function in functions if found in function)
    first, last = max(function.start, found - _AROUND), min(function.stop, found + _AROUND + 1)
    return Excerpt(version, found + 1, _without_half_comments(text[first:last]))


def _read(finding: Finding, repo: Repo) -> tuple[str, list[str]]:
    """The version of the tree, and the lines of the file at fault."""
    with tempfile.TemporaryDirectory() as name:
        folder, file = Path(name), finding.suspect.file
        repo.export(folder, ["Makefile", file])
        if not (folder / file).is_file():
            raise TreeError(f"{repo.tree}: has no {file}; {_other_tree(finding)}")
        return _version(read(folder / "Makefile")), read(folder / file).splitlines()


def _other_tree(finding: Finding) -> str:
    return (
        f"give a tree that is broken ({finding.facts['Broken']}), or see whether this one is, "
        f"and bring docs/found/{finding.name}.md up to date"
    )


def _functions(text: list[str], name: str) -> list[range]:
    """Where functions of this name begin and end; there may be one for each configuration."""
    found = []
    for start, line in enumerate(text):
        if not re.match(rf"(?:\w.*\W)?{name}\(", line):
            continue
        stop = next((index + 1 for index in range(start, len(text)) if text[index].startswith("}")), len(text))
        brace = next((index for index in range(start, stop) if text[index].startswith("{")), stop)
        if not any(line.rstrip().endswith(";") for line in text[start:brace]):  # else it is declared
            found.append(range(start, stop))
    return found


def _without_half_comments(lines: list[str]) -> tuple[str, ...]:
    """The lines without the end of a comment, or empty lines, at the top, and without the like at the bottom."""
    first, last = 0, len(lines)
    while re.match(r"\s*(?:\*(?:[ /]|$)|$)", lines[first]):
        first += 1
    while re.match(r"\s*(?:/\*(?!.*\*/)|\*(?: |$)|$)", lines[last - 1]):
        last -= 1
    return tuple(lines[first:last])


def _squeezed(line: str) -> str:
    return " ".join(line.split())


def _version(makefile: str) -> str:
    pairs = re.findall(r"^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION) =[ \t]*(\S*)", makefile, re.MULTILINE)
    parts: dict[str, str] = {"SUBLEVEL": "0", "EXTRAVERSION": "", **dict(pairs)}
    sublevel = "" if parts["SUBLEVEL"] in ("", "0") else f".{parts['SUBLEVEL']}"
    return f"{parts.get('VERSION')}.{parts.get('PATCHLEVEL')}{sublevel}{parts['EXTRAVERSION']}"
