# SPDX-License-Identifier: GPL-2.0-only
"""Reading a file into nodes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML, events
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from plainprint.reason import reason
from plainyaml.node import Mapping, Node, Scalar, Sequence
from plainyaml.problem import FileError, Problem, clip

MAX_BYTES = 1 << 20
MAX_DEPTH = 20
_WHOLE = (0, 0)  # the place of a problem of the whole file
_NO_TEXT = re.compile("[\0\ud800-\udfff]")


def read(path: Path, what: str, hint: str = "") -> tuple[Node | None, list[Problem]]:
    """The root node of the file, None if the file has no content, and a problem for each key that is left out.

    A key is left out if it is no word, or if the mapping already has it. `what` is a noun for the content of the file,
    such as "scenario", for messages. `hint` is the end of messages about a character that has a meaning in YAML,
    which the user may have meant as text.

    Raises FileError if the file cannot be read or is not plain YAML.
    """
    reader = _Reader(str(path), what, f"; {hint}" if hint else "")
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except IsADirectoryError:
        raise reader.error(_WHOLE, f"is a directory; give a file that holds a {what}") from None
    except OSError as error:
        raise reader.error(_WHOLE, reason(error, path)) from None
    if len(data) > MAX_BYTES:
        raise reader.error(_WHOLE, f"is larger than {MAX_BYTES} bytes; no {what} needs that")
    return reader.root(data), reader.problems


class _Reader:
    """Makes nodes of a parser's events; raises FileError for what is not plain YAML."""

    def __init__(self, path: str, what: str, hint: str) -> None:
        self.path = path
        self.what = what
        self.hint = hint
        self.problems: list[Problem] = []

    def root(self, data: bytes) -> Node | None:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            place = _end(data[: error.start].decode("utf-8"))
            raise self.error(place, f"not UTF-8: byte 0x{data[error.start]:02x}; save as UTF-8") from None
        root: Node | None = None
        stream = self._events(text)
        for event in stream:
            if isinstance(event, events.DocumentStartEvent) and event.version not in (None, (1, 2)):
                raise self.error(_place(event.start_mark), "only YAML 1.2 is read; remove the %YAML line")
            if isinstance(event, events.NodeEvent):
                if root is not None:
                    place = _place(event.start_mark)
                    raise self.error(place, f"a second document; one file holds one {self.what}")
                root = self._node(event, stream, 0)
        return root

    def error(self, place: tuple[int, int], text: str) -> FileError:
        return FileError(self.path, [Problem(*place, text)])

    def _events(self, text: str) -> Iterator[Any]:
        place = (1, 1)  # the end of the last event
        try:
            # typ="rt" puts "\a" where a folded text has its line ends.
            for event in YAML(typ="safe", pure=True).parse(text):
                place = _place(event.end_mark)
                yield event
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            wrong = " ".join(str(error.problem or error.context or "syntax").split())
            raise self.error(_place(mark) if mark else place, f"not YAML: {wrong}{self._advice(wrong)}") from None
        except YAMLError as error:  # ReaderError
            place = _end(text[: getattr(error, "position", 0)])
            raise self.error(place, "not YAML: a control character; use printable text") from None
        except (ArithmeticError, AssertionError, ValueError):  # of ruamel.yaml: "\UFFFFFFFF", %YAML 1.9
            raise self.error(place, "not YAML: behind this place is a number that is too large") from None

    def _advice(self, wrong: str) -> str:
        if r"'\t'" in wrong:
            return "; indent with spaces, not with tabs"
        if "mapping values are not allowed" in wrong:
            return '; text that has ": " in it needs quotes'
        return self.hint or "; check the brackets, quotes and indentation before this place"

    def _node(self, event: Any, stream: Iterator[Any], depth: int) -> Node:
        """The node that `event` begins; its other events are taken from `stream`."""
        place = _place(event.start_mark)
        if refused := self._refused(event, depth):
            raise self.error(place, refused)
        if isinstance(event, events.ScalarEvent):
            return Scalar(*place, event.value, quoted=bool(event.style))
        if isinstance(event, events.SequenceStartEvent):
            sequence = Sequence(*place)
            while not isinstance(inner := next(stream), events.SequenceEndEvent):
                sequence.items.append(self._node(inner, stream, depth + 1))
            return sequence
        mapping = Mapping(*place)
        while not isinstance(inner := next(stream), events.MappingEndEvent):
            key = self._node(inner, stream, depth + 1)
            self._add(mapping, key, self._node(next(stream), stream, depth + 1))
        return mapping

    def _refused(self, event: Any, depth: int) -> str:
        """Why a file must not have this node, for a message; "" for a node that it may have."""
        if isinstance(event, events.AliasEvent):
            return f'alias "*{clip(event.anchor)}"; write the value out, there are no aliases{self.hint}'
        if event.anchor:
            return f'anchor "&{clip(event.anchor)}"; write the value out, there are no anchors{self.hint}'
        if event.tag:
            return f'tag "{clip(str(event.tag))}"; values are plain words, there are no tags{self.hint}'
        if depth > MAX_DEPTH:
            return f"nested deeper than {MAX_DEPTH} levels; no {self.what} needs that"
        if isinstance(event, events.ScalarEvent) and _NO_TEXT.search(event.value):
            return r"\0, or half a character (\ud800 to \udfff), is no text; take it out"
        return ""

    def _add(self, mapping: Mapping, key: Node, value: Node) -> None:
        if not isinstance(key, Scalar) or key.value is None:
            self.problems.append(key.problem("a key must be a word; write it without brackets, and with a value"))
        elif first := mapping.keys.get(key.text):
            text = f'key "{clip(key.text)}" again; it is given in line {first.line} already; leave out one of them'
            self.problems.append(key.problem(text))
        else:
            mapping.items[key.text] = value
            mapping.keys[key.text] = key


def _place(mark: Any) -> tuple[int, int]:
    return mark.line + 1, mark.column + 1


def _end(before: str) -> tuple[int, int]:
    """The place right after the text `before`."""
    lines = before.split("\n")
    return len(lines), len(lines[-1]) + 1
