# SPDX-License-Identifier: GPL-2.0-only
"""The JSON Schema of scenarios for editors: the models of shape.py, extended by the vocabulary."""

from __future__ import annotations

from typing import Any

from ksftgen.library import library
from ksftgen.shape import ScenarioShape
from ksftgen.verb import Parameter, Verb
from ksftgen.vocabulary import CAPABILITIES, VERBS


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a scenario, as plain data."""
    root = ScenarioShape.model_json_schema()
    properties = root["properties"]
    root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    root["title"] = "ksftgen scenario"
    root["$defs"]["step"] = {"anyOf": [_bare_verbs(), *map(_verb, VERBS.values())]}
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
    return root


def _bare_verbs() -> dict[str, Any]:
    """The verbs that may stand without arguments: every parameter has a default."""
    verbs = [verb.name for verb in VERBS.values() if all(p.default is not None for p in verb.parameters)]
    return {"enum": verbs}


def _verb(verb: Verb) -> dict[str, Any]:
    """A step as a mapping from the verb to its arguments."""
    arguments: dict[str, Any] = {
        "type": "object",
        "properties": {parameter.name: _parameter(parameter) for parameter in verb.parameters},
        "required": [parameter.name for parameter in verb.parameters if parameter.default is None],
        "additionalProperties": False,
    }
    if not verb.parameters:
        arguments = {"type": ["object", "null"], "additionalProperties": False}
    return {
        "type": "object",
        "description": verb.about,
        "properties": {verb.name: arguments},
        "required": [verb.name],
        "additionalProperties": False,
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    """A word of the parameter's type, or $AXIS; a layout may also be one of the scenario's own."""
    kind = parameter.type
    if kind.values is None:
        examples = list(library())
        return {"description": kind.about, "type": "string", "pattern": r"^\$?[a-z][a-z0-9_]*$", "examples": examples}
    axis = {"type": "string", "pattern": r"^\$[a-z][a-z0-9_]*$"}
    schema: dict[str, Any] = {"description": kind.about, "anyOf": [{"enum": list(kind.values)}, axis]}
    if parameter.default is not None:
        schema["default"] = parameter.default
    return schema
