# SPDX-License-Identifier: GPL-2.0-only
"""When results are compared with known issues and with usual measurements."""

from datetime import date
from pathlib import Path

import pytest

from ksftci.errors import CiError
from ksftci.results.judge import Judge
from ksftci.results.model import KNOWN_ISSUES, Measurement, Run, TestResult, Verdict

KNOWN = """\
- test: cow.fork
  reason: folios are split too late
  link: https://lore.kernel.org/linux-mm/1@example.org/
  expires: 2026-01-31
"""
HISTORY = """\
- test: perf.read
  measure: time
  kernels: {"6.12": 400}
  within: 3
"""
LAST_DAY, NEXT_DAY = date(2026, 1, 31), date(2026, 2, 1)


@pytest.fixture
def known(tmp_path: Path) -> Path:
    path = tmp_path / "known.yaml"
    path.write_text(KNOWN)
    return path


@pytest.fixture
def history(tmp_path: Path) -> Path:
    path = tmp_path / "history.yaml"
    path.write_text(HISTORY)
    return path


def make_run() -> Run:
    """A run with an expected failure and a measurement."""
    run = Run("debian:6.12", "arm64", {"release": "6.12.1"})
    run.results = [
        TestResult("cow", "fork", Verdict.FAIL),
        TestResult("perf", "read", Verdict.PASS, measured=(Measurement("time", 500.0, "ns"),)),
    ]
    return run


def usual_values(run: Run) -> list[tuple[float | None, float]]:
    return [(measurement.usual, measurement.within) for result in run.results for measurement in result.measured]


def test_after_an_attempt_an_expected_failure_is_known(known: Path, history: Path) -> None:
    run = make_run()
    Judge.read(known, history).attempt(run)
    assert [result.verdict for result in run.results] == [Verdict.XFAIL, Verdict.PASS]
    assert run.results[0].known == "folios are split too late (https://lore.kernel.org/linux-mm/1@example.org/)"
    assert usual_values(run) == [(None, 2.0)]  # only after the last attempt


def test_at_the_end_each_run_gets_its_usual_measurements(known: Path, history: Path) -> None:
    runs = [make_run(), make_run()]
    Judge.read(known, history).finish(iter(runs), LAST_DAY)
    assert [usual_values(run) for run in runs] == [[(400.0, 3.0)], [(400.0, 3.0)]]
    assert [result.verdict for result in runs[0].results] == [Verdict.FAIL, Verdict.PASS]


def test_at_the_end_an_expired_issue_fails_in_each_run(known: Path, history: Path) -> None:
    judge, runs = Judge.read(known, history), [make_run(), make_run()]
    judge.finish(runs, LAST_DAY)
    assert not [result for run in runs for result in run.results if result.program == KNOWN_ISSUES]
    judge.finish(runs, NEXT_DAY)
    assert [run.results[-1].id for run in runs] == [f"{KNOWN_ISSUES}.cow.fork"] * 2


def test_without_known_issues_results_stay_as_they_are(history: Path) -> None:
    judge, run = Judge.read(None, history), make_run()
    judge.attempt(run)
    judge.finish([run], NEXT_DAY)
    assert [(result.id, result.verdict) for result in run.results] == [
        ("cow.fork", Verdict.FAIL),
        ("perf.read", Verdict.PASS),
    ]
    assert usual_values(run) == [(400.0, 3.0)]


def test_the_history_of_ksftci_is_the_default() -> None:
    assert Judge.read(None).history.entries


def test_a_problem_of_a_file_is_an_error(known: Path, history: Path) -> None:
    with pytest.raises(CiError, match=r"history\.yaml"):
        Judge.read(history, history)
    with pytest.raises(CiError, match=r"known\.yaml"):
        Judge.read(known, known)
