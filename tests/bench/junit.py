# SPDX-License-Identifier: GPL-2.0-only
"""How long JUnit XML takes to write and read, and how much memory, beside junitparser on the same cases:

    python tests/bench/junit.py [CASES...]

Each writer and reader runs in a process of its own. One case in ten fails, each has a log of five lines;
a suite has a thousand cases. junitparser has lxml, which is faster than what it has without.
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import junitparser

from ksftci.formats import junit, record
from ksftci.results.model import ProgramRun, Run, TestResult, Verdict

_PER_SUITE = 1000
_LOG = [f"# line {number} of what the test printed" for number in range(5)]
_WAYS = ("ours: write", "junitparser: write", "ours: read", "junitparser: read")


def main(sizes: list[int]) -> None:
    print(f"{'':20}{'cases':>10}{'seconds':>9}{'us a case':>11}{'peak MB':>9}{'file MB':>9}")
    for cases in sizes:
        with tempfile.TemporaryDirectory() as folder:
            taken = {way: _measure(way, cases, Path(folder)) for way in _WAYS}
        for verb in ("write", "read"):
            (seconds, peak), (their_seconds, their_peak) = taken[f"ours: {verb}"], taken[f"junitparser: {verb}"]
            print(f"{verb}, ours to junitparser: time {seconds / their_seconds:.2f}, memory {peak / their_peak:.2f}")


def _measure(way: str, cases: int, folder: Path) -> tuple[float, float]:
    """Seconds, and MB at the peak, of one way in a process of its own."""
    path = folder / f"{way.partition(':')[0]}.xml"
    argv = [sys.executable, __file__, way, str(cases), str(path)]
    words = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.split()
    seconds, peak = float(words[0]), int(words[1]) / 1024
    size = path.stat().st_size / 2**20
    print(f"{way:20}{cases:10}{seconds:9.2f}{seconds / cases * 1e6:11.1f}{peak:9.0f}{size:9.0f}", flush=True)
    return seconds, peak


def _one(way: str, cases: int, path: Path) -> None:
    sizes = [min(_PER_SUITE, cases - start) for start in range(0, cases, _PER_SUITE)]
    if way.startswith("ours"):
        start = time.perf_counter()
        if way.endswith("write"):
            junit.write(_our_suites(sizes), path)
        else:
            assert sum(len(run.results) for run in record.read(path)) == cases
    else:
        start = time.perf_counter()
        if way.endswith("write"):
            document = junitparser.JUnitXml()
            for number, size in enumerate(sizes):
                suite = junitparser.TestSuite(f"program{number}")
                suite.add_testcases(list(_their_cases(number, size)))
                document.add_testsuite(suite)
            document.write(str(path))
        else:
            found = [case.result for suite in junitparser.JUnitXml.fromfile(str(path)) for case in suite]
            assert len(found) == cases
    seconds = time.perf_counter() - start
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def _our_suites(sizes: list[int]) -> Iterator[ProgramRun]:
    run = Run("debian:7.3", "arm64", {"release": "7.3.4"})
    for number, size in enumerate(sizes):
        program = f"program{number}"
        results = [
            TestResult(program, f"cow.thp{n}.up", Verdict.PASS, "", 0.1, list(_LOG))
            if n % 10
            else TestResult(program, f"cow.thp{n}.up", Verdict.FAIL, "Expected 1", 0.1, list(_LOG), "cow.c", 7)
            for n in range(size)
        ]
        yield ProgramRun(run, program, results)


def _their_cases(number: int, size: int) -> Iterator[junitparser.TestCase]:
    text = "\n".join(_LOG)
    for n in range(size):
        case = junitparser.TestCase("up", f"debian:7.3.program{number}.cow.thp{n}", 0.1)
        if n % 10:
            case.system_out = text
        else:
            failure = junitparser.Failure("Expected 1", "fail")
            failure.text = text
            case.result = [failure]
        yield case


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] in _WAYS:
        _one(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
    else:
        main([int(size) for size in sys.argv[1:]] or [10**5, 10**6])
