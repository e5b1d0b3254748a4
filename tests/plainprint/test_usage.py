# SPDX-License-Identifier: GPL-2.0-only
"""Mistakes in the command line."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["ksftci", "ksftgen"])
@pytest.mark.parametrize(
    "args",
    [
        ["--no-such\x1b[31m"],
        ["no-such\u202e\x9b2J"],
        ["check", "/absent\x1b]0;title\x07\n::error::x"],
        ["run", "/absent\x1b]0;title\x07\n::error::x##[group]y", "--timeout", "\x1b[2J"],
        ["run", "x", "--shard", "\x1b[2J\n::error::x"],
        ["run", "[/bold]", "--kernel", "[/bold]\x85"],
    ],
)
def test_the_message_has_no_escapes_and_no_commands(module: str, args: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module, *args],
        env={"GITHUB_ACTIONS": "true", "PYTHONUTF8": "1", "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    printed = (done.stdout + done.stderr).decode()
    assert done.returncode == 2
    assert printed.strip()
    assert "Traceback" not in printed
    assert not [line for line in printed.splitlines() if line.lstrip().startswith("::") or "##[" in line]
    assert not [c for c in printed if not c.isprintable() and c != "\n"]
