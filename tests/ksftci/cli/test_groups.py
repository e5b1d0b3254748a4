# SPDX-License-Identifier: GPL-2.0-only
"""Groups of options: dataclasses whose fields are options of a command."""

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest
import typer
from rich.text import Text
from typer.testing import CliRunner

from ksftci.arch import ARM64
from ksftci.cli.groups import GuestGroup, StoreGroup, check_files, grouped
from ksftci.errors import CiError
from ksftci.machine.machine import Limits
from ksftci.machine.qemu import GuestOptions


@dataclass(frozen=True)
class Paint:
    """A group of options for these tests."""

    color: Annotated[str, typer.Option("--color", help="Color of the paint.")] = "red"
    coats: Annotated[int, typer.Option("--coats", min=1)] = 1


class App:
    """A command with two groups and an argument, which keeps what it gets."""

    def __init__(self, default: Paint) -> None:
        self.calls: list[tuple[str, Paint, StoreGroup]] = []
        self.typer = typer.Typer()

        @self.typer.command()
        @grouped
        def paint(wall: str, paint: Paint = default, store: StoreGroup = StoreGroup()) -> None:
            """Paint a wall."""
            self.calls.append((wall, paint, store))

    def run(self, *words: str, status: int = 0) -> str:
        outcome = CliRunner().invoke(self.typer, words, env={"COLUMNS": "200"})
        assert outcome.exit_code == status, outcome.output
        return Text.from_ansi(outcome.output).plain


def test_the_help_has_the_options_of_every_group() -> None:
    text = App(Paint()).run("--help")
    assert "Paint a wall." in text
    assert "Color of the paint." in text
    for option in ("--color", "--coats", "--mirror", "--cache"):
        assert option in text
    assert "--paint" not in text


def test_the_command_gets_a_dataclass_for_each_group() -> None:
    app = App(Paint())
    app.run("north", "--color", "blue", "--mirror", "http://m.example/debian", "--coats", "3", "--cache", "c")
    assert app.calls == [("north", Paint("blue", 3), StoreGroup("http://m.example/debian", Path("c")))]


def test_the_defaults_are_those_of_the_parameters_default() -> None:
    app = App(Paint("green", 2))
    app.run("north")
    app.run("south", "--coats", "5")
    assert [paint for _, paint, _ in app.calls] == [Paint("green", 2), Paint("green", 5)]


def test_typer_checks_the_values_of_a_groups_options() -> None:
    app = App(Paint())
    assert "--coats" in app.run("north", "--coats", "0", status=2)
    assert app.calls == []


def test_a_command_without_groups_keeps_its_signature() -> None:
    def add(first: int, second: int = 2) -> None:
        sums.append(first + second)

    sums: list[int] = []
    assert inspect.signature(grouped(add)) == inspect.signature(add)
    grouped(add)(first=1, second=4)
    assert sums == [5]


def test_store_options_have_the_architecture_the_cache_and_the_mirror(tmp_path: Path) -> None:
    options = StoreGroup("http://m.example/debian", tmp_path).options("aarch64")
    assert (options.arch, options.cache, options.mirror) == (ARM64, tmp_path, "http://m.example/debian")


def test_an_unknown_architecture_is_an_error() -> None:
    with pytest.raises(CiError, match="architecture 'vax' is unknown"):
        StoreGroup().options("vax")


def test_a_guests_limits_and_hardware() -> None:
    group = GuestGroup(timeout=9, silence=3, memory=512, swap=64, cpus=4, append="quiet")
    assert group.limits == Limits(total=9, silence=3)
    assert group.guest == GuestOptions(memory_mb=512, cpus=4, append="quiet", swap_mb=64)
    assert (group.guest.needs, GuestGroup().guest.needs) == (("swap",), ())


def test_a_file_needs_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    check_files([None, Path("a.xml"), tmp_path / "b.xml", Path("-")])
    with pytest.raises(CiError, match="the folder missing is not there"):
        check_files([Path("a.xml"), Path("missing/c.xml")])


def test_a_file_is_not_read_and_written_and_not_written_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.log").write_text("")
    Path("link").symlink_to("a.log")
    Path("hard").hardlink_to("a.log")
    for name in ("a.log", "./a.log", str(tmp_path / "a.log"), "link", "hard"):
        with pytest.raises(CiError, match="is read, and writing would replace it"):
            check_files([Path(name)], [None, Path("a.log")])
    with pytest.raises(CiError, match="is named twice"):
        check_files([Path("new"), tmp_path / "new"])
    check_files([Path("/dev/null"), Path("/dev/null"), Path("-")], [Path("/dev/null"), Path("-")])
