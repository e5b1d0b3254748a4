# SPDX-License-Identifier: GPL-2.0-only
"""docs/walkthrough.md does what it says: its files, its diffs and its commands, in a copy of the project."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.conftest import TOP

PAGE = TOP / "docs/walkthrough.md"
PARTS = ("ci", "docs", "generated", "generator", "scenarios", "templates", "tests", "pyproject.toml")
_BLOCK = re.compile(r"^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_NEW = re.compile(r"^`(\S+)` is new\.", re.MULTILINE)
_COMMAND = re.compile(r"^([$#]) (.*)\n", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A block of code: a diff, commands with what they print, or the text of the file `path`."""

    kind: str
    text: str
    path: str


@dataclass(frozen=True)
class Copy:
    """A copy of the project, and an environment in which its commands are found."""

    top: Path
    environment: dict[str, str]

    def apply(self, diff: str) -> None:
        """Apply a diff, each of whose places is there once."""
        for part in diff.split("--- a/")[1:]:
            head, *hunks = re.split(r"^@@.*\n", part, flags=re.MULTILINE)
            name = head.partition("\n")[0]
            for hunk in hunks:
                old = "".join(line[1:] for line in hunk.splitlines(keepends=True) if line[0] != "+")
                assert (self.top / name).read_text().count(old) == 1, f"must be in {name} once:\n{old}"
        subprocess.run(["git", "apply", "-"], cwd=self.top, input=diff, env=self.environment, text=True, check=True)

    def print(self, command: str) -> str:
        """What a command prints."""
        done = subprocess.run(
            command,
            shell=True,
            cwd=self.top,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
        return done.stdout


def blocks() -> Iterator[Block]:
    """The blocks of the page; the text of a file stands behind "`PATH` is new."."""
    text, end = PAGE.read_text(), 0
    for block in _BLOCK.finditer(text):
        new = _NEW.findall(text, end, block.start())
        yield Block(block["kind"], block["text"], new[-1] if new else "")
        end = block.end()


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    top, commands = tmp_path / "project", tmp_path / "bin"
    for part in PARTS:
        if (TOP / part).is_dir():
            shutil.copytree(TOP / part, top / part, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copy(TOP / part, top)
    commands.mkdir()
    for name in ("ksftgen", "ksftci", "pytest"):
        command = commands / name
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {name} "$@"\n')
        command.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{commands}:{os.environ['PATH']}",
        "PYTHONPATH": f"{top}/generator:{top}/ci",
        "GIT_CEILING_DIRECTORIES": str(tmp_path),
        "COLUMNS": "80",
        "NO_COLOR": "1",
    }
    return Copy(top, environment)


@pytest.mark.parametrize("is_root", [False, pytest.param(True, marks=pytest.mark.native)], ids=["user", "root"])
def test_the_walkthrough(copy: Copy, is_root: bool) -> None:
    """Without root, its commands for root are left out."""
    if is_root and (os.geteuid() != 0 or os.sysconf("SC_PAGE_SIZE") != 4096):
        pytest.skip("needs root, and pages of 4K")
    for block in blocks():
        if block.path:
            (copy.top / block.path).write_text(block.text)
        elif block.kind == "diff":
            copy.apply(block.text)
        else:
            assert block.kind == "console"
            for prompt, command, printed in _commands(block.text):
                if prompt == "$" or is_root:
                    shown = copy.print(command)
                    assert _fits(shown, printed), f"{command}\n{shown}"


def _commands(text: str) -> Iterator[tuple[str, str, str]]:
    """The prompt, the command, and what it prints, one after the other."""
    _, *parts = _COMMAND.split(text)
    yield from zip(parts[::3], parts[1::3], parts[2::3], strict=True)


def _fits(shown: str, printed: str) -> bool:
    """Whether a command printed what the page has: there ``...`` is any text, and as a line of its own any lines."""
    lines = [line for line in printed.splitlines() if line]
    patterns = ["(?:.*\n)*" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*") + " *\n" for line in lines]
    return re.fullmatch("".join(patterns), re.sub(r"\n\n+", "\n", shown)) is not None
