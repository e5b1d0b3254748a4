# SPDX-License-Identifier: GPL-2.0-only
"""Changes of cases: whose names come and go when a program is rendered again.  The history of a CI hangs on names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

# Names that a line shows of those that came, and of those that went.
_SHOWN = 5
_CASE = re.compile(r"^FIXTURE_VARIANT_ADD\(\w+,\s+(\w+)\)", re.MULTILINE)


def case_names(source: str) -> list[str]:
    """The names of the cases in the C source of a program, in their order."""
    return _CASE.findall(source)


def changed_cases(folder: Path, files: Mapping[str, str]) -> list[str]:
    """A line for each program in `folder` that has other cases than `files`, the text that replaces it, by name.

    A program that is not there yet, or cannot be read, has no line.
    """
    lines = []
    for name, text in files.items():
        path = folder / name
        try:
            if not path.is_file():  # a FIFO would be waited for
                continue
            present = path.read_text(errors="replace")
        except OSError:
            continue
        line = describe(case_names(present), case_names(text))
        if line:
            lines.append(f"{path.stem}: {line}")
    return lines


def describe(before: Iterable[str], after: Iterable[str]) -> str:
    """What came and what went, such as ``3 cases came (a, b, c), 1 went (d)``; empty if nothing did."""
    old, new = dict.fromkeys(before), dict.fromkeys(after)
    came = [name for name in new if name not in old]
    went = [name for name in old if name not in new]
    parts = []
    if came:
        parts.append(f"{len(came)} {'case' if len(came) == 1 else 'cases'} came ({_some(came)})")
    if went:
        noun = "" if came else " case" if len(went) == 1 else " cases"
        parts.append(f"{len(went)}{noun} went ({_some(went)})")
    return ", ".join(parts)


def _some(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join([*names[:_SHOWN], f"and {more} more"] if more > 0 else names)
