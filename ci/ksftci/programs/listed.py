# SPDX-License-Identifier: GPL-2.0-only
"""Lists of programs: in the Makefile of a collection, or in a YAML file of the user."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ksftci.errors import CiError
from ksftci.host.files import read_text
from ksftci.host.yamlfile import read_mapping

_LIST = re.compile(r"^[ \t]*TEST_GEN_(?:FILES|PROGS)\w*[ \t]*[:+?]?=(?P<names>(?:[^\n]*\\\n)*[^\n]*)", re.MULTILINE)
_MPROTECT = re.compile(r"mprotect_\w+")
_Text = Annotated[str, Field(min_length=1)]


class ListedProgram(BaseModel):
    """A program with its arguments, as `ksftci run` takes them."""

    model_config = ConfigDict(extra="forbid")

    run: _Text
    seconds: float | None = None  # how long it took when it was measured


class LeftOut(ListedProgram):
    """A program that is not run, and the reason."""

    reason: _Text


class ProgramList(BaseModel):
    """A YAML file of programs, such as ci/mutants/7.3/upstream.yaml."""

    model_config = ConfigDict(extra="forbid")

    programs: Annotated[list[ListedProgram], Field(min_length=1)]
    left_out: list[LeftOut] = []


def read(path: Path) -> list[str]:
    """The programs of a YAML file, in order. Raises CiError with line and column of every problem."""
    return [program.run for program in read_mapping(path, ProgramList).programs]


def in_makefile(collection: Path) -> set[str]:
    """The programs that the Makefile of a collection's folder builds; none when there is no Makefile."""
    try:
        text = read_text(collection / "Makefile")
    except CiError:
        return set()
    lists = (match["names"].replace("\\\n", " ") for match in _LIST.finditer(text))
    return {Path(name).name for names in lists for name in names.split()}


def mprotect_tests(collection: Path) -> list[str]:
    """The mprotect_ tests of a collection's folder, sorted: what `ksftci run` without a PROGRAM runs."""
    return sorted(name for name in in_makefile(collection) if _MPROTECT.fullmatch(name))
