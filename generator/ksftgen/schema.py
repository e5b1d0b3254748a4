# SPDX-License-Identifier: GPL-2.0-only
"""The JSON Schema of a scenario, for editors: shape.py's models with the vocabulary filled in."""

from __future__ import annotations

from typing import Any

from ksftgen import spec
from ksftgen.shape import ScenarioShape
from ksftgen.vocabulary import CAPABILITIES, VERBS, Argument, Verb


def schema() -> dict[str, Any]:
    """A JSON Schema (draft 2020-12) as plain data."""
    found = ScenarioShape.model_json_schema()
    properties = found["properties"]
    found["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    found["title"] = "ksftgen scenario"
    found["$defs"]["step"] = {"anyOf": [_bare(), *map(_step, VERBS.values())]}
    steps = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/step"}}
    properties["setup"] = {**steps, "description": properties["setup"]["description"]}
    properties["tests"]["additionalProperties"] = steps
    properties["tests"]["propertyNames"] = {"pattern": "^[a-z][a-z0-9_]{0,30}$"}
    del properties["tests"]["patternProperties"]
    combinations = (properties[key]["items"] for key in ("include", "exclude"))
    for mapping in properties["matrix"], properties["layouts"], *combinations:
        mapping["additionalProperties"] = False
    properties["requires"]["items"] = {
        "anyOf": [{"const": name, "description": about} for name, about in CAPABILITIES.items()]
    }
    return found


def _bare() -> dict[str, Any]:
    verbs = [verb.name for verb in VERBS.values() if all(argument.default is not None for argument in verb.arguments)]
    return {"enum": verbs}


def _step(verb: Verb) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "type": "object",
        "properties": {argument.name: _argument(argument) for argument in verb.arguments},
        "required": [argument.name for argument in verb.arguments if argument.default is None],
        "additionalProperties": False,
    }
    if not verb.arguments:
        arguments = {"type": ["object", "null"], "additionalProperties": False}
    return {
        "type": "object",
        "description": verb.about,
        "properties": {verb.name: arguments},
        "required": [verb.name],
        "additionalProperties": False,
    }


def _argument(argument: Argument) -> dict[str, Any]:
    kind = argument.type
    words: dict[str, Any] = {"enum": list(kind.values)} if kind.values else {"examples": list(spec.library())}
    found: dict[str, Any] = {"description": kind.about}
    if kind.values is None:
        return {**found, "type": "string", "pattern": r"^\$?[a-z][a-z0-9_]*$", **words}
    found["anyOf"] = [words, {"type": "string", "pattern": r"^\$[a-z][a-z0-9_]*$"}]
    if argument.default is not None:
        found["default"] = argument.default
    return found
