# SPDX-License-Identifier: GPL-2.0-only
"""Notes, and the source lines that they are about."""

from pathlib import Path

import pytest
from tests.ksftci.coverage import toy

from ksftci.coverage import notes
from ksftci.errors import CiError
from ksftci.kernel.functions import functions


def test_a_note_needs_a_place_in_the_source(tmp_path: Path) -> None:
    comparison = toy.comparison(tmp_path, notes=toy.NOTES.replace("toy_clipped++", "toy_gone++"))
    assert len(comparison.notes.stale) == 1
    assert ":6: not in mm/toy.c: toy_clip()" in comparison.notes.stale[0]
    twice = toy.NOTES.replace("return toy_never(sum);", "sum +=")
    assert len(toy.comparison(tmp_path, notes=twice).notes.stale) == 1
    with pytest.raises(CiError, match=r'notes.yaml:2:3: "needs" is missing'):
        toy.comparison(tmp_path, notes="\n- {file: mm/toy.c, function: main}\n")


def test_a_note_may_be_about_the_next_line_of_two_that_are_alike(tmp_path: Path) -> None:
    text = toy.NOTES.replace("code: return toy_never(sum);", "after: sum += toy_clip(toy\n  code: sum +=")
    assert toy.comparison(tmp_path, notes=text).notes.by_line["mm/toy.c", 39].needs == "a negative sum"
    nowhere = toy.comparison(tmp_path, notes=text.replace("after: sum += toy_clip(toy", "after: gone"))
    assert len(nowhere.notes.stale) == 1


def test_a_note_without_code_is_about_the_whole_function(tmp_path: Path) -> None:
    path = tmp_path / "notes.yaml"
    path.write_text("- {file: mm/toy.c, function: main, needs: nothing}\n")
    text = (toy.TOY / "mm/toy.c").read_text()
    placed = notes.read(path, {"mm/toy.c": text}, {"mm/toy.c": functions(text)})
    assert {line for _, line in placed.by_line} == set(range(46, 52))


def test_an_empty_text_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CiError, match="must not be empty"):
        toy.comparison(tmp_path, notes="- {file: mm/toy.c, function: main, needs: ' '}\n")
