# SPDX-License-Identifier: GPL-2.0-only
"""Whatever a command is given and wherever it writes, it ends with one of its exit statuses and no traceback."""

import io
import os
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from ksftci import cli

N = "9" * 5000
DEEP = 100_000
BOOT = f"# ksftci kernel: k{N}.{N}\n# ksftci release: {N}.{N}\n# ksftci attempt: {N}\n# ksftci shard: {N}/{N}\n"
XML = '<testsuite name="s"><properties>{}</properties><testcase classname="s" name="x" {}>{}</testcase></testsuite>'
FILES: dict[str, bytes] = {
    "numbers.log": f"{BOOT}TAP version {N}\n1..{N}\nok {N} a\nnot ok {N} b\nok 1 c # exit={N}\n"
    f"# a.c:{N}:t:Expected {N}\nnot ok 2 d # TIMEOUT {N}\n[{N}.{N}] BUG: x\n<{N}>ok 3 e\n# measure t {N} ns\n".encode(),
    "numbers.xml": XML.format(
        "".join(
            f'<property name="{name}" value="{N}"/>' for name in ["program", "run", "release", "seconds", "attempt"]
        ),
        f'line="{N}" time="{N}"',
        f'<failure type="{N}"/>',
    ).encode(),
    "deep.xml": ("<testsuite>" * DEEP).encode(),
    "nested.xml": ("<testsuite>" * 200 + '<testcase name="x"/>' + "</testsuite>" * 200).encode(),
    "deep.json": b"[" * DEEP,
    "deep.log": b"".join(b" " * depth + b"not ok 1 a\n" for depth in range(2000)),
    "long.log": b"not ok 1 " + b"x" * 1_000_000,
    "nul.log": b"not ok 1 a\0b\n\0\0\0",
    "bytes.log": bytes(range(256)) * 100,
    "empty.log": b"",
    "image.png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "torn.xml": b"<testsuites><testsuite",
    "bomb.xml": b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><testsuite><testcase name="&a;"/></testsuite>',
    "wrong.xml": b'<?xml version="1.0" encoding="no-such"?><testsuite/>',
    "utf16.xml": '<?xml version="1.0" encoding="utf-16"?><testsuite/>'.encode("utf-16"),
    "surrogate\udcff.log": b"not ok 1 a\n",
    "names.log": "not ok 1 \ud7ff \u202e \x1b[31m \x85 [bold] ::error::\n".encode(),
}
YAML: dict[str, bytes] = {
    "deep.yaml": b"[" * DEEP,
    "numbers.yaml": f"- {{test: x, kernels: '>={N}', expires: {N}, reason: {N}, link: {N}}}".encode(),
    "kernels.yaml": f"- {{test: x, measure: m, kernels: {{'{N[:60]}': {N}}}, within: {N}}}".encode(),
    "bytes.yaml": bytes(range(256)),
    "number.yaml": N.encode(),
    "nul.yaml": b"- test: \0",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hostile")
    for name, data in {**FILES, **YAML}.items():
        (path / name).write_bytes(data)
    (path / "good.log").write_bytes(b"TAP version 13\n1..2\nok 1 a\nnot ok 2 b\n")
    return path


@pytest.fixture
def ksftci(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """Run a command, in this process; gives its exit status and what it prints as an error."""
    monkeypatch.chdir(folder)

    def run(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["ksftci", *words])
        monkeypatch.setattr("signal.signal", lambda *_: None)
        out, err = (io.TextIOWrapper(io.BytesIO(), "ascii", write_through=True) for _ in range(2))
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as end:
            cli.main()
        printed = err.buffer.getvalue()
        assert isinstance(end.value.code, int)
        return end.value.code, printed.decode()

    return run


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "command",
    [
        ["report", "LOG", "--html", "h.html", "--summary", "s.md", "--annotations"],
        ["report", "LOG", "good.log", "--summary", "s.md"],
        ["junit", "LOG", "-o", "x.xml"],
        ["run", "/bin/true", "--durations", "LOG", "--cache", "cache", "--tree", "nowhere", "mm:cow"],
    ],
    ids=["report", "report two", "junit", "durations"],
)
def test_any_log(name: str, command: list[str], ksftci: Callable[..., tuple[int, str]]) -> None:
    status, message = ksftci(*(name if word == "LOG" else word for word in command))
    assert status in (0, 1, 2, 3)
    told = status in (2, 3) or (command[0] == "junit" and status != 0)
    assert told == message.startswith("ksftci: ") or "good.log" in command


@pytest.mark.parametrize("name", [*YAML, "numbers.log", "deep.json", "image.png", "empty.log", "nowhere", "/"])
@pytest.mark.parametrize(
    "command",
    [
        ["report", "good.log", "--known", "YAML"],
        ["report", "good.log", "--history", "YAML"],
        ["mutants", "YAML", "--cache", "cache"],
        ["coverage", "--suite", "x=@YAML", "--cache", "cache", "--tree", "nowhere"],
    ],
    ids=["known", "history", "mutants", "coverage"],
)
def test_any_yaml(name: str, command: list[str], ksftci: Callable[..., tuple[int, str]]) -> None:
    status, message = ksftci(*(word.replace("YAML", name) for word in command))
    assert (status, message.startswith("ksftci: ")) == (2, True) or (status == 1 and name == "empty.log")


LONG = "x" * 300
WORDS = [
    LONG,
    f"/{LONG}",
    f"{LONG}/{LONG}",
    N,
    f"debian:{N}",
    f"build:{LONG}",
    f"git:{LONG}@{LONG}",
    "a\nb",
    "\udcff",
    "-",
    "",
]


@pytest.mark.parametrize("word", WORDS, ids=range(len(WORDS)))
@pytest.mark.parametrize(
    "command",
    [
        ["run", "WORD", "--tree", "nowhere"],
        ["run", "x", "--tree", "WORD"],
        ["run", "x", "--kernel", "WORD", "--tree", "nowhere"],
        ["run", "mm:x WORD", "--tree", "nowhere"],
        ["run", "x", "--tree", "nowhere", "--known", "WORD"],
        ["run", "x", "--tree", "nowhere", "--shard", "WORD"],
        ["run", "x", "--tree", "nowhere", "--arch", "WORD"],
        ["run", "x", "--tree", "nowhere", "--junit", "WORD/x"],
        ["kernel", "build", "nowhere", "--config", "WORD"],
        ["tree", "get", "nowhere", "--to", "WORD"],
        ["watch", "--tree", "WORD"],
        ["mutants", "WORD"],
        ["report", "WORD"],
        ["report", "good.log", "--summary", "WORD/x"],
        ["junit", "good.log", "-o", "WORD/x"],
    ],
    ids=" ".join,
)
def test_any_word(word: str, command: list[str], ksftci: Callable[..., tuple[int, str]]) -> None:
    if word.startswith(("debian:", "git:")) and command[0] in ("run", "tree") and command[-1] == "WORD":
        pytest.skip("would be fetched")
    words = [part.replace("WORD", word) for part in command]
    cache = [] if command[0] in ("report", "junit") else ["--cache", "cache"]
    status, message = ksftci(*words, *cache)
    assert status in (0, 1, 2, 3)
    assert "Traceback" not in message


def test_an_expression_of_any_depth(ksftci: Callable[..., tuple[int, str]]) -> None:
    whole = ["(" * DEEP + "a" + ")" * DEEP, "not " * DEEP + "a", "a and " * DEEP + "a"]
    for expression in (*whole, "(" * DEEP, ")" * DEEP, "not " * DEEP, "a or " * DEEP):
        status, message = ksftci("run", "x", "-k", expression, "--tree", "nowhere", "--cache", "cache")
        assert (status, len(message) < 500) == (2, True)


@pytest.mark.parametrize("option", ["--html", "--summary"])
def test_a_file_that_cannot_be_written_costs_no_other(
    option: str, folder: Path, ksftci: Callable[..., tuple[int, str]]
) -> None:
    other = {"--html": "--summary", "--summary": "--html"}[option]
    (folder / "written").unlink(missing_ok=True)
    status, message = ksftci("report", "good.log", option, "/dev/full", other, "written")
    assert (status, message) == (
        2,
        "ksftci: /dev/full: cannot write there: No space left on device; make room, or name another place\n",
    )
    assert (folder / "written").stat().st_size > 300


def test_a_cache_that_cannot_be_written_is_named(folder: Path, ksftci: Callable[..., tuple[int, str]]) -> None:
    if os.geteuid() == 0:
        cache = "/proc/sys"  # which root cannot write to either
    else:
        (folder / "readonly").mkdir(mode=0o555, exist_ok=True)
        cache = "readonly"
    status, message = ksftci("run", "mm:cow", "--tree", "nowhere", "--cache", cache)
    assert (status, cache in message) == (2, True), message
