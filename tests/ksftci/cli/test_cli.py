# SPDX-License-Identifier: GPL-2.0-only
"""The command as a whole, where it needs no machine."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from ksftgen import __version__

LOGS = Path(__file__).parents[2] / "logs"
NOTHING = 'no result of a test is in it; a result is a line such as "ok 1 NAME" or "not ok 2 NAME"'


def ksftci(*args: object, input: str | None = None) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "ksftci", *map(str, args)]
    return subprocess.run(argv, input=input, capture_output=True, text=True, timeout=600, check=False)


def test_logs_become_junit(tmp_path: Path) -> None:
    xml = tmp_path / "out.xml"
    done = ksftci("junit", LOGS / "harness.log", LOGS / "runner.log", LOGS / "console.log", "-o", xml)
    assert (done.returncode, done.stderr) == (0, "")
    names = {case.get("name") for case in ET.parse(xml).getroot().iter("testcase")}
    assert {"upgrade", "ksm_tests -M -p 10/KSM unmerging", "second"} <= names


def test_logs_of_the_same_tests_do_not_collapse(tmp_path: Path) -> None:
    xml = tmp_path / "out.xml"
    for name in ("first.log", "second.log"):
        (tmp_path / name).write_text("TAP version 13\n1..1\nok 1 same\n")
    assert ksftci("junit", tmp_path / "first.log", tmp_path / "second.log", "-o", xml).returncode == 0
    cases = [(case.get("classname"), case.get("name")) for case in ET.parse(xml).getroot().iter("testcase")]
    assert cases == [("first.first", "same"), ("second.second", "same")]


def test_logs_become_a_page_and_an_exit_status(tmp_path: Path) -> None:
    page = tmp_path / "out.html"
    done = ksftci("report", LOGS / "harness.log", "-o", page)
    assert done.returncode == 1
    assert "mprotect_cow.c:123" in done.stdout
    assert "\x1b" not in done.stdout
    assert "mprotect_cow.c:123" in page.read_text()
    assert ksftci("report", LOGS / "skip-all.log").returncode == 3


def test_a_log_without_a_result_is_said(tmp_path: Path) -> None:
    full, empty, xml = tmp_path / "full.log", tmp_path / "empty.log", tmp_path / "out.xml"
    full.write_text("TAP version 13\n1..1\nnot ok 1 a\n")
    empty.write_text("Linux version 7.3\n")
    assert ksftci("junit", full, "-o", xml).returncode == 0
    for logs in ([empty], [full, empty]):
        done = ksftci("junit", *logs, "-o", xml)
        assert (done.returncode, done.stderr) == (3, f"ksftci: {empty}: {NOTHING}\n")
    done = ksftci("report", empty)
    assert (done.returncode, done.stderr) == (3, f"ksftci: {empty}: {NOTHING}\n")
    assert done.stdout.endswith("0 tests on 1 kernel: nothing ran\n")
    empty.write_text('<testsuites tests="0"/>')  # of a shard that had nothing to run
    for logs, status in (([empty], 3), ([empty, empty], 3), ([full, empty], 0)):
        assert ksftci("junit", *logs, "-o", xml).returncode == status


def test_a_pipe_becomes_junit() -> None:
    done = ksftci("junit", "-", input="TAP version 13\n1..1\nok 1 a\n")
    assert (done.returncode, done.stderr, 'name="a"' in done.stdout) == (0, "", True)
    done = ksftci("junit", "-", input="")
    assert (done.returncode, done.stderr) == (3, f"ksftci: the standard input: {NOTHING}\n")


def test_lines_that_look_like_results_are_said(tmp_path: Path) -> None:
    log, xml = tmp_path / "a.log", tmp_path / "out.xml"
    log.write_text("TAP version 13\n1..1\nok 1 a\nhost| not ok 1 b\n")
    said = "a: lines that look like results were not read: 1, the first is host| not ok 1 b"
    for logs in ([log], [log, log]):
        done = ksftci("junit", *logs, "-o", xml)
        assert (done.returncode, said in done.stderr) == (1, True)
    for file in (log, xml):
        done = ksftci("report", file)
        assert (done.returncode, said in done.stdout) == (1, True)


def test_shards_and_known_issues_in_reports(tmp_path: Path) -> None:
    for number, verdict in ((1, "ok"), (2, "not ok")):
        head = f"# ksftci kernel: debian:7.3\n# ksftci arch: arm64\n# ksftci run: 1\n# ksftci shard: {number}/3\n"
        text = f"TAP version 13\n# 1..1\n# {verdict} 1 test{number}\n{verdict} 1 selftests: cow\n1..1\n"
        (tmp_path / f"{number}.log").write_text(head + text)
    known, xml = tmp_path / "known.yaml", tmp_path / "out.xml"
    known.write_text(
        "- {test: cow.test2, kernels: '7.3', reason: why, link: 'https://example.org/1', expires: 9999-12-31}"
    )
    logs = [tmp_path / "1.log", tmp_path / "2.log"]
    done = ksftci("report", *logs)
    assert (done.returncode, "missing shards: 3/3" in done.stdout) == (1, True), done.stdout
    done = ksftci("report", *logs, "--known", known)
    assert (done.returncode, "why (https://example.org/1)" in done.stdout) == (0, True), done.stdout
    known.write_text(known.read_text().replace("9999", "2020"))
    done = ksftci("report", *logs, "--known", known)
    assert (done.returncode, f"{known}:1" in done.stdout) == (1, True), done.stdout
    assert ksftci("junit", *logs, "--known", known, "-o", xml).returncode == 0
    suites = ET.parse(xml).getroot().findall("testsuite")
    assert [len(suite.findall("testcase")) for suite in suites] == [2, 1]


def test_a_run_without_results_is_in_the_xml_whatever_it_is_read_from(tmp_path: Path) -> None:
    log, first, second = tmp_path / "x.log", tmp_path / "1.xml", tmp_path / "2.xml"
    log.write_text("# ksftci kernel: k\n# ksftci arch: arm64\n# ksftci run: 1\nTAP version 13\n1..0\n")
    assert ksftci("junit", log, "-o", first).returncode == 3
    assert ksftci("junit", first, "-o", second).returncode == 3
    assert 'value="k"' in first.read_text()
    assert second.read_text() == first.read_text()


def test_a_log_of_several_boots_is_one_run(tmp_path: Path) -> None:
    head = "# ksftci kernel: k\n# ksftci arch: arm64\n# ksftci run: 1\n"
    first = "TAP version 13\n# 1..2\n# ok 1 a\n# not ok 2 b\nnot ok 1 selftests: cow\n1..1\n"
    second = "TAP version 13\n# 1..1\n# ok 1 b\nok 1 selftests: cow\n1..1\n"
    log, xml = tmp_path / "x.log", tmp_path / "x.xml"
    log.write_text(f"{head}{first}{head}# ksftci attempt: 2\n{second}")
    done = ksftci("report", log)
    assert (done.returncode, "flaky" in done.stdout) == (0, True), done.stdout
    assert ksftci("junit", log, "-o", xml).returncode == 0
    assert [case.get("name") for case in ET.parse(xml).getroot().iter("testcase")] == ["a", "b"]


@pytest.mark.parametrize(
    ("args", "missing"),
    [
        (["run", "--tree", "TREE", "cow"], "qemu-system-aarch64 is not installed"),
        (["run", "--arch", "x86_64", "--tree", "debian:7.3", "cow"], "qemu-system-x86_64 is not installed"),
        (["watch", "--tree", "TREE", "cow"], "qemu-system-aarch64 is not installed"),
        (["coverage"], "qemu-system-aarch64 is not installed"),
        (["run", "--tree", "TREE", "cwo"], "there is no cwo.c in"),
        (["watch", "--tree", "TREE", "cwo"], "there is no cwo.c in"),
        (["run", "TREE/absent"], "No such file"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_fetched_or_built(
    args: list[str], missing: str, small_tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = ksftci(*(arg.replace("TREE", str(small_tree)) for arg in args), "--cache", tmp_path / "cache")
    assert (done.returncode, done.stdout) == (2, "")
    assert missing in done.stderr and done.stderr.count("\n") == 1
    assert not {"builds", "kbuilds", "packages", "trees"} & {path.name for path in (tmp_path / "cache").iterdir()}


@pytest.mark.parametrize("program", ["ksftci", "ksftgen"])
def test_a_shell_completes_commands_and_options(program: str) -> None:
    command = [Path(sys.executable).with_name(program)]
    for words, expected in (("ru" if program == "ksftci" else "che", "run check"), ("--ver", "--version")):
        variables = {"COMP_WORDS": f"{program} {words}", "COMP_CWORD": "1"}
        variables[f"_{program.upper()}_COMPLETE"] = "complete_bash"
        done = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=False)
        assert done.stdout.split() == [word for word in expected.split() if word.startswith(words)]


def test_the_version_is_that_of_the_project() -> None:
    assert ksftci("--version").stdout == f"ksftci {__version__}\n"


def test_help_teaches() -> None:
    assert "Examples" in ksftci("run", "--help").stdout
    assert ksftci("run", "-h").stdout == ksftci("run", "--help").stdout
    assert ksftci().returncode in (0, 2)
