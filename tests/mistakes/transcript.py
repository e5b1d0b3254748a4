# SPDX-License-Identifier: GPL-2.0-only
"""Transcripts of mistakes: what a user types, what is then printed as an error, and the exit status.

    # A comment.
    $ cat > known.yaml
    > - test: x
    $ ksftci report good.log --known known.yaml
    known.yaml:1:3: "reason" is missing; it is required
    [2]

A command may have variables in front, as in a shell: `PATH= ksftci run`. The standard output is not shown.
"""

import io
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

Program = Callable[[list[str]], tuple[int, str]]  # from arguments to exit status and what is printed as an error
_FILE = "$ cat > "
_HASH = re.compile(r"\b[0-9a-f]{12}\b")  # of a path


def main_of(name: str, main: Callable[[], object]) -> Program:
    """The program whose main() ends with sys.exit(), in this process."""

    def run(arguments: list[str]) -> tuple[int, str]:
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        with (
            patch.object(sys, "argv", [name, *arguments]),
            patch("signal.signal"),
            patch("gc.set_threshold"),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                main()
                status = 0
            except SystemExit as end:
                assert isinstance(end.code, int), end.code
                status = end.code
        return status, err.buffer.getvalue().decode()

    return run


@dataclass(frozen=True)
class Step:
    """A command of a transcript, "" for a comment or a file; what it prints, and its exit status."""

    head: str
    rest: tuple[str, ...]

    @property
    def command(self) -> str:
        is_command = self.head.startswith("$ ") and not self.head.startswith(_FILE)
        return self.head.removeprefix("$ ") if is_command else ""

    @property
    def printed(self) -> str:
        return "\n".join(self.rest[:-1])

    @property
    def status(self) -> int:
        return int(self.rest[-1].strip("[]"))


def steps(text: str) -> list[Step]:
    """The parts of a transcript; a part begins with a comment, an empty line, or a "$"."""
    parts = re.split(r"^(?=[$#]|$)", text, flags=re.MULTILINE)
    return [Step(lines[0], tuple(lines[1:])) for lines in (part.splitlines() for part in parts) if lines]


def replay(text: str, folder: Path, programs: Mapping[str, Program]) -> str:
    """The transcript with what its commands print now, in `folder`, which stands as FOLDER in it."""
    lines: list[str] = []
    with _inside(folder):
        for step in steps(text):
            lines.append(step.head)
            if step.head.startswith(_FILE):
                content = [line for line in step.rest if line.startswith(">")]
                Path(step.head.removeprefix(_FILE)).write_text("".join(f"{line[2:]}\n" for line in content))
                lines += content
            elif step.command:
                status, printed = _call(step.command, programs)
                printed = _HASH.sub("HASH", printed.replace(str(folder), "FOLDER"))
                lines += [*printed.splitlines(), f"[{status}]"]
    return "\n".join(lines).rstrip() + "\n"


def _call(command: str, programs: Mapping[str, Program]) -> tuple[int, str]:
    words = shlex.split(command)
    variables = {}
    while re.match(r"[A-Z_]+=", words[0]):
        name, _, variables[name] = words.pop(0).partition("=")
    with patch.dict(os.environ, variables):
        return programs[words[0]](words[1:])


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
