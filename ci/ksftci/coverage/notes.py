# SPDX-License-Identifier: GPL-2.0-only
"""What a person knows of lines that no test executes: the state that they need."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from ksftci.host.yamlfile import read_list
from ksftci.kernel.functions import Function


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("must say something")
    return " ".join(text.split())


_Text = Annotated[str, AfterValidator(_filled)]


class Note(BaseModel):
    """Lines of a function and what they need; without `code` all of the function.

    `code` is a line of the source, or the beginning of one, without its indentation, that is there once
    in the function, or the first behind the line `after`, which is; `to` the next such line at which the
    note ends.
    """

    model_config = ConfigDict(extra="forbid")

    file: _Text
    function: _Text
    after: _Text | None = None
    code: _Text | None = None
    to: _Text | None = None
    needs: _Text
    why: _Text | None = None


@dataclass
class Notes:
    """Notes by (file, line), and those that the source has no place for."""

    of: dict[tuple[str, int], Note] = field(default_factory=dict)
    stale: list[str] = field(default_factory=list)


def read(path: Path, sources: Mapping[str, str], functions: Mapping[str, list[Function]]) -> Notes:
    """The notes of a file, at their lines of these sources; one about another file is left out.

    Where two are about one line the later one counts. Raises CiError as `read_list` does.
    """
    notes = Notes()
    for number, note in read_list(path, Note):
        if note.file not in sources:
            continue
        named = [function for function in functions[note.file] if function.name == note.function]
        lines = _lines(note, sources[note.file].splitlines(), named)
        if not lines:
            where = f", or not once: {note.code}" if note.code else ""
            notes.stale.append(f"{path}:{number}: not in {note.file}: {note.function}(){where}")
        notes.of.update({(note.file, line): note for line in lines})
    return notes


def _lines(note: Note, source: list[str], named: list[Function]) -> range:
    if len(named) != 1:
        return range(0)
    function = named[0]
    if note.code is None:
        return range(function.first, function.last + 1)
    inside = {line: " ".join(source[line - 1].split()) for line in range(function.first, function.last + 1)}
    begins = _starting(inside, note.code)
    if note.after is not None:
        after = _starting(inside, note.after)
        begins = [line for line in begins if line > after[0]][:1] if len(after) == 1 else []
    if len(begins) != 1:
        return range(0)
    if note.to is None:
        return range(begins[0], begins[0] + 1)
    ends = [line for line in _starting(inside, note.to) if line > begins[0]]
    return range(begins[0], ends[0] + 1) if ends else range(0)


def _starting(inside: Mapping[int, str], text: str) -> list[int]:
    return [line for line, code in inside.items() if code.startswith(text)]
