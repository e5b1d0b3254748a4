# SPDX-License-Identifier: GPL-2.0-only
"""How fast logs are read, and made into JUnit XML, and with how much memory, beside kunit.py and tap.py.

    python tests/bench/ktap.py [--tree TREE] [LINES...]

"to XML" is from a log to a file: kunit.py does it with its kunit_junit.py, tap.py's lines are given to junitparser.

Each reader has a process of its own for each log, so that its peak memory is its own, and the collector's thresholds
that ksftci's command line sets. Times are CPU seconds without the interpreter's start. A reader that is not there, or
cannot read the log, is left out.
"""

import argparse
import gc
import importlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

SIZES = (10_000, 100_000, 1_000_000)


def flat(lines: int) -> Iterator[str]:
    """One program's harness output, five lines a test: what all of the readers understand."""
    yield from ("TAP version 13", f"1..{lines // 5}")
    for number in range(1, lines // 5 + 1):
        name = f"mprotect_cow.order2_all_whole_read.case{number}"
        yield f"#  RUN           {name} ..."
        if number % 10:
            yield f"# parent, write, page {number}: 1 faults, expected 1"
            yield "# a comment, of the length that comments have"
            yield f"#            OK  {name}"
            yield f"ok {number} {name}"
        else:
            yield f"# mprotect_cow.c:{number}:case:Expected 0 (0) == area_write() (1)"
            yield "# case: Test failed"
            yield f"#          FAIL  {name}"
            yield f"not ok {number} {name}"


def runner(lines: int) -> Iterator[str]:
    """The same through runner.sh, a hundred tests a program."""
    programs = max(lines // 505, 1)
    yield from ("TAP version 13", f"1..{programs}")
    for number in range(1, programs + 1):
        yield from ("# timeout set to 900", f"# selftests: mm: program{number}")
        for line in flat(500):
            yield f"# {line}"
        yield f"not ok {number} selftests: mm: program{number} # exit=1"


def console(lines: int) -> Iterator[str]:
    """KUnit on a serial console: time stamps on every line, suites of twenty."""
    suites = max(lines // 45, 1)
    clock = 0.0
    for line in _kunit(suites):
        clock += 0.0001
        yield f"[{clock:12.6f}] {line}"


def _kunit(suites: int) -> Iterator[str]:
    yield from ("KTAP version 1", f"1..{suites}")
    for suite in range(1, suites + 1):
        yield from ("    KTAP version 1", f"    # Subtest: suite{suite}", "    1..20")
        for case in range(1, 21):
            yield f"    # case{case}: a line that the test printed"
            yield f"    ok {case} case{case}"
        yield f"# suite{suite}: pass:20 fail:0 skip:0 total:20"
        yield f"ok {suite} suite{suite}"


def noise(lines: int) -> Iterator[str]:
    """A chatty kernel, and hardly any KTAP."""
    yield from ("TAP version 13", "1..1")
    for number in range(lines):
        yield f"usb 1-{number % 9}: new high-speed USB device number {number}"
    yield "ok 1 quiet"


def repeated(text: str) -> Callable[[int], Iterator[str]]:
    """A log that is the same over and over, which must not cost more the longer it is."""
    return lambda lines: (line for _ in range(lines // (text.count("\n") + 1)) for line in text.split("\n"))


LOGS: dict[str, Callable[[int], Iterator[str]]] = {
    "flat": flat,
    "runner": runner,
    "console": console,
    "noise": noise,
    "same names": repeated("ok 1 same"),
    "second plans": repeated("1..999999999"),
    "streams": repeated("TAP version 13\n1..2\nok 1 a"),
    "names that are taken": repeated("ok 1 a#2\nok 2 a"),
    "cut programs": repeated("# selftests: mm: a\n# # ok 1 x"),
    "splats": repeated("[   10.000000] BUG: Bad page state"),
    "zigzag": repeated(f"{' ' * 200}ok 1 a\n {'# ' * 9}ok 1 b"),
}


def ksftci(path: Path, tree: Path | None) -> int:
    """Results that come out."""
    from ksftci.formats import record

    return sum(len(suite.results) for suite in record.stream(path))


def kunit(path: Path, tree: Path | None) -> int:
    """Cases that kunit.py counts; its printing goes nowhere."""
    if tree is None:
        raise ImportError
    sys.path.insert(0, str(tree / "tools/testing/kunit"))
    parser, printer = importlib.import_module("kunit_parser"), importlib.import_module("kunit_printer")
    with path.open(errors="replace") as file:
        return int(parser.parse_run_tests(file, printer.null_printer).counts.total())


def tap_py(path: Path, tree: Path | None) -> int:
    """Result lines that tap.py yields; it makes no tree of them."""
    parser = importlib.import_module("tap.parser").Parser()
    return sum(line.category == "test" for line in parser.parse_file(str(path)))


def ksftci_xml(path: Path, tree: Path | None) -> int:
    """Test cases that are written."""
    from ksftci.formats import junit, record

    with tempfile.TemporaryDirectory() as folder:
        junit.write(record.stream(path), Path(folder) / "out.xml")
        return cases_in(Path(folder) / "out.xml")


def kunit_xml(path: Path, tree: Path | None) -> int:
    """As above, by kunit.py's own writer, where the tree has one."""
    if tree is None:
        raise ImportError
    sys.path.insert(0, str(tree / "tools/testing/kunit"))
    names = ("kunit_parser", "kunit_printer", "kunit_junit")
    parser, printer, junit = (importlib.import_module(name) for name in names)
    with tempfile.TemporaryDirectory() as folder, path.open(errors="replace") as file:
        test = parser.parse_run_tests(file, printer.null_printer)
        junit.write_junit_result(test, f"{folder}/out.xml")
        return cases_in(Path(folder) / "out.xml")


def tap_py_xml(path: Path, tree: Path | None) -> int:
    """As above, by junitparser's writer; the tests have no logs."""
    parser, junitparser = importlib.import_module("tap.parser").Parser(), importlib.import_module("junitparser")
    suite = junitparser.TestSuite(path.stem)
    cases = []
    for line in parser.parse_file(str(path)):
        if line.category != "test":
            continue
        case = junitparser.TestCase(line.description, path.stem)
        if line.skip:
            case.result = [junitparser.Skipped(line.directive.text)]
        elif not line.ok:
            case.result = [junitparser.Failure("failed")]
        cases.append(case)
    suite.add_testcases(cases)
    document = junitparser.JUnitXml()
    document.add_testsuite(suite)
    with tempfile.TemporaryDirectory() as folder:
        document.write(f"{folder}/out.xml")
        return cases_in(Path(folder) / "out.xml")


def cases_in(path: Path) -> int:
    """How many test cases a file has."""
    with path.open("rb") as file:
        return sum(line.count(b"<testcase ") for line in file)


READERS: dict[str, Callable[[Path, Path | None], int]] = {
    "ksftci": ksftci,
    "kunit.py": kunit,
    "tap.py": tap_py,
    "ksftci to XML": ksftci_xml,
    "kunit.py to XML": kunit_xml,
    "tap.py to XML": tap_py_xml,
}


def one(reader: str, path: Path, tree: Path | None) -> None:
    """Read the log and print what it took, as JSON; nothing when the reader is not there."""
    try:
        READERS[reader](Path("/dev/null"), tree)
    except ImportError:
        return
    gc.set_threshold(100_000, 50, 100)
    before = peak_kb()
    start = time.process_time()
    results = READERS[reader](path, tree)
    seconds = time.process_time() - start
    print(json.dumps({"results": results, "seconds": seconds, "mb": (peak_kb() - before) / 1024}))


def peak_kb() -> int:
    """The most memory that this process has had; ru_maxrss would count its parent's, too."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lines", nargs="*", type=int, default=SIZES)
    parser.add_argument("--tree", type=Path, help="a kernel tree, for its kunit_parser.py")
    parser.add_argument("--one", choices=READERS, help=argparse.SUPPRESS)
    parser.add_argument("--log", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        one(args.one, args.log, args.tree)
        return
    print(f"{'log':20} {'lines':>8}  {'reader':15} {'results':>8} {'lines/s':>9} {'MB more':>8}  time to ksftci's")
    with tempfile.TemporaryDirectory() as folder:
        for kind, make in LOGS.items():
            for count in args.lines:
                path = Path(folder) / f"{kind}.log"
                with path.open("w") as file:
                    file.writelines(f"{line}\n" for line in make(count))
                compare(kind, count, path, args.tree)


def compare(kind: str, count: int, path: Path, tree: Path | None) -> None:
    """A line for each reader."""
    ours = 0.0
    for reader in READERS:
        if reader.startswith("ksftci"):
            ours = 0.0  # what follows is compared with it
        argv = [sys.executable, __file__, "--one", reader, "--log", str(path)]
        argv += ["--tree", str(tree)] if tree else []
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if not done.stdout:
            why = done.stderr.strip().rpartition("\n")[2]
            print(f"{kind:20} {count:8}  {reader:15} {why or 'is not there'}")
            continue
        took = json.loads(done.stdout.splitlines()[-1])
        ours = ours or took["seconds"]
        print(
            f"{kind:20} {count:8}  {reader:15} {took['results']:8} {count / took['seconds']:9.0f} "
            f"{took['mb']:8.1f}  {took['seconds'] / ours:.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
