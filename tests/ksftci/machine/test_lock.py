# SPDX-License-Identifier: GPL-2.0-only
"""Native runs wait for each other."""

import os
import threading
from pathlib import Path

import pytest

from ksftci.errors import CiError
from ksftci.machine import lock


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "lock"
    monkeypatch.setattr(lock, "FILE", path)
    monkeypatch.setattr(lock, "_TICK", 0.01)
    return path


def test_a_second_run_waits_and_says_for_whom(file: Path) -> None:
    said: list[str] = []
    order: list[str] = []

    told = threading.Event()

    def say(text: str) -> None:
        said.append(text)
        told.set()

    def second() -> None:
        with lock.held(say, threading.Event()):
            order.append("second")

    with lock.held(said.append, threading.Event()) as held:
        assert held is not None
        assert not said
        thread = threading.Thread(target=second)
        thread.start()
        assert told.wait(60)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    (text,) = said
    assert f"to end: pid {os.getpid()}, since 20" in text
    assert "python" in text
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_process_that_has_the_descriptor_keeps_the_lock(file: Path) -> None:
    with lock.held(lambda _: None, threading.Event()) as held:
        assert held is not None
        copy = os.dup(held)
    stop, said = threading.Event(), list[str]()

    def give_up(text: str) -> None:
        said.append(text)
        stop.set()

    with lock.held(give_up, stop) as second:
        assert second is None
    assert len(said) == 1
    os.close(copy)
    with lock.held(said.append, threading.Event()) as third:
        assert third is not None
    assert len(said) == 1


def test_what_the_file_says_is_shown_without_escapes(file: Path) -> None:
    with lock.held(lambda _: None, threading.Event()):
        file.write_bytes(b"pid 1\n::error::\x1b[31m" + b"x" * 1000)
        stop, said = threading.Event(), list[str]()
        threading.Timer(0.05, stop.set).start()
        with lock.held(said.append, stop):
            pass
    assert r"pid 1 ::error::\x1b[31mxx" in said[0]
    assert len(said[0]) < 400


@pytest.mark.parametrize("kind", ["symlink", "fifo", "folder", "hard link"])
def test_another_thing_in_its_place_is_an_error(kind: str, file: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("precious")
    match kind:
        case "symlink":
            file.symlink_to(target)
        case "fifo":
            os.mkfifo(file)
        case "folder":
            file.mkdir()
        case _:
            file.hardlink_to(target)
    with pytest.raises(CiError, match=str(file)), lock.held(lambda _: None, threading.Event()):
        pass
    assert target.read_text() == "precious"
