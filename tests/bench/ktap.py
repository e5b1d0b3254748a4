# SPDX-License-Identifier: GPL-2.0-only
"""How fast logs are read, and with how much memory, beside kunit_parser and tap.py.

    python tests/bench/ktap.py [--tree TREE] [LINES...]

Each reader has a process of its own for each log, so that its peak memory is its own. Times are CPU
seconds without the interpreter's start. A reader that is not there, or cannot read the log, is left out.
"""

import argparse
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


LOGS: dict[str, Callable[[int], Iterator[str]]] = {
    "flat": flat,
    "runner": runner,
    "console": console,
    "noise": noise,
}


def ksftci(path: Path, tree: Path | None) -> int:
    """Results that come out."""
    from ksftci import record

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


READERS: dict[str, Callable[[Path, Path | None], int]] = {"ksftci": ksftci, "kunit_parser": kunit, "tap.py": tap_py}


def one(reader: str, path: Path, tree: Path | None) -> None:
    """Read the log and print what it took, as JSON; nothing when the reader is not there."""
    try:
        READERS[reader](Path("/dev/null"), tree)
    except ImportError:
        return
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
    print(f"{'log':10} {'lines':>8}  {'reader':13} {'results':>8} {'lines/s':>9} {'MB more':>8}  time to ksftci's")
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
        argv = [sys.executable, __file__, "--one", reader, "--log", str(path)]
        argv += ["--tree", str(tree)] if tree else []
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if not done.stdout:
            why = done.stderr.strip().rpartition("\n")[2]
            print(f"{kind:10} {count:8}  {reader:13} {why or 'is not there'}")
            continue
        took = json.loads(done.stdout.splitlines()[-1])
        ours = ours or took["seconds"]
        print(
            f"{kind:10} {count:8}  {reader:13} {took['results']:8} {count / took['seconds']:9.0f} "
            f"{took['mb']:8.1f}  {took['seconds'] / ours:.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
