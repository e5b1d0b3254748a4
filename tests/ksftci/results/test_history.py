# SPDX-License-Identifier: GPL-2.0-only
"""Measurements are compared with the usual value in a history of kernels."""

from pathlib import Path

import pytest

from ksftci.errors import CiError
from ksftci.results.history import History
from ksftci.results.model import Measurement, Run, TestResult, Verdict, exit_status

ENTRY = """\
- test: mprotect_perf.order4_read.toggle
  measure: of_base
  arch: arm64
  kernels: {6.8: 1.8, 6.17: 0.3}
"""


def measuring(value: float) -> TestResult:
    measured = (Measurement("of_base", value, "ratio"),)
    return TestResult("mprotect_perf", "order4_read.toggle", Verdict.PASS, measured=measured)


def judged(tmp_path: Path, release: str, value: float, arch: str = "arm64") -> Measurement:
    """The measurement of a run after the history has judged the run."""
    file = tmp_path / "history.yaml"
    file.write_text(ENTRY)
    result = measuring(value)
    run = Run(f"debian:{release}", arch, {"release": f"{release}.4-cloud"}, [result])
    History.read(file).judge(run)
    assert exit_status([run]) == 0
    return result.measured[0]


@pytest.mark.parametrize(
    "release, value, usual, unusual",
    [
        ("6.16", 1.8, 1.8, False),
        ("6.16", 0.3, 1.8, True),
        ("6.17", 0.3, 0.3, False),
        ("7.3", 0.55, 0.3, False),
        ("7.3", 0.61, 0.3, True),
        ("7.3", 0.14, 0.3, True),
        ("6.1", 99.0, None, False),
    ],
)
def test_the_usual_value_is_that_of_the_newest_kernel_up_to_the_release(
    tmp_path: Path, release: str, value: float, usual: float | None, unusual: bool
) -> None:
    measurement = judged(tmp_path, release, value)
    assert (measurement.usual, measurement.unusual) == (usual, unusual)


def test_an_entry_may_name_the_accelerator_and_how_far_is_unusual(tmp_path: Path) -> None:
    file = tmp_path / "history.yaml"
    file.write_text(f"{ENTRY}  accel: icount\n  within: 1.2\n")
    unusual = []
    for accel in ("icount", "tcg"):
        result = measuring(0.37)
        History.read(file).judge(Run("debian:7.3", "arm64", {"accel": accel}, [result]))
        unusual.append(result.measured[0].unusual)
    assert unusual == [True, False]


def test_an_entry_is_for_one_architecture(tmp_path: Path) -> None:
    assert judged(tmp_path, "7.3", 99, "x86_64").usual is None


def test_an_error_in_a_history_names_its_line(tmp_path: Path) -> None:
    file = tmp_path / "history.yaml"
    file.write_text(ENTRY.replace("6.8:", "old:").replace("1.8", "fast"))
    with pytest.raises(CiError) as caught:
        History.read(file)
    assert str(caught.value).startswith(f"{file}:4:")


def test_the_default_history_can_be_read() -> None:
    assert History.read().entries
