# SPDX-License-Identifier: GPL-2.0-only
"""Tests that run other tests of their folder, such as run.sh of futex/functional."""

import re
from collections.abc import Sequence
from pathlib import Path

from ksftci.host.elf import is_script
from ksftci.host.files import read_text

# A line that starts a program of the folder; the options that a variable holds, $COLOR, change no test.
_START = re.compile(r"\./(?P<name>[\w.-]+)(?P<words>(?:[ \t]+[^\s;|&]+)*)")
_VARIABLE = re.compile(r"\$\w+|\$\{\w+\}")
_OTHER = re.compile(r"#.*|echo\b[^;|&]*|")  # lines of a script that does nothing but run programs
_LEAST = 2  # programs; a script that starts one may have prepared something for it


def once(tests: Sequence[Path]) -> list[Path]:
    """The tests of a collection without those that others run as well, in their order.

    A script that only runs other tests is left out. A script that does more stays, and the tests that it runs without
    arguments are left out.
    """
    left_out: set[Path] = set()
    for script in tests:
        if script.is_file() and is_script(script):
            left_out |= _repeated(script, {test.name: test for test in tests if test.parent == script.parent})
    return [test for test in tests if test not in left_out]


def _repeated(script: Path, neighbours: dict[str, Path]) -> set[Path]:
    """What to leave out because a script runs it, or the script."""
    lines = [line.strip() for line in read_text(script).splitlines()]
    starts = [match for line in lines if (match := _START.fullmatch(line))]
    plain = {match["name"] for match in starts if all(map(_VARIABLE.fullmatch, match["words"].split()))}
    repeated = {neighbours[name] for name in plain & neighbours.keys()} - {script}
    if len(repeated) < _LEAST:
        return set()
    does_more = len(repeated) < len({match.group() for match in starts})
    does_more |= any(not _START.fullmatch(line) and not _OTHER.fullmatch(line) for line in lines)
    return repeated if does_more else {script}
