# SPDX-License-Identifier: GPL-2.0-only
"""What an editor says of a scenario, by the JSON Schema that the scenario names: the one in scenarios/."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.conftest import TOP
from tests.readers.editor import Editor

from ksftgen.layout import NUMBERED
from ksftgen.library import library
from ksftgen.vocabulary import CAPABILITIES, VERBS
from ksftgen.words import TYPES

pytestmark = pytest.mark.readers

SCENARIOS = sorted((TOP / "scenarios").glob("*.yaml"))
TEXT = """\
# yaml-language-server: $schema=schema.json
scenario: mprotect_edited
summary: what is written in an editor
requires: [root, thp]
matrix:
  layout: [order4, mine]
  shared: [alternate]
strength: 1
layouts:
  mine: {below: [order3*2, base*16], above: [base]}
setup:
  - map: {layout: $layout}
tests:
  write_again:
    - mprotect: {range: inside, prot: read}
    - fork: {pages: $shared}
    - check
"""


@pytest.fixture(scope="module")
def editor() -> Iterator[Editor]:
    with Editor() as editor:
        yield editor


@pytest.fixture
def path(numbers: Iterator[int]) -> Path:
    """A file beside our scenarios that is not there, another one in each test."""
    return TOP / f"scenarios/edited_{next(numbers)}.yaml"


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    return itertools.count()


def begin(text: str, word: str) -> tuple[int, int]:
    """The line and the column where `word` begins."""
    before = text.partition(word)[0]
    return before.count("\n"), len(before.rpartition("\n")[2])


def end(text: str, word: str) -> tuple[int, int]:
    """The line and the column behind `word`."""
    return begin(text, text.partition(word)[2])


def abouts(kind: str) -> dict[str, str]:
    return {word: value.about for word, value in (TYPES[kind].values or {}).items()}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.stem)
def test_our_scenarios_are_right(editor: Editor, scenario: Path) -> None:
    text = scenario.read_text()
    assert "\n# yaml-language-server: $schema=schema.json\n" in text
    assert editor.open(scenario, text) == []


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("root", "rood", '"root"'),
        ("fork:", "frok:", "Property frok is not allowed"),
        ("- check", "- chekc", '"check"'),
        ("prot: read", "prot: reed", '"read"'),
        ("range: inside, ", "", 'Missing property "range"'),
        ("range: inside", "rage: inside", "Property rage is not allowed"),
        ("summary:", "sumary:", "Property sumary is not allowed"),
        ("order3*2", "order33*2", "pattern"),
    ],
)
def test_what_is_wrong_is_marked(editor: Editor, path: Path, right: str, wrong: str, message: str) -> None:
    assert right in TEXT
    line, _ = begin(TEXT, right)
    found = editor.open(path, TEXT.replace(right, wrong))
    assert any(at == line and message in text for at, text in found), found


def test_what_is_right_is_not_marked(editor: Editor, path: Path) -> None:
    assert editor.open(path, TEXT) == []


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("write_again:\n    - ", {name: verb.about for name, verb in VERBS.items()}),
        ("range: ", abouts("range")),
        ("prot: ", abouts("prot")),
        ("map: {layout: ", {name: layout.about for name, layout in library().items()}),
        ("  layout: [", {name: layout.about for name, layout in library().items()}),
        ("requires: [", CAPABILITIES),
        ("fork: {", {name: TYPES[name].about for name in ("process", "child")}),
    ],
)
def test_words_are_completed_and_explained(
    editor: Editor, path: Path, before: str, expected: Mapping[str, str]
) -> None:
    editor.open(path, TEXT)
    offered = editor.complete(path, *end(TEXT, before))
    assert {word: offered.get(word) for word in expected} == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("inside", abouts("range")["inside"]),
        ("mprotect:", VERBS["mprotect"].about),
        ("alternate", abouts("pages")["alternate"]),
        ("order3*2", NUMBERED["orderN"]),
        ("root", CAPABILITIES["root"]),
    ],
)
def test_words_are_explained_where_they_stand(editor: Editor, path: Path, word: str, expected: str) -> None:
    editor.open(path, TEXT)
    assert expected in editor.hover(path, *begin(TEXT, word))
