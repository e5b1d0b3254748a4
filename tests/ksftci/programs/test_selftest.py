# SPDX-License-Identifier: GPL-2.0-only
"""Folders that run natively, as root: of selftests only."""

from pathlib import Path

import pytest

from ksftci.errors import CiError
from ksftci.programs import selftest


def program(path: Path, text: bytes = b"") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x7fELF\0" + text)
    return path


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (b"TAP version 13\n\0", True),
        (b"\0ok %d %s\n\0", True),
        (b"# FIXTURE VARIANT TEST\0", True),
        (b"1..%u\n", True),
        (b"usage: rm [-rf]\0look %d", False),
        (b"", False),
    ],
)
def test_a_selftest_has_the_texts_of_ktap(text: bytes, is_one: bool, tmp_path: Path) -> None:
    assert selftest.looks_like_one(program(tmp_path / "x", text)) == is_one


def test_nothing_of_a_folder_runs_that_has_other_programs(tmp_path: Path) -> None:
    programs = [program(tmp_path / "cow", b"TAP version 13"), *(program(tmp_path / name) for name in "abcde")]
    with pytest.raises(CiError, match=f"^{tmp_path}: a, b, c and 2 more do not look like selftests"):
        selftest.check(tmp_path, programs)
    selftest.check(tmp_path, programs[:1])


def test_the_programs_of_this_system_are_no_selftests() -> None:
    with pytest.raises(CiError, match="do not look like selftests"):
        selftest.check(Path("/bin"), [path for path in Path("/bin").iterdir() if path.is_file()][:50])


def test_whatever_is_built_in_a_tree_or_installed_is_a_selftest(tmp_path: Path) -> None:
    built = program(tmp_path / "linux/tools/testing/selftests/mm/cow")
    assert not selftest.looks_like_one(built)
    (tmp_path / "linux/Kbuild").touch()
    assert selftest.looks_like_one(built)
    installed = program(tmp_path / "installed/net/forwarding/router")
    (tmp_path / "installed/kselftest-list.txt").write_text("net/forwarding:router\nmm:cow\n")
    assert selftest.looks_like_one(installed)
    assert not selftest.looks_like_one(program(tmp_path / "installed/other/x"))


def test_a_program_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CiError, match=f"{tmp_path}/absent: No such file"):
        selftest.looks_like_one(tmp_path / "absent")
