# SPDX-License-Identifier: GPL-2.0-only
"""What gcov says of the counters of one object file."""

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
    """One way out of a line's code: an arc of gcov's."""

    line: int
    function: str  # that it was compiled into: an inlined one's are in each of its callers
    place: int  # among the line's in that function


@dataclass
class Counts:
    """Of one source file: how often each line ran and each branch was taken. 0 is a count, too."""

    lines: Counter[int] = field(default_factory=Counter)
    branches: Counter[Branch] = field(default_factory=Counter)

    def add(self, other: "Counts") -> None:
        """Add the counts of another object or run."""
        self.lines.update(other.lines)
        self.branches.update(other.branches)


Profile = dict[str, Counts]  # source file, from the tree's root, to its counts


def merge(profiles: Iterable[Profile]) -> Profile:
    """All together."""
    merged: Profile = {}
    for profile in profiles:
        for file, counts in profile.items():
            merged.setdefault(file, Counts()).add(counts)
    return merged


def tool(arch: Arch) -> str:
    """The gcov that belongs to the compiler that builds kernels for arch here."""
    return re.sub(r"gcc$", "gcov", compiler(arch))


def read(program: str, notes: Path, data: bytes, tree: Path) -> Profile:
    """The counts in a .gcda file's data by means of `notes`, the .gcno that the compiler wrote.

    Files outside of the tree are left out. Raises CiError when gcov cannot make sense of the two.
    """
    with tempfile.TemporaryDirectory(prefix="ksftci-") as folder:
        here = Path(folder)
        (here / notes.name).symlink_to(notes.absolute())
        write_whole(here / f"{notes.stem}.gcda", data)
        argv = [program, "--json-format", "--branch-probabilities", "--stdout", f"{notes.stem}.gcda"]
        said = run(argv, what=f"reading the counters of {notes.stem}", cwd=here)
    try:
        return parse(said, tree)
    except (ValueError, KeyError, TypeError) as error:
        raise CiError(
            f"{program} could not read the counters of {notes}: it must be of the version of the compiler "
            f"that built the kernel ({error})"
        ) from error


def parse(text: str, tree: Path) -> Profile:
    """The counts in gcov's JSON. Raises ValueError, KeyError or TypeError when it is none."""
    document = json.loads(text)
    profile: Profile = {}
    for entry in document["files"]:
        path = Path(os.path.normpath(Path(document["current_working_directory"]) / entry["file"]))
        if path.is_relative_to(tree):
            counts = profile.setdefault(str(path.relative_to(tree)), Counts())
            for line in entry["lines"]:
                _take(counts, line)
    return profile


def _take(counts: Counts, line: dict[str, Any]) -> None:
    """A line is there once for each function that it was compiled into."""
    number, function = line["line_number"], line.get("function_name", "")
    counts.lines[number] += line["count"]
    for place, branch in enumerate(line["branches"]):
        counts.branches[Branch(number, function, place)] += branch["count"]
