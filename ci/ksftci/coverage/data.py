# SPDX-License-Identifier: GPL-2.0-only
"""A comparison as JSON, for other programs."""

import hashlib
import json
from typing import Any

from ksftci.coverage.compare import Comparison


def lines(found: Comparison) -> str:
    """{"programs": [NAME, ...], "files": {FILE: {"sha256": DIGEST, "lines": [ENTRY, ...]}}}.

    An entry is {"of": [LINE, ...], "run_by": [NAME, ...]}; each compiled line is in one, with all lines that the same
    programs run, as `deciding` has it. `programs` are those that nothing was lost of, as `ksftci run` calls them. The
    digest is that of the source file.
    """
    lost = {name for suite in found.suites for name in suite.lost}
    measured = dict.fromkeys(name for suite in found.suites for name in suite.profiles if name not in lost)
    files = {}
    for file, ran_by in found.deciding().items():
        alike: dict[tuple[str, ...], list[int]] = {}
        for line, names in sorted(ran_by.items()):
            alike.setdefault(tuple(names), []).append(line)
        digest = hashlib.sha256(found.sources[file].encode()).hexdigest()
        files[file] = {"sha256": digest, "lines": [{"of": of, "run_by": names} for names, of in alike.items()]}
    return _text({"programs": list(measured), "files": files})


def render(found: Comparison) -> str:
    """All of it.

    `functions` and `lines` have a number for each suite, by its name; `branches` is how often each
    branch of a line was taken. `needs` is null for a line that no note is about.
    """
    names = [suite.name for suite in found.suites]
    totals = {suite.name: suite.total for suite in found.suites}
    programs = found.programs()
    return _text(
        {
            "kernel": found.kernel,
            "suites": {suite.name: {"programs": list(suite.profiles), "lost": suite.lost} for suite in found.suites},
            "functions": [
                {
                    "file": part.file,
                    "name": part.function.name,
                    "lines": len(part.lines),
                    "branches": len(part.branches),
                    "ran": {name: len(part.ran(total)) for name, total in totals.items()},
                    "taken": {name: len(part.taken(total)) for name, total in totals.items()},
                }
                for part in found.parts
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
                for line in found.lines()
            ],
        }
    )


def _text(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
