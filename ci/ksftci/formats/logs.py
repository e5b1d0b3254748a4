# SPDX-License-Identifier: GPL-2.0-only
"""Several logs that are read for one report."""

from collections.abc import Sequence
from pathlib import Path

from ksftci.errors import CiError
from ksftci.formats import junitread, record
from ksftci.formats.junitread import BrokenXml
from ksftci.formats.log import opened
from ksftci.host.files import STANDARD
from ksftci.results.model import Run, TestResult, Verdict

_PACKED = (b"\x1f\x8b", b"\xfd7zXZ", b"BZh", b"\x28\xb5\x2f\xfd", b"PK\x03\x04")  # gzip, xz, bzip2, zstd, zip
_A_LOG = 'a result is a line such as "ok 1 NAME" or "not ok 2 NAME"'
UNREADABLE = "unreadable"  # the name of the result that stands for what was not read of a log


def no_result(path: Path) -> str:
    """What to say of a log in which no result is, by its first bytes."""
    if path == STANDARD:
        return f"the standard input: no result of a test is in it; {_A_LOG}"
    try:
        with path.open("rb") as file:
            head = file.read(4096) if path.is_file() else b""
    except OSError:
        head = b""
    if head.startswith(_PACKED):
        why = "it is packed; unpack it first"
    elif b"\0" in head:
        why = "it is no text; give a log"
    elif head.lstrip().startswith(b"<"):
        why = "did any test run, and is it JUnit XML?"
    else:
        why = _A_LOG
    return f"{path}: no result of a test is in it; {why}"


def read(paths: Sequence[Path]) -> tuple[list[Run], list[str], list[Path]]:
    """The runs in the logs, what could not be read of them, and the logs that should have a result and have none.

    Of several logs, one that cannot be read costs only its own results: an error stands for them, after those that are
    whole. JUnit XML without a test is what a shard leaves that had nothing to run. Raises CiError when no log can be
    read.
    """
    runs: list[Run] = []
    unreadable: list[str] = []
    empty: list[Path] = []
    for path in paths:
        found, is_xml, problem = _read(path)
        if problem:
            unreadable.append(problem)
        elif not is_xml and not any(run.results for run in found):
            empty.append(path)
            if len(paths) > 1 and not any(run.kernel for run in found):  # it is no log at all
                problem = no_result(path)
        for run in found:
            if len(paths) > 1 and not run.kernel:  # told apart by the names of the files
                run.kernel = path.stem if [other.stem for other in paths].count(path.stem) == 1 else str(path)
        if problem:
            result = TestResult(str(path), UNREADABLE, Verdict.ERROR, problem)
            kernel = found[-1].kernel if found else path.stem
            found.append(Run(kernel, results=[result], anomalies=[problem]))
        runs += found
    if len(unreadable) == len(paths):
        raise CiError("\n".join(unreadable))
    return runs, unreadable, empty if any(run.results for run in runs) else list(paths)


def _read(path: Path) -> tuple[list[Run], bool, str]:
    """What can be read of a log, whether it is JUnit XML, and what is wrong with it; "" if all of it was read."""
    is_xml = False
    try:
        with opened(path) as log:
            is_xml = junitread.is_xml(log)
            return record.runs(log), is_xml, ""
    except BrokenXml as err:
        return err.runs, is_xml, str(err)
    except CiError as err:
        return [], is_xml, str(err)
