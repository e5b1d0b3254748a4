# SPDX-License-Identifier: GPL-2.0-only
"""YAML 1.2 text as a tree of nodes, each of which knows its line and column.

Only what a scenario needs is let through: one document of mappings, lists and scalars.  Tags, anchors and aliases are
refused, so the tree is never larger than its file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from ksftgen.errors import Problem, SpecError, clip

MAX_BYTES = 1 << 20
MAX_DEPTH = 20

Plain = str | int | None | list[Any] | dict[str, Any]


@dataclass
class Node:
    """A YAML node; line and column of its first character, from 1."""

    line: int
    column: int

    def problem(self, text: str) -> Problem:
        return Problem(self.line, self.column, text)

    def plain(self) -> Plain:
        raise NotImplementedError


@dataclass
class Scalar(Node):
    """A word or number; `value` is str, int (plain decimal digits) or None (plain null, ~ or nothing)."""

    value: str | int | None

    def plain(self) -> Plain:
        return self.value


@dataclass
class Sequence(Node):
    """A list."""

    items: list[Node] = field(default_factory=list)

    def plain(self) -> Plain:
        return [item.plain() for item in self.items]


@dataclass
class Mapping(Node):
    """Keys with where they stand, and their values."""

    items: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Scalar] = field(default_factory=dict)

    def plain(self) -> Plain:
        return {key: value.plain() for key, value in self.items.items()}


def read(path: Path) -> tuple[Mapping, list[Problem]]:
    """The tree of `path`, and the problems that leave the tree usable (a key given twice).

    Raises SpecError for a file that cannot be read or is no YAML mapping.
    """
    shown = str(path)
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except IsADirectoryError:
        raise _whole(shown, "is a directory; give a scenario file, for example scenarios/NAME.yaml") from None
    except OSError as error:
        raise _whole(shown, f"cannot read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise _whole(shown, f"is larger than {MAX_BYTES} bytes; a scenario is a page or two")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, column = before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1
        raise SpecError(
            shown, [Problem(line, column, f"not UTF-8: byte 0x{data[error.start]:02x}; save as UTF-8")]
        ) from None
    return _Builder(shown).build(text)


def _whole(path: str, text: str) -> SpecError:
    return SpecError(path, [Problem(1, 1, text)])


class _Builder:
    """Events to nodes; refuses what a scenario must not have."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.problems: list[Problem] = []

    def build(self, text: str) -> tuple[Mapping, list[Problem]]:
        try:
            root = self._document(self._events(text))
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            what = " ".join(str(error.problem or error.context or "syntax").split())
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            raise SpecError(self.path, [Problem(line, column, f"not YAML: {what}")]) from None
        except YAMLError as error:  # a character that YAML does not allow
            position = getattr(error, "position", 0)
            before = text[:position]
            line, column = before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1
            raise SpecError(
                self.path, [Problem(line, column, "not YAML: a control character; use printable text")]
            ) from None
        if root is None:
            raise _whole(self.path, "is empty; a scenario starts with scenario:, summary: and matrix:")
        if not isinstance(root, Mapping):
            raise SpecError(self.path, [root.problem("a scenario is a mapping of keys; it starts with scenario: NAME")])
        return root, self.problems

    def _events(self, text: str) -> Iterator[Any]:
        for event in YAML(typ="rt", pure=True).parse(text):
            if isinstance(event, DocumentStartEvent):
                if event.version not in (None, (1, 2)):
                    raise self._refuse(event, "YAML 1.2 is spoken here; remove the %YAML line")
                continue
            if isinstance(event, AliasEvent):
                raise self._refuse(event, f'alias "*{clip(event.anchor)}"; write the value out, there are no aliases')
            if getattr(event, "anchor", None):
                raise self._refuse(event, f'anchor "&{clip(event.anchor)}"; write the value out, there are no anchors')
            if str(getattr(event, "tag", None) or "") not in ("", "None"):
                raise self._refuse(event, f'tag "{clip(str(event.tag))}"; values are plain words, there are no tags')
            yield event

    def _document(self, events: Iterator[Any]) -> Node | None:
        root: Node | None = None
        for event in events:
            if isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent):
                if root is not None:
                    raise self._refuse(event, "a second document; one file holds one scenario")
                root = self._node(event, events, 0)
        if isinstance(root, Scalar) and root.value is None:
            return None
        return root

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        mark = event.start_mark
        line, column = mark.line + 1, mark.column + 1
        if depth > MAX_DEPTH:
            raise self._refuse(event, f"nested deeper than {MAX_DEPTH} levels; no scenario needs that")
        if isinstance(event, ScalarEvent):
            return Scalar(line, column, _scalar(event))
        if isinstance(event, SequenceStartEvent):
            sequence = Sequence(line, column)
            while not isinstance(inner := next(events), SequenceEndEvent):
                sequence.items.append(self._node(inner, events, depth + 1))
            return sequence
        mapping = Mapping(line, column)
        while not isinstance(inner := next(events), MappingEndEvent):
            key = self._node(inner, events, depth + 1)
            value = self._node(next(events), events, depth + 1)
            if not isinstance(key, Scalar) or key.value is None:
                self.problems.append(key.problem("a key is a word"))
                continue
            name = str(key.value)
            if name in mapping.items:
                first = mapping.keys[name]
                self.problems.append(key.problem(f'key "{clip(name)}" again; it is given in line {first.line} already'))
                continue
            mapping.items[name] = value
            mapping.keys[name] = key
        return mapping

    def _refuse(self, event: Any, text: str) -> SpecError:
        mark = event.start_mark
        return SpecError(self.path, [Problem(mark.line + 1, mark.column + 1, text)])


def _scalar(event: Any) -> str | int | None:
    text = str(event.value)
    if event.style in (None, ""):
        if text in ("", "~", "null"):
            return None
        if re.fullmatch(r"(0|[1-9][0-9]{0,8})", text):
            return int(text)
    return text
