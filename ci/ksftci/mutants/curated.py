# SPDX-License-Identifier: GPL-2.0-only
"""A list of kernel bugs, by name; each is placed in a tree by the text of its line and its function."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ksftci.errors import CiError
from ksftci.host.files import read_text
from ksftci.host.yamlfile import read_mapping
from ksftci.kernel.functions import functions
from ksftci.kernel.tree import Tree
from ksftci.mutants.mutant import Mutant

Text = Annotated[str, Field(min_length=1)]


class ListedBug(BaseModel):
    """An entry of the list; fields without a comment are those of Mutant."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    file: Text
    function: Text
    before: Text  # the text of the line
    after: str
    nth: Annotated[int, Field(ge=1)] | None = None  # which of several lines with this text in the function
    bug: Text
    about: str = ""
    source: Text
    expect: str = ""
    missing: str = ""
    panic: str = ""

    @model_validator(mode="after")
    def _has_expectation(self) -> "ListedBug":
        if not self.expect and not self.missing:
            raise ValueError("needs expect (the scenario that should kill it) or missing (the state that none has)")
        return self


class Curated(BaseModel):
    """The content of the file."""

    model_config = ConfigDict(extra="forbid")

    mutants: Annotated[list[ListedBug], Field(min_length=1)]


def read(path: Path, tree: Tree) -> list[Mutant]:
    """The mutants of a list, placed in a tree. Raises CiError that names every entry that does not fit the tree."""
    entries = read_mapping(path, Curated).mutants
    mutants: list[Mutant] = []
    problems: list[str] = []
    names: set[str] = set()
    for entry in entries:
        if entry.name in names:
            problems.append(f"{entry.name}: there are two entries of this name")
        names.add(entry.name)
        try:
            line = _line(entry, tree)
        except CiError as error:
            problems.append(f"{entry.name}: {error}")
        else:
            fields = entry.model_dump(exclude={"nth"})
            mutants.append(Mutant(group="curated", line=line, **fields))
    if problems:
        raise CiError("\n".join(f"{path}: {problem}" for problem in problems))
    return mutants


def _line(entry: ListedBug, tree: Tree) -> int:
    """The number of an entry's line. Raises CiError when the line is missing or ambiguous."""
    text = read_text(tree.path / entry.file)
    spans = [function for function in functions(text) if function.name == entry.function]
    if not spans:
        raise CiError(f"there is no function {entry.function}() in {entry.file} of {tree.version}")
    lines = text.split("\n")
    matching = [
        number
        for function in spans
        for number in range(function.first, function.last + 1)
        if lines[number - 1].strip() == entry.before.strip()
    ]
    nth = entry.nth or 1
    if len(matching) < nth or (entry.nth is None and len(matching) > 1):
        times = f"{len(matching)} times" if matching else "not"
        raise CiError(f"the line {entry.before!r} is {times} in {entry.function}(), {entry.file} of {tree.version}")
    return matching[nth - 1]
