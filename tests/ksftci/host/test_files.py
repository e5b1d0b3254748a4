# SPDX-License-Identifier: GPL-2.0-only
"""Files are written completely or not at all, and streams are written to."""

import errno
import os
import resource
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ksftci.errors import CiError
from ksftci.host.files import read_text, replacing, write_all, write_whole


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file in a folder of its own."""
    path = tmp_path / "out"
    path.write_text("old")
    return path


@pytest.fixture
def small_disk() -> Iterator[None]:
    """No file grows beyond four bytes: like a full disk, the limit shows when the last bytes are written out."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_file_is_replaced_when_the_block_has_ended(old: Path) -> None:
    with replacing(old) as file:
        file.write(b"new")
        file.flush()
        assert old.read_text() == "old"
    assert old.read_text() == "new"
    assert list(old.parent.iterdir()) == [old]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_block_that_raises_leaves_the_old_file_and_nothing_else(old: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), replacing(old) as file:
        file.write(b"half")
        raise error
    assert old.read_text() == "old"
    assert list(old.parent.iterdir()) == [old]


def test_a_full_disk_leaves_the_old_file_and_nothing_else(old: Path, small_disk: None) -> None:
    with pytest.raises(CiError, match=f"^{old}: cannot write there: File too large"):
        write_whole(old, "longer than four bytes")
    assert old.read_text() == "old"
    assert list(old.parent.iterdir()) == [old]


def test_an_error_of_the_system_in_the_block_names_the_file(old: Path) -> None:
    with pytest.raises(CiError, match=f"^{old}: cannot write there: No space left"), replacing(old):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_a_new_file_has_the_mode_that_open_gives(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        write_whole(tmp_path / "out", "")
    finally:
        assert os.umask(before) == umask
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == mode


def test_a_folder_and_a_missing_folder_are_errors(tmp_path: Path) -> None:
    with pytest.raises(CiError, match=f"^{tmp_path}: is a folder"):
        write_whole(tmp_path, "")
    with pytest.raises(CiError, match="gone/out: cannot write there: No such file or directory"):
        write_whole(tmp_path / "gone/out", "")


def test_a_fifo_is_written_to_and_stays(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    write_whole(fifo, "text")
    assert os.read(reader, 99) == b"text"
    os.close(reader)
    assert fifo.is_fifo()


@pytest.mark.parametrize("folder", ["/dev/fd", "/proc/self/fd"])
def test_an_open_file_gets_the_text_at_its_end_as_a_shell_expects(old: Path, folder: str) -> None:
    """/dev/stdout is such a path; the shell may have redirected it to a regular file."""
    with old.open("ab") as file:
        write_whole(Path(folder) / str(file.fileno()), " and new")
    assert old.read_text() == "old and new"
    reader, writer = os.pipe()
    write_whole(Path(folder) / str(writer), "text")
    assert os.read(reader, 99) == b"text"
    os.close(reader)
    os.close(writer)


def test_a_full_device_is_an_error() -> None:
    with pytest.raises(CiError, match=r"^/dev/full: cannot write there: No space left"):
        write_whole(Path("/dev/full"), "x")


@given(st.text() | st.binary())
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, content: str | bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "whole"
    write_whole(path, content)
    expected = content if isinstance(content, bytes) else content.encode("utf-8", "replace")
    assert path.read_bytes() == expected
    assert read_text(path) == expected.decode("utf-8", "replace")


def test_what_is_no_utf8_is_replaced(tmp_path: Path) -> None:
    write_whole(tmp_path / "out", "a\ud800b\r\n")
    assert read_text(tmp_path / "out") == "a?b\r\n"
    write_whole(tmp_path / "out", b"a\xe4b")
    assert read_text(tmp_path / "out") == "a\ufffdb"


def test_a_file_that_cannot_be_written_does_not_keep_the_others_from_being_written(tmp_path: Path) -> None:
    paths = [Path("/dev/full"), tmp_path / "one", tmp_path, tmp_path / "two"]
    with pytest.raises(CiError) as caught:
        write_all((path, lambda file: write_whole(file, file.name)) for path in paths)
    assert str(caught.value) == (
        "/dev/full: cannot write there: No space left on device; make room, or name another place\n"
        f"{tmp_path}: is a folder; name a file"
    )
    assert [(tmp_path / name).read_text() for name in ("one", "two")] == ["one", "two"]


def test_nothing_else_than_a_ci_error_waits_for_the_other_files(tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_all([(tmp_path / "one", fail), (tmp_path / "two", lambda file: write_whole(file, ""))])
    assert not (tmp_path / "two").exists()


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CiError, match=f"^{tmp_path}/gone: No such file or directory; check the path$"):
        read_text(tmp_path / "gone")
    with pytest.raises(CiError, match=f"^{tmp_path}: Is a directory; name a file$"):
        read_text(tmp_path)
