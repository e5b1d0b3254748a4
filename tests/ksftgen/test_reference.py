# SPDX-License-Identifier: GPL-2.0-only
"""The reference of the scenario language: docs/scenarios.md."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from tests.conftest import TOP
from tests.ksftgen.vocabulary import ABOUTS

from ksftgen import reference, spec
from ksftgen.cases import cases
from ksftgen.scenario import Scenario
from ksftgen.verb import Verb
from ksftgen.vocabulary import VERBS

PAGE = TOP / "docs/scenarios.md"
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def load(folder: Path, text: str) -> Scenario:
    """The scenario that the text is, in a file of its name."""
    name = re.search(r"^scenario: (\w+)$", text, re.MULTILINE)
    assert name
    path = folder / f"{name[1]}.yaml"
    path.write_text(text)
    return spec.load(path)


def test_the_page_is_what_ksftgen_prints() -> None:
    assert PAGE.read_text() == reference.markdown() + "\n", "ksftgen reference"


@pytest.mark.parametrize("what", ABOUTS)
def test_every_word_has_a_sentence(what: str) -> None:
    """One that reads the same in a table, in an editor and in a message."""
    assert ABOUTS[what]
    for word, about in ABOUTS[what].items():
        assert re.fullmatch(r"[^\s|`.][^|`\n]*[^\s|`.]", about), word


def explained(text: str) -> Counter[tuple[str, str]]:
    """How often a text has each word with its sentence: as a row of a table, or as "`WORD` is SENTENCE."."""
    found = Counter(re.findall(r"^`(\w+)` is ([^`]+)\.$", text, re.MULTILINE))
    for row in re.findall(r"^\| `(.*) \|$", text, re.MULTILINE):
        first, *cells = row.split(" | ")
        # A key may stand behind those that it is below, and a verb has its arguments behind it.
        word = re.sub(r"(.* )?([\w*]+):?( \{.*\})?`", r"\2", first)
        found.update((word, cell.strip(" |")) for cell in cells)
    return found


def test_every_word_is_explained() -> None:
    """Each as often as it is a word: sigbus, for example, is one of uffd and one of rwp, and means the same."""
    words = Counter(pair for abouts in ABOUTS.values() for pair in abouts.items())
    assert len(words) > 150
    assert not words - explained(PAGE.read_text())


@pytest.mark.parametrize("verb", VERBS.values(), ids=lambda verb: verb.name)
def test_every_verb_has_its_arguments(verb: Verb) -> None:
    assert f"\n| `{verb.usage}` | {verb.about} |" in PAGE.read_text()


def test_its_first_scenario_has_the_tests_that_it_lists(tmp_path: Path) -> None:
    scenario = load(tmp_path, BLOCKS[0])
    names = [f"{scenario.name}.{case.name}.{test}" for case in cases(scenario) for test in scenario.tests]
    assert "".join(f"    {name}\n" for name in names) in PAGE.read_text()


def test_its_layout_is_right(tmp_path: Path) -> None:
    text = BLOCKS[0].replace("layout: [", "layout: [sparse, ") + BLOCKS[1]
    assert [layout.name for layout in load(tmp_path, text).layouts] == ["base", "order4", "pte_thp", "sparse"]
