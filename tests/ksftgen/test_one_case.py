# SPDX-License-Identifier: GPL-2.0-only
"""A scenario without a matrix has one case, called "only"; one without strength has each value of its matrix."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.ksftgen.test_install import make_tree

from ksftgen import owned, spec
from ksftgen.cases import cases
from ksftgen.changes import case_names
from ksftgen.install import install
from ksftgen.render import program, render
from ksftgen.scenario import Scenario
from ksftgen.tree import LINUX_7_3

TEXT = """\
scenario: mprotect_one
summary: one case
setup:
  - map: {layout: order4}
tests:
  rw:
    - mprotect: {range: inside, prot: read}
    - check
"""


@pytest.fixture
def one(tmp_path: Path) -> Scenario:
    path = tmp_path / "mprotect_one.yaml"
    path.write_text(TEXT)
    return spec.load(path)


def test_there_is_one_case_whatever_the_strength(one: Scenario) -> None:
    for strength in (1, 2, None):
        (case,) = cases(replace(one, strength=strength))
        assert (case.name, case.values) == ("only", {})


def test_the_program_has_one_variant_without_members(one: Scenario) -> None:
    text = render([one])["mprotect_one.c"]
    assert case_names(text) == ["only"]
    assert "\nFIXTURE_VARIANT(mprotect_one)\n{\n};\n" in text
    assert "\nFIXTURE_VARIANT_ADD(mprotect_one, only) {\n};\n" in text
    assert "variant->" not in text


def test_in_a_patch_series_it_is_a_row_without_values(one: Scenario) -> None:
    row = "\nFIXTURE_VARIANT_ADD(mprotect_one, only)\n\t{ };\n"
    sources = owned.render([one], [TEXT], LINUX_7_3)
    assert sources.is_small and row in sources.programs["mprotect_one.c"]
    assert row in program(one, LINUX_7_3, is_owned=True)


def test_it_can_be_installed(one: Scenario, tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "linux", (7, 3))
    assert "mprotect_one.c" in [path.name for path in install([one], tree, prune=True)]


def test_strength_is_1_unless_it_is_given(tmp_path: Path) -> None:
    path = tmp_path / "mprotect_one.yaml"
    path.write_text(TEXT.replace("order4", "$l").replace("setup:", "matrix: {l: [base, order2, order4]}\nsetup:"))
    scenario = spec.load(path)
    assert scenario.strength == 1
    assert [case.name for case in cases(scenario)] == ["base", "order2", "order4"]
