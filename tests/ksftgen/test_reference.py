# SPDX-License-Identifier: GPL-2.0-only
"""The reference of the scenario language: docs/scenarios.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.conftest import TOP
from tests.ksftgen.vocabulary import ABOUTS

from ksftgen import reference, spec
from ksftgen.cases import cases
from ksftgen.scenario import Scenario

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
def test_every_word_is_explained(what: str) -> None:
    """By a sentence that reads the same in a table, in an editor and in a message."""
    text = PAGE.read_text()
    assert ABOUTS[what]
    for word, about in ABOUTS[what].items():
        assert re.fullmatch(r"[^\s|`.][^|`\n]*[^\s|`.]", about), word
        assert f"`{word}" in text or f"{word}:`" in text, word
        assert about in text, word


def test_its_first_scenario_has_the_tests_that_it_lists(tmp_path: Path) -> None:
    scenario = load(tmp_path, BLOCKS[0])
    names = [f"{scenario.name}.{case.name}.{test}" for case in cases(scenario) for test in scenario.tests]
    assert "".join(f"    {name}\n" for name in names) in PAGE.read_text()


def test_its_layout_is_right(tmp_path: Path) -> None:
    text = BLOCKS[0].replace("layout: [", "layout: [sparse, ") + BLOCKS[1]
    assert [layout.name for layout in load(tmp_path, text).layouts] == ["base", "order4", "pte_thp", "sparse"]
