# SPDX-License-Identifier: GPL-2.0-only
"""What kernels used to measure: a number far from it is worth a warning, and never fails a test."""

from dataclasses import dataclass, replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ksftci.host.yamlfile import read_list
from ksftci.results.known import Text
from ksftci.results.model import Run, TestResult
from ksftci.results.release import numbers, on_machine, version


def _release(text: str) -> str:
    if not all(part.isdecimal() and part.isascii() for part in text.split(".")):
        raise ValueError('is no release; allowed: "6.12"')
    return text


class UsualMeasure(BaseModel):
    """What one test measured, on the kernels on which that changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    test: Text  # program.name
    measure: Text
    kernels: Annotated[
        dict[Annotated[str, AfterValidator(_release)], Annotated[float, Field(gt=0)]], Field(min_length=1)
    ]
    arch: Literal["arm64", "x86_64"] | None = None
    page_size: Literal["4K", "16K", "64K"] | None = None
    accel: Literal["kvm", "tcg", "icount"] | None = None  # of QEMU, see machine/qemu.py
    within: Annotated[float, Field(gt=1)] = 2.0  # so many times more or less are usual, too

    def concerns(self, run: Run) -> bool:
        """Whether it is about machines like that of this run."""
        return on_machine(run, self.arch, self.page_size) and self.accel in (None, run.environment.get("accel"))

    def usual(self, release: tuple[int, ...]) -> float | None:
        """What the newest kernel measured that is not after `release`; None for one before all."""
        before = {numbers(kernel): value for kernel, value in self.kernels.items() if numbers(kernel) <= release}
        return before[max(before)] if before else None


@dataclass(frozen=True)
class History:
    """A file of them: a YAML list."""

    entries: dict[tuple[str, str], list[UsualMeasure]]  # by test and measurement

    @classmethod
    def read(cls, path: Path | None = None) -> "History":
        """Ours without a path. Raises CiError with every problem of the file, each with line and column."""
        if path is None:
            with as_file(files("ksftci.results").joinpath("history.yaml")) as ours:
                return cls.read(ours)
        entries: dict[tuple[str, str], list[UsualMeasure]] = {}
        for _, entry in read_list(path, UsualMeasure):
            entries.setdefault((entry.test, entry.measure), []).append(entry)
        return cls(entries)

    def judge(self, run: Run) -> None:
        """Note beside each number what it usually is, where that is known."""
        release = version(run)
        if release is None:
            return
        for result in run.results:
            if result.measured:
                self._note(run, result, release)

    def _note(self, run: Run, result: TestResult, release: tuple[int, ...]) -> None:
        noted = []
        for one in result.measured:
            entries = [entry for entry in self.entries.get((result.id, one.name), []) if entry.concerns(run)]
            found = next((entry for entry in entries if entry.usual(release) is not None), None)
            noted.append(replace(one, usual=found.usual(release), within=found.within) if found else one)
        result.measured = tuple(noted)
