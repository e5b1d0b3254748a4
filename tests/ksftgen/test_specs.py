# SPDX-License-Identifier: GPL-2.0-only
"""Wrong scenarios, tests/specs/NAME.yaml, and their messages, NAME.err, a line for each problem."""

from __future__ import annotations

from pathlib import Path

import pytest

from ksftgen import spec
from ksftgen.errors import SpecError, join_or
from ksftgen.library import library
from ksftgen.vocabulary import VERBS
from plainyaml.reader import MAX_BYTES

SPECS = Path(__file__).parents[1] / "specs"


# What a new verb changes in messages, and what stands for it in the files: a new verb changes no file.
ALL_VERBS = {
    "{verbs}": join_or(VERBS),
    "{checking verbs}": join_or(verb.name for verb in VERBS.values() if verb.checks),
}


@pytest.mark.parametrize("path", sorted(SPECS.glob("*.yaml")), ids=lambda path: path.stem)
def test_messages(path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        spec.load(path)
    expected = path.with_suffix(".err").read_text(encoding="ascii")
    for name, verbs in ALL_VERBS.items():
        expected = expected.replace(name, verbs)
    assert str(caught.value).splitlines() == [f"{path}:{line}" for line in expected.splitlines()]


def test_every_message_has_its_spec() -> None:
    assert {path.stem for path in SPECS.glob("*.err")} == {path.stem for path in SPECS.glob("*.yaml")}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "is a directory; give a file that holds a scenario"),
        ("gone.yaml", "No such file"),
        ("large.yaml", "larger than 1048576 bytes"),
    ],
)
def test_unreadable_file(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "large.yaml").write_text("#" * (MAX_BYTES + 1))
    with pytest.raises(SpecError, match=message):
        spec.load(tmp_path / name)


def test_alias_bomb_is_rejected_at_its_first_anchor(tmp_path: Path) -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{b}: &{b} [{', '.join(['*' + a] * 9)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)]
    (tmp_path / "bomb.yaml").write_text("\n".join(lines))
    with pytest.raises(SpecError, match=r"bomb.yaml:1:4: anchor"):
        spec.load(tmp_path / "bomb.yaml")


def test_sample_is_resolved(sample_path: Path) -> None:
    scenario = spec.load(sample_path)
    assert scenario.name == "mprotect_sample"
    assert [axis.type.name for axis in scenario.axes] == ["layout", "pages", "range", "prot"]
    assert [layout.name for layout in scenario.layouts] == ["base", "order2", "pmd_thp", "mine"]
    assert [step.verb.name for step in scenario.setup] == ["map", "fork"]
    process, area_range, prot = scenario.tests["child_is_alone"][0].arguments
    assert (process.c, area_range.c, prot.c) == ("PROCESS_CHILD", "variant->range", "variant->prot")
    assert scenario.tests["write_again"][0].arguments[0].c == "PROCESS_PARENT"


def test_no_is_a_word_as_in_yaml_1_2(tmp_path: Path, sample_path: Path) -> None:
    text = sample_path.read_text().replace("mprotect_sample", "words").replace("summary: mprotect()", "summary: no")
    (tmp_path / "words.yaml").write_text(text)
    assert spec.load(tmp_path / "words.yaml").summary.startswith("no over")


def test_library_has_the_layouts_of_the_scenarios() -> None:
    assert set(library()) >= {"base", "order2", "order10", "pte_thp", "pmd_thp", "mixed", "partial"}
