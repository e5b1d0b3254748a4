# SPDX-License-Identifier: GPL-2.0-only
"""Mistakes of users, *.txt, with their messages; KSFT_RECORD=1 writes the messages of today into the transcripts."""

import io
import os
import re
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from tests.mistakes import files
from tests.mistakes.transcript import main_of, replay, steps

from ksftci import cli as ksftci
from ksftgen import cli as ksftgen
from ksftgen.errors import join_or
from ksftgen.vocabulary import VERBS

TRANSCRIPTS = sorted(Path(__file__).parent.glob("*.txt"))
# What pytest prints around the messages.
FRAME = re.compile(r"[=_!]{3}.*|E? *\[100%\]|.*in [0-9.]+s|ERROR [^:]*|no tests .*|\s*")


def _pytest(arguments: list[str]) -> tuple[int, str]:
    """Run pytest in this process; gives its status, and what is wrong."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = pytest.main(["-p", "no:cacheprovider", "--rootdir=.", "-q", "--no-header", *arguments])
    lines = [*out.getvalue().splitlines(), *err.getvalue().splitlines()]
    return int(status), "\n".join(line for line in lines if not FRAME.fullmatch(line))


PROGRAMS = {
    "ksftci": main_of("ksftci", ksftci.main),
    "ksftgen": main_of("ksftgen", ksftgen.main),
    "pytest": _pytest,
}


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_messages(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files.make(tmp_path)
    for name in ("KSFTCI_ARCH", "GITHUB_ACTIONS", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KSFTCI_MIRROR", "http://mirror.example/debian")
    monkeypatch.setenv("KSFTCI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setattr("ksftci.host.debian.keyring", lambda: Path("/keys.gpg"))
    expected = path.read_text(encoding="utf-8")
    now = replay(expected, tmp_path, PROGRAMS).replace(join_or(VERBS), "{verbs}")
    if "KSFT_RECORD" in os.environ:
        path.write_text(now, encoding="utf-8")
    else:
        assert now == expected


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_each_message_says_what_is_wrong_and_what_to_do(path: Path) -> None:
    for step in steps(path.read_text(encoding="utf-8")):
        if step.command:
            assert step.status in (1, 2, 3, 4), step
            assert re.search(r"\S; \S", step.printed), step
            assert "Traceback" not in step.printed, step
