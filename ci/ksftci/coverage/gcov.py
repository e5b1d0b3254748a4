# SPDX-License-Identifier: GPL-2.0-only
"""Reads with gcov how often each line of a source file ran and each branch was taken."""

import json
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ksftci.arch import Arch
from ksftci.errors import CiError
from ksftci.host.command import run
from ksftci.host.files import write_whole
from ksftci.kernel.make import compiler


class Branch(NamedTuple):
    """One way out of the code of a line; gcov calls it an arc."""

    line: int
    function: str  # that the code was compiled into: for an inline function each of its callers
    number: int  # among the branches of this line in this function, from 0


@dataclass
class Counts:
    """How often each line of a source file ran and each branch was taken; a line that never ran has a 0."""

    lines: Counter[int] = field(default_factory=Counter)
    branches: Counter[Branch] = field(default_factory=Counter)

    def add(self, other: "Counts") -> None:
        """Add the counts of another object or run."""
        self.lines.update(other.lines)
        self.branches.update(other.branches)


Profile = dict[str, Counts]  # path of a source file in the tree to its counts


def merge(profiles: Iterable[Profile]) -> Profile:
    """The sum of all profiles."""
    merged: Profile = {}
    for profile in profiles:
        for file, counts in profile.items():
            merged.setdefault(file, Counts()).add(counts)
    return merged


def program_for(arch: Arch) -> str:
    """The name of the gcov that belongs to the compiler of this architecture's kernels."""
    return re.sub(r"gcc$", "gcov", compiler(arch))


def read(gcov: str, gcno: Path, data: bytes, tree: Path) -> Profile:
    """The counts in `data`, the content of a .gcda file, of the object that `gcno` describes.

    `gcov` is the program to run, `gcno` the file that the compiler wrote beside the object. Files outside of the
    tree are left out. Raises CiError when gcov does not accept the two files.
    """
    with tempfile.TemporaryDirectory(prefix="ksftci-") as name:
        folder = Path(name)
        (folder / gcno.name).symlink_to(gcno.absolute())
        write_whole(folder / f"{gcno.stem}.gcda", data)
        argv = [gcov, "--json-format", "--branch-probabilities", "--stdout", f"{gcno.stem}.gcda"]
        output = run(argv, what=f"reading the counters of {gcno.stem}", cwd=folder)
    try:
        return parse(output, tree)
    except (ValueError, KeyError, TypeError) as error:
        raise CiError(
            f"{gcov} could not read the counters of {gcno}; gcov must have the version of the compiler "
            f"that built the kernel ({error})"
        ) from error


def parse(text: str, tree: Path) -> Profile:
    """The counts in gcov's JSON. Raises ValueError, KeyError or TypeError when `text` has another format."""
    document = json.loads(text)
    profile: Profile = {}
    for entry in document["files"]:
        path = Path(os.path.normpath(Path(document["current_working_directory"]) / entry["file"]))
        if path.is_relative_to(tree):
            counts = profile.setdefault(str(path.relative_to(tree)), Counts())
            for line in entry["lines"]:
                _add_line(counts, line)
    return profile


def _add_line(counts: Counts, line: dict[str, Any]) -> None:
    """Add one entry of gcov's `lines`, which has an entry for each function that a line was compiled into."""
    number, function = line["line_number"], line.get("function_name", "")
    counts.lines[number] += line["count"]
    for place, branch in enumerate(line["branches"]):
        counts.branches[Branch(number, function, place)] += branch["count"]
