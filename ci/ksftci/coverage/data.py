# SPDX-License-Identifier: GPL-2.0-only
"""A comparison as JSON, for other programs."""

import hashlib
import json
from typing import Any

from ksftci.coverage.compare import Comparison


def lines(comparison: Comparison) -> str:
    """{"programs": [NAME, ...], "files": {FILE: {"sha256": DIGEST, "lines": [ENTRY, ...]}}}.

    An entry is {"of": [LINE, ...], "run_by": [NAME, ...]}. Each compiled line is in one entry, together with all
    lines that the same programs execute (`Comparison.deciding_programs`). `programs` are those whose counters are
    complete, by the names that `ksftci run` gives them. DIGEST is that of the source file.
    """
    lost = {name for suite in comparison.suites for name in suite.lost}
    complete = dict.fromkeys(name for suite in comparison.suites for name in suite.profiles if name not in lost)
    files = {}
    for file, programs_of in comparison.deciding_programs().items():
        lines_of: dict[tuple[str, ...], list[int]] = {}
        for line, names in sorted(programs_of.items()):
            lines_of.setdefault(tuple(names), []).append(line)
        digest = hashlib.sha256(comparison.sources[file].encode()).hexdigest()
        entries = [{"of": numbers, "run_by": names} for names, numbers in lines_of.items()]
        files[file] = {"sha256": digest, "lines": entries}
    return _text({"programs": list(complete), "files": files})


def render(comparison: Comparison) -> str:
    """The whole comparison.

    In `functions` and `lines`, `ran`, `taken` and `counts` have a number for each suite, by its name; `branches` of
    a line says how often each of its branches was taken. `needs` is null for a line without a note.
    """
    names = [suite.name for suite in comparison.suites]
    totals = {suite.name: suite.total for suite in comparison.suites}
    programs = comparison.programs()
    return _text(
        {
            "kernel": comparison.kernel,
            "suites": {s.name: {"programs": list(s.profiles), "lost": s.lost} for s in comparison.suites},
            "functions": [
                {
                    "file": function.file,
                    "name": function.name,
                    "lines": len(function.lines),
                    "branches": len(function.branches),
                    "ran": {name: len(function.executed(total)) for name, total in totals.items()},
                    "taken": {name: len(function.taken(total)) for name, total in totals.items()},
                }
                for function in comparison.functions
            ],
            "lines": [
                {
                    "file": line.file,
                    "line": line.number,
                    "function": line.function,
                    "code": line.code,
                    "counts": dict(zip(names, line.counts, strict=True)),
                    "branches": dict(zip(names, map(list, line.branches), strict=True)),
                    "programs": programs[line.file][line.number],
                    "needs": line.note.needs if line.note else None,
                    "why": line.note.why if line.note else None,
                }
                for line in comparison.lines()
            ],
        }
    )


def _text(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
