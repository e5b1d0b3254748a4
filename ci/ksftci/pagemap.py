# SPDX-License-Identifier: GPL-2.0-only
"""The picture of the pages around a wrong one, as the generated tests draw it into their log."""

import re
from collections.abc import Iterable

_HEAD = re.compile(r"#? ?pages \d+\.\.\d+ of \d+\b.*")
_ROW = re.compile(r"#? {2,4}(?:folio|expected|wrong|shared|range) .*")


def page_map(log: Iterable[str]) -> list[str]:
    """The first map in a test's log, without the leading "# "; empty when there is none."""
    found: list[str] = []
    for line in log:
        if found and not _ROW.fullmatch(line):
            break
        if found or _HEAD.fullmatch(line):
            found.append(line.removeprefix("#").removeprefix(" "))
    return found
