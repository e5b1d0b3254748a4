# SPDX-License-Identifier: GPL-2.0-only
"""A committed list of kernel bugs, each found again by its line in its function."""

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
    """A bug as the list has it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    file: Text
    function: Text
    before: Text  # the only such line of the function, or the nth
    after: str  # "" deletes it
    nth: Annotated[int, Field(ge=1)] | None = None
    bug: Text
    about: str = ""
    source: Text
    expect: str = ""
    missing: str = ""
    panic: str = ""

    @model_validator(mode="after")
    def _is_told(self) -> "ListedBug":
        if not self.expect and not self.missing:
            raise ValueError("needs expect (the scenario that notices it) or missing (the state that none has)")
        return self


class Curated(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid")

    mutants: Annotated[list[ListedBug], Field(min_length=1)]


def read(path: Path, tree: Tree) -> list[Mutant]:
    """The mutants of a list, in a tree. Raises CiError that names every entry that does not fit the tree."""
    entries = read_mapping(path, Curated).mutants
    mutants: list[Mutant] = []
    problems: list[str] = []
    names: set[str] = set()
    for entry in entries:
        if entry.name in names:
            problems.append(f"{entry.name}: there are two of this name")
        names.add(entry.name)
        try:
            line = _line(entry, tree)
        except CiError as error:
            problems.append(f"{entry.name}: {error}")
        else:
            told = entry.model_dump(exclude={"nth"})
            mutants.append(Mutant(group="curated", line=line, **told))
    if problems:
        raise CiError("\n".join(f"{path}: {problem}" for problem in problems))
    return mutants


def _line(entry: ListedBug, tree: Tree) -> int:
    file = tree.path / entry.file
    text = read_text(file)
    spans = [function for function in functions(text) if function.name == entry.function]
    if not spans:
        raise CiError(f"there is no function {entry.function}() in {entry.file} of {tree.version}")
    lines = text.split("\n")
    places = [
        number
        for function in spans
        for number in range(function.first, function.last + 1)
        if lines[number - 1].strip() == entry.before.strip()
    ]
    wanted = entry.nth or 1
    if len(places) < wanted or (entry.nth is None and len(places) > 1):
        which = f"{len(places)} times" if places else "not"
        raise CiError(f"the line {entry.before!r} is {which} in {entry.function}(), {entry.file} of {tree.version}")
    return places[wanted - 1]
