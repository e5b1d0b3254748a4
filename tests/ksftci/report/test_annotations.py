# SPDX-License-Identifier: GPL-2.0-only
"""Workflow commands, read back as GitHub's runner reads them."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.ksftci import samples

from ksftci.report import annotations
from ksftci.results.model import UNNAMED, Run, TestResult, Verdict, exit_status
from plainprint.text import visible

NO_FILES = Path("/usr")  # a folder without any file that a result names


def read(line: str) -> tuple[str, dict[str, str], str]:
    """(command, properties, message) of a line, by the rules of the runner's TryParseV2."""
    match = re.match(r"\s*::(.*?)::(.*)", line)
    assert match, line
    name, _, rest = match[1].partition(" ")
    pairs = [pair.split("=", 1) for pair in rest.split(",") if "=" in pair]
    return name, {key: unescape(value, ":,") for key, value in pairs}, unescape(match[2], "")


def unescape(text: str, more: str) -> str:
    for char in f"\r\n{more}%":
        text = text.replace(f"%{ord(char):02X}", char)
    return text


def test_an_unusual_measurement_is_a_warning_and_no_failure() -> None:
    runs = samples.measured()
    (warning,) = [read(line) for line in annotations.render(runs, NO_FILES)]
    text = "mprotect_perf.mprotect_perf.order4_read.toggle: of_base 1.79 ratio, usually 0.3"
    assert warning == (
        "warning",
        {"title": "unusual measurement"},
        f"on debian:6.16, debian:6.16 (run 2): {text}",
    )
    assert exit_status(runs) == 0


def test_failures_are_errors_and_other_findings_warnings_or_notices() -> None:
    read_back = [read(line) for line in annotations.render(samples.two_kernels(), NO_FILES)]
    assert Counter(name for name, _, _ in read_back) == {"error": 4, "warning": 2, "notice": 1}
    assert read_back[0] == (
        "error",
        {"title": "fail: mprotect_cow_shared.cow.base.both"},
        f"on debian:6.12, debian:7.3: {samples.REASON}\nmprotect_cow_shared.c:100",
    )
    assert samples.ISSUE in read_back[-1][2]


@pytest.mark.parametrize("folder", ["tools/testing/selftests/mm", "generated"])
def test_a_file_is_named_by_its_path_in_the_checkout(folder: str, tmp_path: Path) -> None:
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / "mprotect_cow_shared.c").touch()
    _, properties, _ = read(annotations.render([Run("k", results=[samples.result()])], tmp_path)[0])
    assert (properties["file"], properties["line"]) == (f"{folder}/mprotect_cow_shared.c", "100")


def test_a_file_where_selftests_are_installed_is_that_in_the_checkout(tmp_path: Path) -> None:
    (tmp_path / "tools/testing/selftests/drivers/net").mkdir(parents=True)
    (tmp_path / "tools/testing/selftests/drivers/net/a.py").touch()
    result = TestResult("drivers/net:a.py", "two", Verdict.FAIL, file="/tmp/ksft/drivers/net/./a.py", line=12)
    _, properties, _ = read(annotations.render([Run("k", results=[result])], tmp_path)[0])
    assert (properties["file"], properties["line"]) == ("tools/testing/selftests/drivers/net/a.py", "12")


@pytest.mark.parametrize("file", ["/etc/passwd", "../../etc/passwd", "/x/mm/../../etc/passwd"])
def test_a_file_outside_of_the_checkout_is_not_named(file: str) -> None:
    _, properties, _ = read(annotations.render([Run("k", results=[samples.result(file=file)])], Path("/usr/lib"))[0])
    assert "file" not in properties


def test_at_most_as_many_as_github_shows_and_the_last_counts_the_others() -> None:
    runs = [Run("k", results=[samples.result(f"t{n}") for n in range(25)])]
    lines = annotations.render(runs, NO_FILES)
    assert len(lines) == 10
    assert read(lines[-1])[1]["title"] == "16 more"
    exactly = annotations.render([Run("k", results=runs[0].results[:10])], NO_FILES)
    assert "more" not in exactly[-1]


TEXT = st.text(max_size=300) | st.text(":,%=\r\n 0ADC", max_size=9)


@given(TEXT, TEXT, TEXT)
@example("k", "", "x" * 300)  # no file system has such a name
def test_no_text_gets_into_another_field(name: str, reason: str, file: str) -> None:
    run = Run(name, results=[samples.result(name, reason=reason, file=file)])
    (line,) = annotations.render([run], NO_FILES)
    assert not set("\r\n") & set(line)
    command, properties, message = read(line)
    kernel, why, where = (visible(text) for text in (name or UNNAMED, reason, file))
    assert command == "error"
    assert properties == {"title": visible(f"fail: mprotect_cow_shared.{name}"[:2000]).strip()}
    expected = f"on {kernel}: {why if reason else 'no reason given'}" + (f"\n{where}:100" if file else "")
    assert message == expected.strip()


def obeyed(printed: str) -> list[str]:
    """The commands that a runner obeys in a step's output: `::name` at the start, `##[name` anywhere."""
    commands, stopped = [], ""
    for line in re.split(r"\r\n|\r|\n", printed):
        match = re.match(r"\s*::(?P<name>[\w-]+).*?::(?P<data>.*)", line) or re.search(
            r"##\[(?P<name>[\w-]+).*?\]", line
        )
        if not match:
            continue
        if match["name"] == "stop-commands" and not stopped:
            stopped = match["data"]
        elif match["name"] == stopped:
            stopped = ""
        elif not stopped:
            commands.append(match["name"])
    return commands


@pytest.mark.parametrize(("on_github", "expected"), [("true", {"error"}), ("", {"error", "add-mask"})])
def test_the_runner_obeys_nothing_that_a_test_prints(on_github: str, expected: set[str], tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    lines = ["# ksftci kernel: ::error::k", "TAP version 13", "1..1", "# ##[add-mask]e", "# ::add-mask::e"]
    log.write_text("\n".join([*lines, "not ok 1 ::add-mask::t ##[add-mask]e\u2028::add-mask::e", ""]))
    argv = [sys.executable, "-m", "ksftci", "report", str(log), "--annotations"]
    environment = {"GITHUB_ACTIONS": on_github, "PYTHONPATH": ":".join(sys.path), "COLUMNS": "20"}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=environment, timeout=60)
    assert done.returncode == 1, done.stderr
    assert set(obeyed(done.stdout)) == expected
    assert len([line for line in done.stdout.split("\n") if line.startswith("::error ")]) == 1


def test_a_title_begins_with_the_verdict() -> None:
    run = Run("k", results=[samples.result("a", Verdict.CRASH, reason="signal 11")])
    assert read(annotations.render([run], NO_FILES)[0])[1]["title"] == "crash: mprotect_cow_shared.a"
