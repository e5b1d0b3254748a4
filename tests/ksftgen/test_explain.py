# SPDX-License-Identifier: GPL-2.0-only
"""The command explain: what it names, what it draws and tells, in a terminal, in a pipe and as an SVG."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from lxml import etree
from tests.ksftgen import orders
from tests.ksftgen.test_gen_cli import ksftgen
from tests.ksftgen.test_orders import load

from ksftgen import cli_explain, explain, paint, paths, spec, target
from ksftgen.cases import cases
from ksftgen.columns import TIMES, WIDTH
from ksftgen.library import library
from ksftgen.memory import Memory
from ksftgen.story import Teller
from ksftgen.verb import Parameter, Verb
from ksftgen.vocabulary import VERBS
from ksftgen.window import PAGE_SIZES, Window

DATA = Path(__file__).parent / "data"
SMALL = DATA / "mprotect_small.yaml"
CASE = "mprotect_cow_shared.mixed_alternate_straddle_none"


def explained(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert ksftgen(monkeypatch, "explain", *arguments) == 0
    return capsys.readouterr().out


def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert ksftgen(monkeypatch, "explain", *arguments) == 2
    return capsys.readouterr().err


def test_a_small_case_as_it_was_recorded(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert explained(monkeypatch, capsys, SMALL) == (DATA / "mprotect_small.txt").read_text()


def test_the_case_of_the_readme(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    shown = explained(monkeypatch, capsys, f"{CASE}.rw_upgrade")
    assert "range straddle: pages 176 to 192" in shown
    assert "no fault in 8 exclusive pages, one fault and a copy in 9 shared pages" in shown.replace("\n    ", " ")
    assert "test child_writes" not in shown
    assert "The other cases" not in shown


@pytest.mark.parametrize("path", paths.scenarios(), ids=lambda path: path.stem)
def test_every_scenario_can_be_explained(path: Path) -> None:
    scenario = spec.load(path)
    lines = explain.explain(scenario, cases(scenario)[0], list(scenario.tests), "4k")
    shown = paint.terminal(lines, has_colour=False)
    assert all(len(line) <= WIDTH for line in shown.splitlines())
    assert re.search(r"^ 1\. map", shown, re.MULTILINE)


@settings(max_examples=60, database=None)
@given(orders.scenarios(is_valid=True, layouts=("base", "order5", "mixed", "pmd_thp", "holes")))
def test_any_order_can_be_explained(text: str) -> None:
    scenario = load(text)
    lines = explain.explain(scenario, cases(scenario)[-1], list(scenario.tests), "4k")
    assert all(len(line) <= WIDTH for line in paint.terminal(lines, has_colour=False).splitlines())


@pytest.mark.parametrize(("room", "untold"), [(None, []), ("wipe", ["look"])])
def test_a_verb_that_needs_no_room_leaves_no_mark(room: str | None, untold: list[str]) -> None:
    teller = Teller(Memory(Window.of(library()["base"])))
    teller.tell(VERBS["map"], {"layout": "base"})
    look = Verb("look", "look at the range", (Parameter("range"),), room=room)
    assert teller.tell(look, {"range": "one_page"}) == "Look at the range: page 36."
    assert list(teller.untold) == untold


@pytest.mark.parametrize("size", ["16k", "64k", "64K"])
def test_large_windows(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], size: str) -> None:
    shown = explained(monkeypatch, capsys, "mprotect_cow_shared.pmd_thp_all_whole_none.rw_upgrade", "--page-size", size)
    pages = 2 * PAGE_SIZES[size.lower()] // 8
    assert f"{pages} pages of {size.upper()}, {pages // 2} of them below a PMD boundary." in shown
    assert f"[ -{TIMES}{pages // 2 - 2} ]#[ -{TIMES}{pages // 2 - 2} ]" in shown


def test_a_case_that_is_skipped(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    shown = explained(monkeypatch, capsys, "mprotect_protnone.order10_whole_whole").replace("\n", " ")
    assert "With 4K pages its tests are skipped: layout order10: 1024 pages, a page table has 512." in shown
    assert "--page-size 16k or 64k" in shown


def test_a_case_of_another_strength(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Such a case may have failed in a run of --cases all."""
    assert "\ncase order6_one_vma_end_none: layout order6" in explained(
        monkeypatch, capsys, "mprotect_cow_shared.order6_one_vma_end_none.rw_upgrade"
    )


@pytest.mark.parametrize("name", [SMALL, f"{SMALL}.only", f"{SMALL}.only.swapped", "mprotect_small.only.swapped"])
def test_names_of_files(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str | Path) -> None:
    monkeypatch.chdir(DATA)
    shown = explained(monkeypatch, capsys, name)
    assert ("test writable_again" in shown) is ("swapped" not in str(name))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mprotect_cow_shard", 'unknown scenario "mprotect_cow_shard"; did you mean "mprotect_cow_shared"? allowed: '),
        ("gone.yaml", "gone.yaml: No such file or directory"),
        ("gone.yaml.only", "gone.yaml: No such file or directory"),
        (SMALL.parent, "unknown scenario"),
        (
            "mprotect_cow_shared.mixed_alternat_straddle_none",
            'unknown case of mprotect_cow_shared "mixed_alternat_straddle_none"; did you mean '
            '"mixed_alternate_straddle_none"? "ksftgen list --cases" names them',
        ),
        (f"{CASE}.rw", 'unknown test of mprotect_cow_shared "rw"; allowed: rw_upgrade, '),
        (f"{CASE}.rw_upgrade.more", "has too many parts; allowed: SCENARIO[.CASE[.TEST]]"),
        ("", 'unknown scenario ""'),
    ],
)
def test_what_is_not_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str | Path, message: str
) -> None:
    assert message in refused(monkeypatch, capsys, name)


def test_an_unknown_page_size(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert '"8k" is not valid; allowed: 4k, 16k or 64k' in refused(monkeypatch, capsys, SMALL, "--page-size", "8k")


@pytest.mark.parametrize(
    ("is_terminal", "environment", "has_colour"),
    [
        (False, {}, False),
        (True, {}, True),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
    ],
)
def test_colours_are_for_terminals(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    is_terminal: bool,
    environment: dict[str, str],
    has_colour: bool,
) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: is_terminal)
    cli_explain.command(str(SMALL))
    shown = capsys.readouterr().out
    assert ("\x1b[" in shown) is has_colour
    assert re.sub(r"\x1b\[[0-9;]*m", "", shown) == (DATA / "mprotect_small.txt").read_text()


def test_a_terminal_of_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli_explain._encodable(f"-{TIMES}30") == f"-{TIMES}30"
    monkeypatch.setattr("sys.stdout", open("/dev/null", "w", encoding="ascii"))  # noqa: SIM115
    assert cli_explain._encodable(f"-{TIMES}30") == "-x30"


def test_an_svg_has_the_same_characters(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "small.svg"
    assert explained(monkeypatch, capsys, SMALL, "--svg", path) == f"{path}: written\n"
    root, space = etree.parse(path).getroot(), "{http://www.w3.org/2000/svg}"
    texts = list(root.iter(f"{space}text"))
    told = (DATA / "mprotect_small.txt").read_text()
    assert "".join("".join((text.text or "").split()) for text in texts) == "".join(told.split())
    assert root.findtext(f"{space}title") == "mprotect_small.only"
    style = root.findtext(f"{space}style") or ""
    assert "prefers-color-scheme: dark" in style
    assert all(f".{shape.get('class')} " in style for shape in (*texts, *root.iter(f"{space}rect")))


@pytest.mark.parametrize(("name", "message"), [("x.png", "called something.svg"), ("folder.svg", "cannot write")])
def test_an_svg_is_written_whole_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, message: str
) -> None:
    (tmp_path / "folder.svg").mkdir()
    assert message in refused(monkeypatch, capsys, SMALL, "--svg", tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.svg"]


def test_a_name_as_reports_have_it_is_found() -> None:
    found = target.find(f"mprotect_cow_shared.{CASE}.rw_upgrade")
    assert (found.case.name, found.tests) == (CASE.partition(".")[2], ("rw_upgrade",))
