# SPDX-License-Identifier: GPL-2.0-only
"""The file of a scenario as nodes."""

from __future__ import annotations

from pathlib import Path

from ksftgen.errors import SpecError
from plainyaml import reader
from plainyaml.node import Mapping
from plainyaml.problem import FileError, Problem


def read(path: Path) -> tuple[Mapping, list[Problem]]:
    """The keys of `path`, and the problems that leave them usable (a key given twice).

    Raises SpecError for a file that cannot be read or is no mapping in plain YAML.
    """
    try:
        root, problems = reader.read(path, "scenario")
    except FileError as error:
        raise SpecError(error.path, error.problems) from None
    if isinstance(root, Mapping):
        return root, problems
    empty = Problem(1, 1, "is empty; a scenario starts with scenario:, summary: and matrix:")
    wrong = root.problem("a scenario is a mapping of keys; it starts with scenario: NAME") if root else empty
    raise SpecError(str(path), [wrong])
