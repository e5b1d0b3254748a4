# SPDX-License-Identifier: GPL-2.0-only
"""The usual value of each measurement, kernel by kernel. An unusual value is a warning and fails no test."""

from dataclasses import dataclass, replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ksftci.host.yamlfile import ArchName, read_list
from ksftci.results.entry import Text
from ksftci.results.model import Measurement, Run, TestResult
from ksftci.results.release import kernel_version, matches_machine, version_numbers

_Finite = Annotated[float, Field(allow_inf_nan=False)]


def _release(text: str) -> str:
    if not all(part.isdecimal() and part.isascii() for part in text.split(".")):
        raise ValueError('is no release; allowed: "6.12"')
    return text


class UsualMeasure(BaseModel):
    """The usual values of one measurement of one test: an entry of a history."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    test: Text  # program.name
    measure: Text
    # Release to value; a value holds until the next release that is listed.
    kernels: Annotated[
        dict[Annotated[str, AfterValidator(_release)], Annotated[float, Field(gt=0, allow_inf_nan=False)]],
        Field(min_length=1),
    ]
    arch: ArchName | None = None
    page_size: Literal["4K", "16K", "64K"] | None = None
    accel: Literal["kvm", "tcg", "icount"] | None = None  # QEMU's, see machine/qemu.py
    within: Annotated[float, Field(gt=1, allow_inf_nan=False)] = (
        2.0  # factor: values up to so many times larger or smaller are usual
    )

    def concerns(self, run: Run) -> bool:
        """Whether the entry holds for the architecture, the page size and the accelerator of the run."""
        return matches_machine(run, self.arch, self.page_size) and self.accel in (None, run.environment.get("accel"))

    def usual(self, release: tuple[int, ...]) -> float | None:
        """The value of the newest listed kernel up to `release`; None if all listed kernels are newer."""
        values = {version_numbers(kernel): value for kernel, value in self.kernels.items()}
        newest = max((kernel for kernel in values if kernel <= release), default=None)
        return None if newest is None else values[newest]


@dataclass(frozen=True)
class History:
    """The usual measurements of a file, which is a YAML list of UsualMeasure."""

    entries: dict[tuple[str, str], list[UsualMeasure]]  # by test id and measurement

    @classmethod
    def read(cls, path: Path | None = None) -> "History":
        """The history of a file; without `path` the history that comes with ksftci.

        Raises CiError with every problem of the file, each with line and column.
        """
        if path is None:
            with as_file(files("ksftci.results").joinpath("history.yaml")) as included:
                return cls.read(included)
        entries: dict[tuple[str, str], list[UsualMeasure]] = {}
        for _, entry in read_list(path, UsualMeasure):
            entries.setdefault((entry.test, entry.measure), []).append(entry)
        return cls(entries)

    def judge(self, run: Run) -> None:
        """Add the usual value to each measurement of the run for which the history has a value."""
        release = kernel_version(run)
        if release is None:
            return
        for result in run.results:
            result.measured = tuple(
                self._with_usual(measurement, run, result, release) for measurement in result.measured
            )

    def _with_usual(
        self, measurement: Measurement, run: Run, result: TestResult, release: tuple[int, ...]
    ) -> Measurement:
        for entry in self.entries.get((result.id, measurement.name), []):
            usual = entry.usual(release) if entry.concerns(run) else None
            if usual is not None:
                return replace(measurement, usual=usual, within=entry.within)
        return measurement
