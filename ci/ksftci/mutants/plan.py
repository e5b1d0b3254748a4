# SPDX-License-Identifier: GPL-2.0-only
"""What a comparison is made of: a YAML file that names the tree, the suites and the mutants."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ksftci.arch import DEFAULT
from ksftci.errors import CiError
from ksftci.host.yamlfile import ArchName, read_mapping
from ksftci.programs import listed

Text = Annotated[str, Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SuitePlan(_Strict):
    """Tests that are run together. `programs` or a `list`, a file beside this one that has them."""

    programs: list[Text] = []
    list: str = ""
    choose: str = ""  # as with `ksftci run -k`
    total: float = 3600  # seconds for all of it
    silence: float = 60  # seconds without a line


class SamplePlan(_Strict):
    """A random sample of a part of a file."""

    file: Text
    first: Text  # function
    last: Text  # function
    seed: int
    count: Annotated[int, Field(ge=1)]


class Plan(_Strict):
    """The file. Paths in it are relative to its folder."""

    tree: Text
    arch: ArchName = DEFAULT.name
    config: list[str] = []  # as with `ksftci kernel build --config`
    prepare: list[list[Text]] = []  # commands that put tests into the tree; {tree} is its path
    memory: int = 2048  # megabytes
    swap: int = 0  # megabytes of zram
    append: str = ""
    baseline: Annotated[int, Field(ge=1)] = 2  # runs of the kernel without a bug
    suites: Annotated[dict[str, SuitePlan], Field(min_length=1)]
    curated: str = ""
    sample: SamplePlan | None = None
    verdicts: str = ""  # why survivors survive
    lines: str = ""  # which programs execute which lines; the others are not asked


class Judgement(_Strict):
    """Why a mutant may survive."""

    name: Text
    verdict: Literal["equivalent", "slower", "state", "gap"]
    why: Text


class Judgements(_Strict):
    """A file of them."""

    survivors: list[Judgement] = []


KINDS = {
    "equivalent": "no program can tell it from the kernel without it",
    "slower": "only the time differs, or the number of faults or flushes where the kernel may choose",
    "state": "needs a state that no scenario has",
    "gap": "a test could notice it and does not",
}
SAME = ("equivalent", "slower")  # no program can be asked to tell them


def read(path: Path) -> Plan:
    """Raises CiError with the place of every problem."""
    plan = read_mapping(path, Plan)
    for name, suite in plan.suites.items():
        if bool(suite.programs) == bool(suite.list):
            raise CiError(f"{path}: suite {name} needs either programs or list, a file that has them")
    if not plan.curated and plan.sample is None:
        raise CiError(f"{path}: there are no mutants in it; give curated: FILE, or sample:")
    return plan


def programs(path: Path, suite: SuitePlan) -> list[str]:
    """What a suite of the plan at `path` runs, in order."""
    if suite.programs:
        return list(suite.programs)
    return listed.read(path.parent / suite.list)


def judgements(path: Path, plan: Plan) -> dict[str, Judgement]:
    """Mutant to the verdict on its survival; none when the file has not been begun."""
    file = path.parent / plan.verdicts
    if not plan.verdicts or not file.is_file():
        return {}
    return {entry.name: entry for entry in read_mapping(file, Judgements).survivors}
