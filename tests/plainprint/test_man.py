# SPDX-License-Identifier: GPL-2.0-only
"""Manual pages: they have all that the help has, and are roff that its readers understand."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from ksftci.cli import app as ksftci
from ksftgen.cli import app as ksftgen
from plainprint import man

APPS = {"ksftgen": ksftgen, "ksftci": ksftci}
READERS = [["man", "--warnings", "--encoding=UTF-8", "-Tutf8", "--ditroff", "--local-file"]]
READERS += [["mandoc", "-Tlint", "-Wwarning"]]


def page(name: str) -> str:
    return man.page(APPS[name], name, "1.2", "2020-02-02", "other")


def commands(command: Any, *path: str) -> Iterator[tuple[str, ...]]:
    """The words of each command that has none below it."""
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, *path, name)
    if not hasattr(command, "commands"):
        yield path


@pytest.mark.parametrize("name", APPS)
def test_everything_of_the_help_is_there(name: str) -> None:
    plain = page(name).replace(r"\-", "-").replace(r"\(aq", "'").replace(r"\(ti", "~")
    sections = dict(re.findall(r"^\.SS (.*?) \[OPTION\].*\n((?:(?!\.S[SH]).*\n)*)", plain, re.MULTILINE))
    app = APPS[name]
    assert set(sections) == {" ".join([name, *words]) for words in commands(typer.main.get_command(app))}
    for command, section in sections.items():
        shown = CliRunner().invoke(app, [*command.split()[1:], "--help"], env={"COLUMNS": "1000"}).stdout
        words = set(re.findall(r"(?<!\S)--?[a-z][a-z-]*", shown)) - {"--help", "-h"}
        assert [word for word in sorted(words) if word not in section] == []


def test_text_is_no_request() -> None:
    app = typer.Typer()
    app.command(name="say", help="Say.\n\n.so /etc/passwd\n\n\b\n'not \\fBbold'")(lambda: None)
    app.callback(help="Speak.\n\nIt says [bold]it[/bold].")(lambda: None)
    text = man.page(app, "speak", "1", "2020-02-02", "listen")
    assert "\n\\&.so /etc/passwd\n" in text and "\n\\&\\(aqnot \\efBbold\\(aq\n" in text
    assert "speak \\- Speak\n" in text and "\nIt says it.\n" in text


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader[0])
@pytest.mark.parametrize("name", APPS)
def test_readers_have_no_complaint(reader: list[str], name: str, tmp_path: Path) -> None:
    if shutil.which(reader[0]) is None:
        pytest.skip(f"{reader[0]} is not here")
    path = tmp_path / f"{name}.1"
    path.write_text(page(name))
    done = subprocess.run([*reader, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert done.stderr == ""
