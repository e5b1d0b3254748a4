# SPDX-License-Identifier: GPL-2.0-only
"""Lists of programs in a YAML file of the user."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ksftci.host.yamlfile import read_mapping

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
