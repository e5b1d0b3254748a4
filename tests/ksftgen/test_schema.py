# SPDX-License-Identifier: GPL-2.0-only
"""The JSON Schema of scenarios: what it accepts and refuses, and that it explains every word."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from tests.conftest import TOP
from tests.ksftgen import orders
from tests.ksftgen.vocabulary import ABOUTS

from ksftgen import source
from ksftgen.schema import schema

SCHEMA = schema()
VALIDATOR = Draft202012Validator(SCHEMA)


def is_accepted(path: Path) -> bool:
    return bool(VALIDATOR.is_valid(source.read(path)[0].plain()))


def test_the_file_that_our_scenarios_name() -> None:
    assert (TOP / "scenarios/schema.json").read_text() == json.dumps(SCHEMA, indent=2) + "\n", "ksftgen schema"
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "path", [*(TOP / "scenarios").glob("*.yaml"), TOP / "tests/ksftgen/data/mprotect_sample.yaml"], ids=lambda p: p.stem
)
def test_our_scenarios_are_accepted(path: Path) -> None:
    assert is_accepted(path)


@settings(max_examples=30, database=None)
@given(orders.scenarios(is_valid=True))
def test_what_is_right_is_accepted(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "scenario.yaml")
        path.write_text(text)
        assert is_accepted(path)


REFUSED = """
    axis_name axis_value_number empty_axis empty_matrix empty_steps empty_tests guard_of_shell layout_tokens
    missing_arguments missing_keys name_of_shell step_shapes strength_word unknown_argument unknown_capability
    unknown_key unknown_value unknown_verb version_newer version_word version_zero wrong_types
"""


@pytest.mark.parametrize("name", REFUSED.split())
def test_what_is_wrong_by_itself_is_refused(name: str) -> None:
    assert not is_accepted(TOP / f"tests/specs/{name}.yaml")


@pytest.mark.parametrize("what", ABOUTS)
def test_every_word_is_explained(what: str) -> None:
    text = json.dumps(SCHEMA)
    for word, about in ABOUTS[what].items():
        assert json.dumps(about)[1:-1] in text, word
