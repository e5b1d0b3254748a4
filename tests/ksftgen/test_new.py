# SPDX-License-Identifier: GPL-2.0-only
"""The command new: a scenario that is right, under a name that is right, and no file that is overwritten."""

from __future__ import annotations

import re
import resource
from pathlib import Path

import pytest
from tests.ksftgen.test_gen_cli import ksftgen

from ksftgen import new, spec
from ksftgen.cases import cases
from ksftgen.errors import GenError
from ksftgen.render import render
from ksftgen.shape import VERSION, ScenarioShape


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_is_written_is_right(monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
    assert ksftgen(monkeypatch, "new", "mprotect_my_bug") == 0
    assert [path.name for path in here.iterdir()] == ["mprotect_my_bug.yaml"]
    scenario = spec.load(here / "mprotect_my_bug.yaml")
    assert len(cases(scenario)) > 1
    assert "mprotect_my_bug.c" in render([scenario])


def test_each_section_is_there_and_has_a_comment() -> None:
    text = (Path(new.__file__).parent / "skeleton.yaml").read_text()
    for key in ScenarioShape.model_fields:
        if key not in ("stronger", "submit"):  # what a beginner needs not
            assert re.search(rf"^(#.*\n)?{key}:", text, re.MULTILINE), key
    assert f"\nversion: {VERSION}\n" in text
    assert len(re.findall(r"^\w+:", text, re.MULTILINE)) <= len(re.findall(r"(?<=\n\n)# ", text)) + 1
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize("output", [None, "mprotect_my_bug.yaml", "folder", "folder/mprotect_my_bug.yaml"])
def test_the_prefix_is_put_in_front(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], here: Path, output: str | None
) -> None:
    (here / "folder").mkdir()
    assert ksftgen(monkeypatch, "new", "my_bug", *(["-o", output] if output else [])) == 0
    path = Path(output or "", "mprotect_my_bug.yaml") if not (output or "").endswith(".yaml") else Path(output or "")
    assert capsys.readouterr().out.splitlines() == [
        "mprotect_my_bug: the name begins with mprotect_, by which ksftci finds programs",
        f"{path}: written; next: ksftgen explain {path}",
    ]
    assert spec.load(path).name == "mprotect_my_bug"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "my-bug",
            'name "my-bug" is not allowed; did you mean "my_bug"? allowed: a to z, 0 to 9 and _, a letter first',
        ),
        ("My Bug.yaml", 'did you mean "my_bug"?'),
        ("3rd", 'name "3rd" is not allowed; allowed: '),
        ("", 'name "" is not allowed; allowed: '),
        ("mprotect_", 'name "mprotect_" is not allowed'),
        ("x" * 33, "has 42 characters; at most 41, with mprotect_"),
        ("area_mine", 'name "mprotect_area_mine" is like those of the C files that programs share'),
        ("cow_shared", 'scenario "mprotect_cow_shared" comes with ksftgen; choose another name'),
        ("\x1b[31m", r'name "\x1b[31m" is not allowed'),
    ],
)
def test_names_that_no_scenario_can_have(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], here: Path, name: str, message: str
) -> None:
    assert ksftgen(monkeypatch, "new", name) == 2
    assert message in capsys.readouterr().err
    assert not list(here.iterdir())


def test_the_longest_name(here: Path) -> None:
    scenario = new.name("x" * 32)
    assert spec.load(new.create(scenario, None)).name == scenario


@pytest.mark.parametrize("kind", ["file", "link", "dangling", "folder"])
def test_nothing_is_overwritten(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], here: Path, kind: str
) -> None:
    path = here / "mprotect_my_bug.yaml"
    match kind:
        case "file":
            path.write_text("mine\n")
        case "link" | "dangling":
            (here / "mine").write_text("mine\n")
            path.symlink_to(here / ("mine" if kind == "link" else "gone"))
        case "folder":
            path.mkdir()
            (path / "mprotect_my_bug.yaml").write_text("mine\n")
    assert ksftgen(monkeypatch, "new", "my_bug", "-o", path) == 2
    assert "mprotect_my_bug.yaml: exists already; remove it, or choose another name" in capsys.readouterr().err
    assert not (here / "gone").exists()
    assert all(entry.read_text() == "mine\n" for entry in here.rglob("*") if entry.is_file())


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("other.yaml", "other.yaml: a file is called as its scenario; give -o mprotect_my_bug.yaml"),
        ("gone/mprotect_my_bug.yaml", "gone/mprotect_my_bug.yaml: cannot write: No such file or directory"),
        ("/dev/null", "/dev/null: a file is called as its scenario"),
    ],
)
def test_files_that_it_cannot_be(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], here: Path, output: str, message: str
) -> None:
    assert ksftgen(monkeypatch, "new", "my_bug", "-o", output) == 2
    assert message in capsys.readouterr().err
    assert not list(here.iterdir())


def test_what_cannot_be_written_is_not_there(here: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(GenError, match=r"mprotect_my_bug.yaml: cannot write: File too large"):
            new.create("mprotect_my_bug", None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list(here.iterdir())
