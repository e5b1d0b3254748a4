# SPDX-License-Identifier: GPL-2.0-only
"""The nodes of a file: scalars, lists and mappings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from plainyaml.problem import Problem

Plain = str | int | None | list[Any] | dict[str, Any]


@dataclass
class Node:
    """A YAML node, with the line and column of its first character, from 1."""

    line: int
    column: int

    def problem(self, text: str) -> Problem:
        """A problem at this node."""
        return Problem(self.line, self.column, text)

    def plain(self, *, as_text: bool = False) -> Plain:
        """The node without its place, as pydantic takes it; scalars are their `value`, or their `text`."""
        raise NotImplementedError

    def follow(self, way: Iterable[str | int]) -> tuple[Node, Scalar | None]:
        """The node to which keys and indices lead from this node, and the last key on the way.

        A part that leads nowhere is skipped: a missing key, or a word that pydantic adds to the `loc` of an error.
        """
        node: Node = self
        last = None
        for part in way:
            if isinstance(node, Mapping) and isinstance(part, str) and part in node.items:
                last, node = node.keys[part], node.items[part]
            elif isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
                node = node.items[part]
        return node, last


@dataclass
class Scalar(Node):
    """A word or number as it is written; `quoted` if it is in quotes or in a block."""

    text: str
    quoted: bool = False

    @property
    def value(self) -> str | int | None:
        """Without quotes up to nine digits (no leading zero) are an int, null, ~ or nothing is None; else the text."""
        if self.quoted:
            return self.text
        if self.text in ("", "~", "null"):
            return None
        return int(self.text) if re.fullmatch(r"0|[1-9][0-9]{0,8}", self.text) else self.text

    def plain(self, *, as_text: bool = False) -> Plain:
        return self.text if as_text else self.value


@dataclass
class Sequence(Node):
    """A list."""

    items: list[Node] = field(default_factory=list)

    def plain(self, *, as_text: bool = False) -> Plain:
        return [item.plain(as_text=as_text) for item in self.items]


@dataclass
class Mapping(Node):
    """Keys, each with its place, and their values."""

    items: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Scalar] = field(default_factory=dict)

    def plain(self, *, as_text: bool = False) -> Plain:
        return {key: value.plain(as_text=as_text) for key, value in self.items.items()}
