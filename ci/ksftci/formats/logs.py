# SPDX-License-Identifier: GPL-2.0-only
"""Several logs that are read for one report."""

from collections.abc import Sequence
from pathlib import Path

from ksftci.errors import CiError
from ksftci.formats import record
from ksftci.formats.junitread import BrokenXml
from ksftci.results.model import Run, TestResult, Verdict

NO_RESULT = "no result of a test is in it"
UNREADABLE = "unreadable"  # the name of the result that stands for what was not read of a log


def read(paths: Sequence[Path]) -> tuple[list[Run], list[str], list[Path]]:
    """The runs in the logs, what could not be read of them, and the logs that have no result.

    Of several logs, one that cannot be read costs only its own results: an error stands for them, after those that are
    whole. Raises CiError when no log can be read.
    """
    runs: list[Run] = []
    unreadable: list[str] = []
    empty: list[Path] = []
    for path in paths:
        found, problem = _read(path)
        if problem:
            unreadable.append(problem)
        elif not any(run.results for run in found):
            empty.append(path)
            # A run that names its kernel, and JUnit XML, may have no test; any other log is no log.
            if len(paths) > 1 and found and not any(run.kernel for run in found):
                problem = f"{path}: {NO_RESULT}"
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
    return runs, unreadable, empty


def _read(path: Path) -> tuple[list[Run], str]:
    """What can be read of a log, and what is wrong with it; "" if all of it was read."""
    try:
        return record.read(path), ""
    except BrokenXml as err:
        return err.runs, str(err)
    except CiError as err:
        return [], str(err)
