# SPDX-License-Identifier: GPL-2.0-only
"""The plan of a campaign: a YAML file that names the tree, the suites and the mutants."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ksftci.arch import DEFAULT
from ksftci.errors import CiError
from ksftci.host.yamlfile import ArchName, read_mapping
from ksftci.machine.qemu import GuestOptions
from ksftci.programs import listed

Text = Annotated[str, Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SuitePlan(_Strict):
    """Programs that are run together: either `programs`, or `list`, a YAML file of programs beside the plan."""

    programs: list[Text] = []
    list: str = ""
    choose: str = ""  # not used
    total: float = 3600  # seconds for all programs
    silence: float = 60  # seconds without a line after which a program counts as hung


class SamplePlan(_Strict):
    """A random sample of mutants of a part of a file."""

    file: Text
    first: Text  # function
    last: Text  # function
    seed: int
    count: Annotated[int, Field(ge=1)]


class Plan(_Strict):
    """The content of the YAML file. Paths in it are relative to its folder."""

    tree: Text
    arch: ArchName = DEFAULT.name
    config: list[str] = []  # as with `ksftci kernel build --config`
    prepare: list[list[Text]] = []  # commands that put tests into the tree; {tree} is its path
    memory: int = 2048  # megabytes
    swap: int = 0  # megabytes of zram
    append: str = ""  # to the kernel's command line
    baseline: Annotated[int, Field(ge=1)] = 2  # runs of the unchanged kernel
    suites: Annotated[dict[str, SuitePlan], Field(min_length=1)]
    curated: str = ""  # file of named bugs
    sample: SamplePlan | None = None
    verdicts: str = ""  # file of judgements
    lines: str = ""  # file of `ksftci coverage --lines`

    @property
    def guest(self) -> GuestOptions:
        """The guest that every kernel gets."""
        return GuestOptions(self.memory, append=self.append, swap_mb=self.swap)


class Judgement(_Strict):
    """A person's verdict on why a mutant survives; MEANINGS explains the verdicts."""

    name: Text
    verdict: Literal["equivalent", "slower", "state", "gap"]
    why: Text


class Judgements(_Strict):
    """The content of the file of judgements."""

    survivors: list[Judgement] = []


MEANINGS = {
    "equivalent": "no program can distinguish it from the unchanged kernel",
    "slower": "only the time differs, or a number of faults or flushes that the kernel may choose",
    "state": "needs a state that no scenario has",
    "gap": "a test could kill it and does not",
}
INDISTINGUISHABLE = ("equivalent", "slower")  # verdicts on mutants that no test can be expected to kill


def read(path: Path) -> Plan:
    """The plan in a file. Raises CiError with the place of every problem."""
    plan = read_mapping(path, Plan)
    for name, suite in plan.suites.items():
        if bool(suite.programs) == bool(suite.list):
            raise CiError(f"{path}: suite {name} has both of these, or neither; give programs, or list, a file of them")
    if not plan.curated and plan.sample is None:
        raise CiError(f"{path}: there are no mutants in it; give curated: FILE, or sample:")
    return plan


def suites(path: Path, plan: Plan, names: Collection[str]) -> dict[str, SuitePlan]:
    """The suites of these names, in the plan's order; all suites when there are no names.

    Raises CiError for a name that the plan at `path` does not have.
    """
    if unknown := set(names) - plan.suites.keys():
        raise CiError(f"{path}: there is no suite {', '.join(sorted(unknown))}; there are {', '.join(plan.suites)}")
    return {name: suite for name, suite in plan.suites.items() if not names or name in names}


def programs(path: Path, suite: SuitePlan) -> list[str]:
    """The programs of a suite of the plan at `path`, in the order in which they run."""
    if suite.programs:
        return list(suite.programs)
    return listed.read(path.parent / suite.list)


def judgements(path: Path, plan: Plan) -> dict[str, Judgement]:
    """Mutant to the judgement on it; empty when the plan at `path` names no file or the file does not exist yet."""
    file = path.parent / plan.verdicts
    if not plan.verdicts or not file.is_file():
        return {}
    return {entry.name: entry for entry in read_mapping(file, Judgements).survivors}
