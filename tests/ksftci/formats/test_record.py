# SPDX-License-Identifier: GPL-2.0-only
"""Logs are read as a stream: one program at a time, in memory that does not grow with the log."""

import tracemalloc
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from ksftci.errors import CiError
from ksftci.formats import record
from ksftci.ktap.parser import Parser
from ksftci.ktap.testlog import KEPT
from ksftci.results.model import Verdict


def programs(count: int, tests: int = 50) -> Iterator[str]:
    """Lines of runner.sh."""
    yield from ("TAP version 13", f"1..{count}")
    for program in range(1, count + 1):
        yield f"# selftests: mm: program{program}"
        for number in range(1, tests + 1):
            yield from (f"# # {'words ' * 10}", f"# ok {number} test{number}")
        yield f"# 1..{tests}"
        yield f"ok {program} selftests: mm: program{program}"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "run.log"
    path.write_text("\n".join([*programs(600), ""]))
    return path


def test_only_one_suite_of_a_log_is_in_memory(log: Path) -> None:
    suites = record.stream(log)
    first = next(suites)
    tracemalloc.start()
    for suite in suites:
        last = suite
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (first.program, last.program, len(last.results)) == ("mm:program1", "mm:program600", 50)
    assert log.stat().st_size > 2_400_000
    assert peak < 3_000_000, peak
    assert first.run is last.run and first.run.results == []


def test_read_gives_the_results_of_stream(log: Path) -> None:
    (run,) = record.read(log)
    assert [result.id for result in run.results] == [
        result.id for suite in record.stream(log) for result in suite.results
    ]
    assert run.anomalies == []


def test_the_size_of_a_block_changes_no_result(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with log.open("a") as file:
        file.writelines(f"{line}\n" for line in islice(programs(5), 400))  # a second stream, cut off
    large_blocks = [(result.id, result.verdict, result.log) for result in record.read(log)[0].results]
    monkeypatch.setattr(record, "_BLOCK", 1000)
    assert [(result.id, result.verdict, result.log) for result in record.read(log)[0].results] == large_blocks
    assert "mm:program1#2.test1" in {id for id, _, _ in large_blocks}


def test_a_log_is_shortened_in_its_middle_and_keeps_its_place() -> None:
    lines = [f"# line {number}" for number in range(5000)]
    lines[2500] = "# mprotect_cow.c:123:upgrade:Expected 1 (1) == 2 (2)"
    lines[4900] = "# later.c:7:upgrade:Expected 3 (3) == 4 (4)"
    at_once, by_line = Parser("p"), Parser("p")
    at_once.feed("\n".join([*lines, "not ok 1 a"]))
    for line in [*lines, "not ok 1 a"]:
        by_line.feed(line)
    for parser in (at_once, by_line):
        parser.finish()
        (result,) = parser.results
        assert result.log == [*lines[:KEPT], f"[{5000 - 2 * KEPT} lines left out]", *lines[-KEPT:]]
        assert (result.file, result.line, result.reason) == ("mprotect_cow.c", 123, "Expected 1 (1) == 2 (2)")


def test_a_very_long_line_is_cut() -> None:
    parser = Parser("p")
    parser.feed("# " + "x" * 10_000 + "\nok 1 a")
    parser.finish()
    assert parser.results[0].log == ["# " + "x" * 4094 + " [5906 characters left out]"]


def test_names_of_any_length_are_bounded_and_unique() -> None:
    parser = Parser("p")
    parser.feed("\n".join(f"{'# ' * depth}ok 1 {'x' * 300}" for depth in reversed(range(50))))
    parser.feed(f"ok 2 {'y' * 5000}a\nok 3 {'y' * 5000}b")
    parser.finish()
    assert max(len(result.name) for result in parser.results) <= 1000
    assert len({result.name for result in parser.results}) == 3


def test_a_single_result_stands_for_many_missing_tests() -> None:
    parser = Parser("p")
    parser.feed("1..1001\nok 1 a\n")
    parser.finish()
    assert len(parser.results) == 1001
    parser = Parser("p")
    parser.feed("1..999999999\nok 1 a\nok 7 b\n")
    parser.finish()
    assert [(result.name, result.verdict) for result in parser.results[2:]] == [("tests", Verdict.NOT_RUN)]
    assert parser.results[2].reason == "999999997 planned, never reported"


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CiError, match="No such file"):
        record.read(tmp_path / "no.log")


def test_runs_without_results_are_kept() -> None:
    runs = record.parse("# ksftci kernel: a\n# ksftci arch: arm64\nTAP version 13\n1..0\n# ksftci kernel: b\n", "x")
    assert [(run.kernel, run.arch, run.results) for run in runs] == [("a", "arm64", []), ("b", "", [])]
