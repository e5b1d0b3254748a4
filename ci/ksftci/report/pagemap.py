# SPDX-License-Identifier: GPL-2.0-only
"""The picture of the pages around a wrong one, as the generated tests draw it into their log."""

import re
from collections.abc import Iterable

_HEAD = re.compile(r"(?P<nesting>(?:# ?)*)(?P<text>pages \d+\.\.\d+ of \d+\b.*)")
_ROW = re.compile(r" {1,4}(?:folio|expected|wrong|shared|range) .*")


def page_map(log: Iterable[str]) -> list[str]:
    """The first map in a test's log, without the "# " of every level above; empty when there is none."""
    found: list[str] = []
    nesting = ""
    for line in log:
        if not found:
            if head := _HEAD.fullmatch(line):
                nesting = head["nesting"]
                found.append(head["text"])
            continue
        row = line.removeprefix(nesting)
        if not line.startswith(nesting) or not _ROW.fullmatch(row):
            break
        found.append(row)
    return found
