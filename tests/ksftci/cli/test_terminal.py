# SPDX-License-Identifier: GPL-2.0-only
"""What a program prints, on a terminal and in GitHub's log: native runs, with a progress display."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.native, pytest.mark.skipif(os.geteuid() != 0, reason="needs root")]
OURS = re.compile(r"\x1b\[[0-9;]*[mKAh]|\x1b\[\?25[lh]|[\r\n]")  # colours, and what a progress display moves
NAMES = [
    "[/bold].x",
    "a\x1bcb\x1b(0\x1b]0;TITLE.x",
    "b\x9b2J.y",
    "c\u202e\u2066\u200b\x85\u2028.z",
    "::error::x",
    "##[group]",
]


def printed(program: Path, *options: str, **environment: str) -> str:
    """All that a native run prints on a terminal."""
    master, slave = pty.openpty()
    argv = [sys.executable, "-m", "ksftci", "run", "--native", str(program), *options]
    with subprocess.Popen(argv, stdout=slave, stderr=slave, env={**os.environ, "TERM": "xterm", **environment}) as run:
        os.close(slave)
        data = b""
        while part := _read(master):
            data += part
    os.close(master)
    assert run.returncode == 1, data
    return data.decode()


def _read(master: int) -> bytes:
    try:
        return os.read(master, 65536)
    except OSError:
        return b""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "p.sh"
    lines = [f"1..{len(NAMES)}"]
    for number, name in enumerate(NAMES, 1):
        lines += [f"#  RUN           {name} ...", f"# {name}", f"{name}", f"not ok {number} {name}"]
    text = "".join(f"printf '%s\\n' '{line}'; sleep 0.1\n" for line in lines)
    path.write_text(f"#!/bin/sh\necho TAP version 13\n{text}")
    path.chmod(0o755)
    return path


def test_a_terminal_gets_no_escapes_but_our_own(program: Path) -> None:
    text = OURS.sub("", printed(program))
    assert not [char for char in text if not char.isprintable()]
    assert "[/bold].x" in text
    assert r"b\x9b2J.y" in text


def test_the_log_of_github_gets_no_commands_but_our_own(program: Path) -> None:
    text = printed(program, "--annotations", GITHUB_ACTIONS="true", TERM="dumb")
    commands = [line for line in re.split(r"[\r\n]+", text) if line.lstrip().startswith("::") or "##[" in line]
    assert len(commands) == len(NAMES)
    assert all(line.startswith("::error title=fail%3A p.sh.") for line in commands)
