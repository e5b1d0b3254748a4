# SPDX-License-Identifier: GPL-2.0-only
"""The logs that the kernel's kunit_parser.py is tested with: how it counts them, and how ksftci does."""

import importlib
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from ksftci.formats import record

KUNIT = "tools/testing/kunit"
KINDS = {"passed": ("pass",), "failed": ("fail",), "crashed": ("crash", "not_run"), "skipped": ("skip",)}
# Log: (what ksftci counts, why that differs).
DIFFERENT = {
    "test_is_test_passed-kselftest": (
        {"passed": 4, "skipped": 1},
        "the results inside a program of runner.sh count, not the program",
    ),
    "test_output_isolated_correctly": (
        {"passed": 2, "failed": 1},
        "the kernel warned before the first test; what it complains of fails",
    ),
    "test_is_test_passed-no_tests_run_no_header": (
        {"crashed": 1},
        "the kernel panicked and there is no result; kunit_parser.py counts an error of its own",
    ),
}

pytestmark = pytest.mark.tree


def counted_by_kunit(tree: Path, log: Path) -> dict[str, int]:
    sys.path.insert(0, str(tree / KUNIT))
    try:
        parser = importlib.import_module("kunit_parser")
        printer = importlib.import_module("kunit_printer")
    finally:
        sys.path.pop(0)
    with log.open(encoding="utf-8", errors="replace") as file:
        counts = parser.parse_run_tests(file.readlines(), printer.Printer(print=False)).counts
    return {kind: number for kind in KINDS if (number := getattr(counts, kind))}


def counted(log: Path) -> dict[str, int]:
    verdicts = Counter(result.verdict.value for run in record.read(log) for result in run.results)
    counts = {kind: sum(verdicts.pop(verdict, 0) for verdict in of_kind) for kind, of_kind in KINDS.items()}
    assert not verdicts
    return {kind: number for kind, number in counts.items() if number}


def test_kunits_logs(tree: Callable[[str], Path]) -> None:
    folder = tree("debian:7.3")
    logs = sorted((folder / KUNIT / "test_data").glob("*.log"))
    assert len(logs) == 24
    for log in logs:
        expected, _why = DIFFERENT.get(log.stem, (counted_by_kunit(folder, log), ""))
        assert counted(log) == expected, log.name


def test_the_place_of_a_failed_expectation(tree: Callable[[str], Path]) -> None:
    (run,) = record.read(tree("debian:7.3") / KUNIT / "test_data/test_is_test_passed-failure.log")
    (failure,) = [result for result in run.results if result.verdict.bad]
    assert (failure.file, failure.line) == ("lib/kunit/example-test.c", 30)
    assert failure.reason == "Expected 1 + 1 == 3, but 1 + 1 == 2, 3 == 3"
