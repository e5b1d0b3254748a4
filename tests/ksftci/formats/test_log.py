# SPDX-License-Identifier: GPL-2.0-only
"""A log is read from its first byte, whatever it is; of several logs a broken one costs its own results."""

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ksftci.errors import CiError
from ksftci.formats import logs, record
from ksftci.formats.log import opened
from ksftci.results.model import Verdict

RED = "TAP version 13\n1..2000\nnot ok 1 a\n" + "".join(f"ok {n} test number {n}\n" for n in range(2, 2001))
BOOT = "# ksftci kernel: k\n# ksftci arch: arm64\n# ksftci run: 1\n"
BOOTS = f"{BOOT}TAP version 13\n# 1..1\n# not ok 1 b\nnot ok 1 selftests: cow\n1..1\n" + (
    f"{BOOT}# ksftci attempt: 2\nTAP version 13\n# 1..1\n# ok 1 b\nok 1 selftests: cow\n1..1\n"
)
XML = '<testsuites><testsuite name="s"><testcase name="x"><failure/></testcase></testsuite></testsuites>'


def fifo(path: Path, text: str) -> Path:
    """A FIFO into which a thread writes the text, in small pieces."""

    def write() -> None:
        with path.open("wb", buffering=0) as file:
            for start in range(0, len(text), 1000):
                file.write(text[start : start + 1000].encode())

    os.mkfifo(path)
    threading.Thread(target=write, daemon=True).start()
    return path


@pytest.mark.parametrize("text", [RED, BOOTS, XML, "\n \n" + XML, "<", "ok 1 a", ""])
def test_a_fifo_gives_what_a_file_gives(text: str, tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    (tmp_path / "file/log").write_text(text)
    assert record.read(fifo(tmp_path / "log", text)) == record.read(tmp_path / "file/log")


@pytest.mark.parametrize(
    ("words", "text"),
    [(["report", "LOG"], RED), (["junit", "LOG", "-o", "-"], BOOTS), (["junit", "LOG", "-o", "-"], XML)],
    ids=["report", "boots", "xml"],
)
@pytest.mark.parametrize("way", ["-", "/dev/stdin", "fifo"])
def test_commands_read_a_pipe_as_a_file(words: list[str], text: str, way: str, tmp_path: Path) -> None:
    def run(path: object, given: str) -> tuple[int, str]:
        argv = [sys.executable, "-m", "ksftci", *(str(path) if word == "LOG" else word for word in words)]
        done = subprocess.run(argv, input=given, capture_output=True, text=True, timeout=600, check=False)
        return done.returncode, done.stdout

    (tmp_path / "stdin").write_text(text)
    (tmp_path / "pipes").mkdir()
    path = fifo(tmp_path / "pipes/stdin", text) if way == "fifo" else way
    assert run(path, text) == run(tmp_path / "stdin", "")


@pytest.mark.parametrize("output", ["-", "/dev/stdout"])
def test_xml_in_githubs_log_has_no_commands(output: str, tmp_path: Path) -> None:
    (tmp_path / "log").write_text("1..1\n# ::stop-commands::t\n::error::x\n# ##[group]x\nnot ok 1 ::a ##[b]\n")
    argv = [sys.executable, "-m", "ksftci", "junit", str(tmp_path / "log"), "-o"]
    document = tmp_path / "xml"
    subprocess.run([*argv, str(document)], check=True)
    env = {**os.environ, "GITHUB_ACTIONS": "true"}
    printed = subprocess.run([*argv, output], env=env, capture_output=True, text=True, check=True).stdout
    assert not re.search(r"^\s*::|##\[", printed, re.MULTILINE)
    assert re.search(r"^::|##\[", document.read_text(), re.MULTILINE)
    (tmp_path / "printed").write_text(printed)
    assert record.read(tmp_path / "printed") == record.read(document)


def test_the_rest_of_the_standard_input_is_a_log(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(f"first line\n{RED}")
    command = f"{{ IFS= read -r line; '{sys.executable}' -m ksftci report -; }} <'{tmp_path}/log'"
    assert subprocess.run(["bash", "-c", command], capture_output=True, check=False).returncode == 1


def test_a_closed_standard_input_is_an_error() -> None:
    command = f"'{sys.executable}' -m ksftci report - <&-"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "ksftci: -: the standard input is closed; name a file\n")


def test_a_log_is_read_again_from_its_first_byte(tmp_path: Path) -> None:
    with opened(fifo(tmp_path / "pipe", BOOTS)) as log:
        assert [record.streams(log) for _ in range(2)] == [2, 2]
        assert len(record.runs(log)) == 2


@pytest.mark.parametrize(
    ("broken", "reason", "kept"),
    [
        ('<testsuites><testsuite name="t"', "cannot be read as JUnit XML", []),
        ('<testsuites><testsuite name="t"><testcase name="y"/><testcase', "cannot be read as JUnit XML", ["t.y"]),
        ('<!DOCTYPE x [<!ENTITY e "e">]><testsuites><testsuite/></testsuites>', "has a DTD", []),
        ("<!DOCTYPE html><html><body>404</body></html>", "is no JUnit XML, but <html>", []),
        ("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "no result of a test is in it", []),
        ("", "no result of a test is in it", []),
        ("{}", "no result of a test is in it", []),
        (None, "No such file or directory", []),
    ],
)
def test_a_broken_log_of_several_costs_its_own_results(
    broken: str | None, reason: str, kept: list[str], tmp_path: Path
) -> None:
    good, bad = tmp_path / "good.xml", tmp_path / "bad.xml"
    good.write_text(XML)
    if broken is not None:
        bad.write_text(broken)
    for paths in ([good, bad], [bad, good]):
        runs, problems, empty = logs.read(paths)
        problems = [*problems, *map(logs.no_result, empty)]
        results = [result for run in runs for result in run.results]
        (error,) = (result for result in results if result.verdict is Verdict.ERROR)
        assert reason in error.reason and str(bad) in error.reason
        assert problems == [error.reason]
        assert [anomaly for run in runs for anomaly in run.anomalies] == problems
        others = {result.id for result in results if result is not error}
        assert others == {"s.x", *kept}


def test_when_no_log_can_be_read_all_reasons_are_given(tmp_path: Path) -> None:
    with pytest.raises(CiError, match=r"one: No such file.*\n.*two: No such file"):
        logs.read([tmp_path / "one", tmp_path / "two"])


def test_a_shard_without_tests_is_no_broken_log(tmp_path: Path) -> None:
    (tmp_path / "1.log").write_text(f"{BOOT}TAP version 13\n1..0\n")
    (tmp_path / "2.log").write_text(RED)
    (tmp_path / "3.xml").write_text('<?xml version="1.0"?><testsuites/>')
    assert logs.read([tmp_path / "1.log", tmp_path / "2.log", tmp_path / "3.xml"])[1] == []


def test_reports_tell_of_a_broken_log_and_of_all_others(tmp_path: Path) -> None:
    (tmp_path / "good.xml").write_text(XML)
    (tmp_path / "bad.xml").write_text("<testsuites><testsuite")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "ksftci", *words]
        return subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False)

    options = ["--summary", "s.md", "--html", "h.html", "--annotations"]
    done = run("report", "good.xml", "bad.xml", *options)
    assert (done.returncode, done.stderr) == (1, "")
    for text in (done.stdout, (tmp_path / "s.md").read_text(), (tmp_path / "h.html").read_text()):
        assert "unreadable" in text and "s.x" in text.replace("&#46;", ".").replace("<wbr>", "")
    done = run("junit", "good.xml", "bad.xml", "-o", "out.xml")
    assert (done.returncode, "bad.xml: cannot be read as JUnit XML" in done.stderr) == (1, True)
    assert run("report", "out.xml").returncode == 1
    (tmp_path / "known.yaml").write_text(
        "- {test: '*', reason: all, link: 'https://e.org', expires: 9999-12-31, verdicts: [fail, error]}"
    )
    assert run("report", "good.xml", "bad.xml", "--known", "known.yaml").returncode == 1


@pytest.mark.parametrize("command", ["junit", "report"])
def test_a_log_is_not_overwritten(command: str, tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_text(RED)
    argv = [sys.executable, "-m", "ksftci", command, str(log), "-o", str(log)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=600, check=False)
    assert (done.returncode, "is read, and writing would replace it" in done.stderr) == (2, True)
    assert log.read_text() == RED


def test_a_page_on_the_standard_output_stands_alone(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_text(RED)
    argv = [sys.executable, "-m", "ksftci", "report", "x.log", "-o", "-"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False)
    assert done.stdout.startswith("<!") and "1 of 2000 tests failed" in done.stderr
    assert os.listdir(tmp_path) == ["x.log"]
