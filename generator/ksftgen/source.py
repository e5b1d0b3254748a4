# SPDX-License-Identifier: GPL-2.0-only
"""A scenario file as YAML nodes, and the problems reported in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ksftgen.errors import SpecError
from plainyaml import node as yaml
from plainyaml import reader
from plainyaml.problem import FileError, Problem


def read(path: Path) -> tuple[yaml.Mapping, list[Problem]]:
    """The top-level mapping of `path`, and problems that leave it usable: a key that is given twice.

    Raises SpecError for a file that cannot be read or is not a mapping in plain YAML.
    """
    try:
        root, problems = reader.read(path, "scenario")
    except FileError as error:
        raise SpecError(error.path, error.problems) from None
    if isinstance(root, yaml.Mapping):
        return root, problems
    empty = Problem(1, 1, "the file is empty; a scenario starts with scenario: and summary:")
    wrong = root.problem("a scenario is a mapping of keys; it starts with scenario: NAME") if root else empty
    raise SpecError(str(path), [wrong])


def entries(node: yaml.Node | None) -> Sequence[yaml.Node]:
    """The entries of a list; none if the node is missing or is not a list."""
    return node.items if isinstance(node, yaml.Sequence) else ()


class Document:
    """The top-level mapping of a scenario file, and the problems reported in it so far.

    `faulty` are the places (line, column) of the problems that the document starts with.  `report` adds no second
    problem there, and `words` leaves these places out.
    """

    def __init__(self, root: yaml.Mapping, problems: list[Problem]) -> None:
        self.root = root
        self.problems = problems
        self.faulty = frozenset((problem.line, problem.column) for problem in problems)

    def report(self, problem: Problem) -> None:
        """Add `problem`, unless its place is faulty."""
        if (problem.line, problem.column) not in self.faulty:
            self.problems.append(problem)

    def value(self, key: str) -> yaml.Node | None:
        """The value of a top-level key, None if it is missing."""
        return self.root.items.get(key)

    def mapping(self, key: str) -> yaml.Mapping:
        """The mapping below a top-level key; an empty one if it is missing or is not a mapping."""
        node = self.value(key)
        return node if isinstance(node, yaml.Mapping) else yaml.Mapping(1, 1)

    def words(self, node: yaml.Node | None) -> list[tuple[yaml.Node, str]]:
        """The words of a list, or a single word, each with its node; without those at faulty places."""
        nodes = entries(node) if isinstance(node, yaml.Sequence) else [node] if node else []
        return [
            (item, str(item.value))
            for item in nodes
            if isinstance(item, yaml.Scalar) and (item.line, item.column) not in self.faulty
        ]
