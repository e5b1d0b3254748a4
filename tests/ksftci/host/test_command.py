# SPDX-License-Identifier: GPL-2.0-only
"""Running the system's programs, and ending those that run."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from ksftci import arch
from ksftci.errors import CiError
from ksftci.host.command import PACKAGES, kill_group, need, run


@pytest.fixture
def no_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH without programs: an empty folder."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_need_gives_the_path_of_a_program(no_programs: Path) -> None:
    program = no_programs / "make"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert need("make") == str(program)


@pytest.mark.parametrize(
    ("program", "package"), [("xz", "xz-utils"), ("dpkg-deb", "dpkg"), ("unheard-of", "unheard-of")]
)
def test_need_names_the_package_of_a_missing_program(no_programs: Path, program: str, package: str) -> None:
    with pytest.raises(
        CiError, match=f"^{program} is not installed; install the package {package} with apt-get, .*ksftci setup"
    ):
        need(program)


@pytest.mark.parametrize("entry", arch.ALL, ids=lambda entry: entry.name)
def test_qemu_and_the_cross_compiler_of_each_architecture_have_a_package(entry: arch.Arch) -> None:
    assert PACKAGES[entry.board.program] == " or ".join(entry.board.packages)
    assert PACKAGES[f"{entry.compiler}gcc"].startswith("gcc-")


def test_run_gives_the_standard_output_alone(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text('pwd; echo "$WORD"; echo aside >&2; printf "\\377"; cat')
    environment = {**os.environ, "WORD": "said"}
    assert run(["sh", script], what="trying", cwd=tmp_path, env=environment) == f"{tmp_path}\nsaid\n\ufffd"


def test_a_program_gets_no_input_of_the_user() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"typed")
    os.close(writer)
    before = os.dup(0)
    os.dup2(reader, 0)
    try:
        assert run(["cat"], what="reading") == ""
    finally:
        os.dup2(before, 0)
        os.close(before)
        os.close(reader)


@pytest.mark.parametrize(
    ("script", "last_lines"),
    [
        ("seq 20; seq 101 120 >&2; exit 3", [str(n) for n in range(109, 121)]),
        ("seq 20; exit 3", [str(n) for n in range(9, 21)]),
        ("exit 3", []),
    ],
)
def test_a_failed_program_is_reported_with_its_last_lines(script: str, last_lines: list[str]) -> None:
    with pytest.raises(CiError) as caught:
        run(["sh", "-c", script], what="counting")
    said = "it says:" if last_lines else "it says nothing"
    assert str(caught.value).split("\n") == [f"counting: sh failed with status 3; {said}", *last_lines]


def test_run_needs_its_program(no_programs: Path) -> None:
    with pytest.raises(CiError, match="rsync is not installed"):
        run(["rsync"], what="copying")


def test_a_group_is_killed_with_all_its_processes() -> None:
    script = "exec 3<&0; cat <&3 & echo started; wait"  # cat waits for input
    with subprocess.Popen(
        ["sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"started\n"
        kill_group(process.pid)
        assert process.stdout.read() == b""  # the end: neither sh nor cat has the pipe open
    assert process.returncode == -signal.SIGKILL


def test_another_signal_can_be_sent() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, start_new_session=True) as process:
        kill_group(process.pid, signal.SIGTERM)
    assert process.returncode == -signal.SIGTERM


def test_a_group_that_has_ended_is_no_error_and_another_users_group_is(monkeypatch: pytest.MonkeyPatch) -> None:
    errors: list[OSError] = [ProcessLookupError(), PermissionError()]

    def killpg(group: int, number: int) -> None:
        raise errors.pop(0)

    monkeypatch.setattr(os, "killpg", killpg)
    kill_group(12345)
    with pytest.raises(PermissionError):
        kill_group(12345)


def test_children_that_outlive_a_program_are_not_waited_for() -> None:
    begun = time.monotonic()
    assert run(["sh", "-c", "sleep 100 & echo done"], what="a test") == "done\n"
    assert time.monotonic() - begun < 90


def test_a_program_that_is_ended_by_a_signal() -> None:
    with pytest.raises(CiError, match="a test: sh was ended by signal 7, as on a full disk"):
        run(["sh", "-c", "kill -BUS $$"], what="a test")
