# SPDX-License-Identifier: GPL-2.0-only
"""Logs of runs: written as runner.sh would print them, read from whoever printed them."""

import re
from collections.abc import Sequence
from pathlib import Path

from ksftci import junitread
from ksftci.files import read_text
from ksftci.ktap import Parser
from ksftci.ktapline import clean
from ksftci.results import Run, TestResult

_HEAD = re.compile(r"# ksftci (\w+): (.*)")
_OUTER = re.compile(r"selftests: (?:(?P<folder>[\w./-]+): )?(?P<program>[^/]+)(?:/(?P<name>.*))?")


def write(runs: Sequence[Run]) -> str:
    """KTAP of all runs, one stream after the other, each program's lines behind "# "."""
    lines: list[str] = []
    for run in runs:
        facts = {"kernel": run.kernel, "arch": run.arch, "run": str(run.repeat), **run.environment}
        lines += [f"# ksftci {name}: {value}" for name, value in facts.items()]
        lines += ["TAP version 13", *run.console]
        lines.append(f"1..{sum(1 for line in run.console if not line.startswith('#'))}")
    return "\n".join([*lines, ""])


def read(path: Path) -> list[Run]:
    """The runs in a log, or in JUnit XML: several if we wrote it, else one that is called after the file.

    Raises CiError when the file cannot be read; whatever is in a log, that is no error.
    """
    if junitread.is_xml(path):
        return junitread.read(path)
    return parse(read_text(path), path.stem)


def parse(text: str, name: str) -> list[Run]:
    """As `read`, of the text itself."""
    runs: list[Run] = []
    parser: Parser | None = None
    for line in text.split("\n"):
        head = _HEAD.fullmatch(clean(line))
        if head and head[1] == "kernel":
            if parser is not None:
                _finish(runs[-1] if runs else _add(runs, name), parser)
            parser = None
            _add(runs, head[2])
        elif head and runs and parser is None:
            _fact(runs[-1], head[1], head[2])
        else:
            parser = parser or Parser(name)
            parser.feed(line)
    if parser is not None:
        _finish(runs[-1] if runs else _add(runs, ""), parser)
    return runs


def _add(runs: list[Run], kernel: str) -> Run:
    runs.append(Run(kernel))
    return runs[-1]


def _fact(run: Run, name: str, value: str) -> None:
    if name == "arch":
        run.arch = value
    elif name == "run":
        run.repeat = int(value) if value.isdigit() else 1
    else:
        run.environment[name] = value


def _finish(run: Run, parser: Parser) -> None:
    parser.finish()
    run.results += [_regroup(result) for result in parser.results]
    run.anomalies += parser.anomalies


def _regroup(result: TestResult) -> TestResult:
    """Take the program from the outer test's name, "selftests: mm: cow/name"."""
    if match := _OUTER.fullmatch(result.name):
        folder = f"{match['folder']}:" if match["folder"] else ""
        result.program = folder + match["program"].strip()
        result.name = match["name"] or "exit"
    return result
