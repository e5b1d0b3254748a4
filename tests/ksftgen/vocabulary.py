# SPDX-License-Identifier: GPL-2.0-only
"""All words of the scenario language, and what each means."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from ksftgen import layout, shape
from ksftgen.library import library
from ksftgen.vocabulary import CAPABILITIES, VERBS
from ksftgen.words import TYPES


def _keys(model: type[BaseModel]) -> dict[str, str]:
    return {name: field.description or "" for name, field in model.model_fields.items()}


ABOUTS: Mapping[str, Mapping[str, str]] = {
    "keys": _keys(shape.ScenarioShape),
    "keys of a layout": _keys(shape.LayoutShape),
    "keys of stronger": _keys(shape.StrongerShape),
    "verbs": {verb.name: verb.about for verb in VERBS.values()},
    "types": {kind.name: kind.about for kind in TYPES.values()},
    **{name: {word: value.about for word, value in (kind.values or {}).items()} for name, kind in TYPES.items()},
    "layout": {name: each.about for name, each in library().items()},
    "words of a pattern": layout.FOLIOS,
    "words of a pattern with a number": layout.NUMBERED,
    "capabilities": CAPABILITIES,
}
