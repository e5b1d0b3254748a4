# SPDX-License-Identifier: GPL-2.0-only
"""Several logs that are read for one report."""

from collections.abc import Sequence
from pathlib import Path

from ksftci.errors import CiError
from ksftci.formats import junitread, record
from ksftci.formats.junitread import BrokenXml
from ksftci.formats.log import opened
from ksftci.results.model import Run, TestResult, Verdict

NO_RESULT = "no result of a test is in it"
UNREADABLE = "unreadable"  # the name of the result that stands for what was not read of a log


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
