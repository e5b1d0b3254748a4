# SPDX-License-Identifier: GPL-2.0-only
"""The guest's /init and the archive with it."""

import gzip
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from ksftci.errors import CiError
from ksftci.machine.initramfs import build, init_script
from ksftci.machine.machine import Job


def script_file(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def members(archive: bytes) -> Sequence[str]:
    """Mode, links and path of every file, as cpio lists them."""
    listing = subprocess.run(
        ["cpio", "--list", "--verbose", "--quiet"], input=gzip.decompress(archive), capture_output=True, check=True
    )
    fields = (line.split() for line in listing.stdout.decode().splitlines())
    return [f"{mode} {links} {' '.join(rest[6:])}" for mode, links, *rest in fields]


def test_a_folder_that_jobs_share_is_in_the_guest_once(tmp_path: Path) -> None:
    folder = tmp_path / "mm"
    busybox, bash = script_file(tmp_path / "busybox"), script_file(tmp_path / "bash")
    jobs = [
        Job("alone", bash),
        Job("a", script_file(folder / "run.sh"), ("-t", "ksm"), folder),
        Job("b", script_file(folder / "inner/one"), (), folder, 2.0),
    ]
    script = init_script(jobs)
    assert script.splitlines()[-4:] == [
        "run 0 0 /tests/0/bash",
        "run 1 0 /tests/1/run.sh -t ksm",
        "run 2 2 /tests/1/inner/one",
        "finish",
    ]
    names = [member.split()[2] for member in members(build(jobs, busybox, script, bash))]
    assert [name for name in names if name.startswith("tests/")] == [
        *("tests/0", "tests/0/bash"),
        *("tests/1", "tests/1/inner", "tests/1/inner/one", "tests/1/run.sh"),
    ]


def test_a_program_of_several_jobs_is_stored_once(tmp_path: Path) -> None:
    busybox, program = script_file(tmp_path / "busybox"), script_file(tmp_path / "cow")
    jobs = [Job("one", program, ("-1",)), Job("two", program, ("-2",))]
    assert [member for member in members(build(jobs, busybox, "")) if member.endswith("/cow")] == [
        "-rwxr-xr-x 2 tests/0/cow",
        "-rwxr-xr-x 2 tests/1/cow",
    ]


def test_bash_comes_with_the_tools_of_the_kernels_scripts(tmp_path: Path) -> None:
    busybox, bash = script_file(tmp_path / "busybox"), script_file(tmp_path / "bash")
    plain, with_bash = ({m.split()[2] for m in members(build([], busybox, "", path))} for path in (None, bash))
    assert {"init", "bin/busybox", "etc/passwd", "proc"} <= plain
    assert with_bash - plain == {"bin/bash", "bin/sed", "bin/sudo", "bin/timeout"}


def test_modules_are_numbered_in_the_order_of_loading(tmp_path: Path) -> None:
    busybox = script_file(tmp_path / "busybox")
    names = [
        m.split()[2] for m in members(build([], busybox, "", modules={"zsmalloc": b"1", "lz4": b"2", "zram": b"3"}))
    ]
    assert [name for name in names if name.startswith("modules/")] == [
        *("modules/000-zsmalloc.ko", "modules/001-lz4.ko", "modules/002-zram.ko"),
    ]


def test_a_file_that_cannot_be_copied_is_an_error(tmp_path: Path) -> None:
    busybox = script_file(tmp_path / "busybox")
    with pytest.raises(CiError, match=r"packing the guest's files: .*gone: No such file"):
        build([Job("gone", tmp_path / "gone")], busybox, "")
    (tmp_path / "mm").mkdir()
    (tmp_path / "mm/dangling").symlink_to("nowhere")
    assert build([Job("x", tmp_path / "mm/x", folder=tmp_path / "mm")], busybox, "")
    os.mkfifo(tmp_path / "mm/fifo")
    with pytest.raises(CiError, match=r"mm/fifo: .*is a named pipe"):
        build([Job("x", tmp_path / "mm/x", folder=tmp_path / "mm")], busybox, "")


def test_arguments_are_quoted_for_the_guests_shell() -> None:
    script = init_script([Job("x", Path("/p/a b"), ("$(reboot)", "it's"))])
    assert "run 0 0 '/tests/0/a b' '$(reboot)' 'it'\"'\"'s'" in script


def test_every_placeholder_of_the_script_has_a_value() -> None:
    script = init_script([Job("x", Path("/x"))], load=True, swap_mb=64, gcov=True)
    assert not [word for word in ("@TOKEN@", "@SWAP@", "@LOAD@", "@GCOV@", "@SPLAT@") if word in script]
    assert "if [ yes = yes ]; then" in script
    subprocess.run(["sh", "-n"], input=script.encode(), check=True)


def test_the_guest_sends_counters_only_when_gcov_is_on() -> None:
    jobs = [Job("x", Path("/x"))]
    assert "[ yes = no ] || echo 1 >$gcov/reset" in init_script(jobs, gcov=True)
    assert "[ no = no ] || counted" in init_script(jobs)


@pytest.mark.parametrize("megabytes", [0, 512])
def test_swap_is_set_up_before_the_first_program(megabytes: int) -> None:
    script = init_script([Job("x", Path("/p/a"))], swap_mb=megabytes)
    lines = script.splitlines()
    assert (
        lines.index("modules")
        < lines.index(f"swap {megabytes}")
        < lines.index("facts")
        < lines.index("run 0 0 /tests/0/a")
    )
