# SPDX-License-Identifier: GPL-2.0-only
"""Notes on lines that no program executes: the state of memory that a line needs, as a person wrote it down."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from ksftci.host.yamlfile import read_list
from ksftci.kernel.functions import Function


def _one_line(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return " ".join(text.split())


_Text = Annotated[str, AfterValidator(_one_line)]


class Note(BaseModel):
    """What some lines of a function need to be executed; without `code` a note is about the whole function.

    `code` is the beginning of a source line, without its indentation. The function has only one such line, or, with
    `after`, the note is about the first such line behind the only line that begins with `after`. With `to`, the note
    reaches to the next line that begins with `to`.
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
    """Notes by (file, line), and a message for each note that no longer fits the source."""

    by_line: dict[tuple[str, int], Note] = field(default_factory=dict)
    stale: list[str] = field(default_factory=list)


def check(path: Path) -> None:
    """Raises CiError as `read` does, before there are sources."""
    read_list(path, Note)


def read(path: Path, sources: Mapping[str, str], functions: Mapping[str, list[Function]]) -> Notes:
    """The notes of a YAML file, placed at the lines of these sources; notes on other files are left out.

    Of two notes on one line the later one counts. Raises CiError as `read_list` does.
    """
    notes = Notes()
    for number, note in read_list(path, Note):
        if note.file not in sources:
            continue
        candidates = [function for function in functions[note.file] if function.name == note.function]
        lines = _lines(note, sources[note.file].splitlines(), candidates)
        if not lines:
            code = f", or not exactly once: {note.code}" if note.code else ""
            notes.stale.append(f"{path}:{number}: not in {note.file}: {note.function}(){code}")
        notes.by_line.update({(note.file, line): note for line in lines})
    return notes


def _lines(note: Note, source: list[str], candidates: list[Function]) -> range:
    """The lines that a note is about; none when the function or the code is missing or ambiguous."""
    if len(candidates) != 1:
        return range(0)
    function = candidates[0]
    if note.code is None:
        return range(function.first, function.last + 1)
    inside = {line: " ".join(source[line - 1].split()) for line in range(function.first, function.last + 1)}
    begins = _lines_with(inside, note.code)
    if note.after is not None:
        after = _lines_with(inside, note.after)
        begins = [line for line in begins if line > after[0]][:1] if len(after) == 1 else []
    if len(begins) != 1:
        return range(0)
    if note.to is None:
        return range(begins[0], begins[0] + 1)
    ends = [line for line in _lines_with(inside, note.to) if line > begins[0]]
    return range(begins[0], ends[0] + 1) if ends else range(0)


def _lines_with(inside: Mapping[int, str], beginning: str) -> list[int]:
    return [line for line, code in inside.items() if code.startswith(beginning)]
