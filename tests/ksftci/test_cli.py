# SPDX-License-Identifier: GPL-2.0-only
"""The command as a whole, where it needs no machine."""

import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

LOGS = Path(__file__).parent.parent / "logs"


def ksftci(*args: object) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "ksftci", *map(str, args)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


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


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["run"], "nothing to run"),
        (["run", "x", "--kernel", "debian:x"], "is not understood"),
        (["run", "x", "--native", "--kernel", "debian:7.3"], "cannot be given"),
        (["run", "x", "-k", "(a"], "a ) is missing"),
        (["run", "x", "--arch", "mips"], "choose arm64 or x86_64"),
        (["run", "x", "--junit", "/absent/out.xml"], "is not there"),
        (["run", "--tree", "/absent"], "no such folder"),
        (["junit", "/absent", "-o", "/dev/null"], "No such file"),
        (["tree", "get", "debian:7"], "is needed"),
        (["kernel", "get", "build:x"], "is not understood"),
    ],
)
def test_mistakes_exit_with_2_and_a_sentence(args: list[str], message: str, tmp_path: Path) -> None:
    done = ksftci(*args, *([] if args[0] == "junit" else ["--cache", tmp_path]))
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_help_teaches() -> None:
    assert "Examples" in ksftci("run", "--help").stdout
    assert ksftci().returncode in (0, 2)
