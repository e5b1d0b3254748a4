# SPDX-License-Identifier: GPL-2.0-only
"""The JSON Schema of scenarios for editors: the models of shape.py, extended by the vocabulary.

A word is a ``const`` with what it means, which editors show.  The values of an axis may be of any type, and layouts of
the scenario's own: there, other words are accepted, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ksftgen.layout import FOLIOS, NUMBERED
from ksftgen.library import library
from ksftgen.shape import ScenarioShape
from ksftgen.verb import Parameter, Verb
from ksftgen.vocabulary import CAPABILITIES, VERBS
from ksftgen.words import TYPES, Type

Schema = dict[str, Any]

_AXIS = {"type": "string", "pattern": "^\\$[a-z][a-z0-9_]*$", "description": "the value that the case has of an axis"}
_NAME = {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,30}$"}


def schema() -> Schema:
    """The JSON Schema (draft 2020-12) of a scenario, as plain data."""
    root: Schema = _stripped(ScenarioShape.model_json_schema())
    properties, definitions = root["properties"], root["$defs"]
    definitions |= {name: {"anyOf": _words(_abouts(kind))} for name, kind in TYPES.items()}
    definitions |= {
        "axis": _AXIS,
        "combination": _axes(lambda value: {"anyOf": [value, _list(value)]}),
        "name": _NAME,
        "step": _step(),
        "word": {"anyOf": _words(_all_words())},
    }
    steps = _list(_ref("step"))
    properties["setup"] |= steps
    properties["tests"] |= _named(steps)
    properties["layouts"] |= _named(_ref("LayoutShape"))
    properties["matrix"] |= _axes(_list)
    for key in "include", "exclude", "submit":
        properties[key]["items"] = _ref("combination")
    for side in definitions["LayoutShape"]["properties"].values():
        side["items"]["description"] = _listed({**FOLIOS, **NUMBERED})
        side["items"]["examples"] = [*FOLIOS, "order4", "base*4"]
    properties["requires"]["items"] = {"anyOf": _words(CAPABILITIES)}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **root}


def _stripped(schema: Any) -> Any:
    """The schema of a model without titles and defaults, which say nothing, and without patterns of keys."""
    if isinstance(schema, list):
        return [_stripped(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _stripped(part) for key, part in schema.items() if key not in ("title", "default", "patternProperties")
    }


def _ref(definition: str) -> Schema:
    return {"$ref": f"#/$defs/{definition}"}


def _list(item: Schema) -> Schema:
    return {"type": "array", "items": item, "minItems": 1}


def _named(value: Schema) -> Schema:
    """The part of a mapping's schema for names that a user chooses, each with such a value."""
    return {"propertyNames": _ref("name"), "additionalProperties": value}


def _axes(values: Callable[[Schema], Schema]) -> Schema:
    """A mapping of axes, with what `values` makes of a word; an axis that has a type's name is likely of that type."""
    likely = {
        name: {"description": kind.about, **values({"anyOf": [_ref(name), _ref("name")]})}
        for name, kind in TYPES.items()
    }
    others = _named(values({"anyOf": [_ref("word"), _ref("name")]}))
    return {"type": "object", "minProperties": 1, "properties": likely, **others}


def _words(abouts: Mapping[str, str]) -> list[Schema]:
    return [{"const": word, "description": about} for word, about in abouts.items()]


def _abouts(kind: Type) -> dict[str, str]:
    """What each word of the type means; those of a layout are the layouts of the library."""
    return {word: each.about for word, each in (library() if kind.values is None else kind.values).items()}


def _all_words() -> dict[str, str]:
    """What each word means, in every type that has it."""
    meanings: dict[str, dict[str, str]] = {}
    for kind in TYPES.values():
        for word, about in _abouts(kind).items():
            meanings.setdefault(word, {})[kind.name] = about
    return {word: _listed(abouts) for word, abouts in meanings.items()}


def _listed(abouts: Mapping[str, str]) -> str:
    return "; ".join(f"{word}: {about}" for word, about in abouts.items())


def _step() -> Schema:
    """A verb alone, or a mapping from a verb to its arguments; by `if`, editors tell what is wrong with that one."""
    alone = {verb.name: verb.about for verb in VERBS.values() if verb.is_bare}
    verbs = {verb.name: _verb(verb) for verb in VERBS.values()}
    limits = {"minProperties": 1, "maxProperties": 1, "additionalProperties": False}
    return {
        "if": {"type": "object"},
        "then": {"properties": verbs, **limits},
        "else": {"type": "string", "anyOf": _words(alone)},
    }


def _verb(verb: Verb) -> Schema:
    return {
        "description": verb.about,
        "type": ["object", "null"] if verb.is_bare else "object",
        "properties": {parameter.name: _parameter(parameter) for parameter in verb.parameters},
        "required": [parameter.name for parameter in verb.parameters if parameter.default is None],
        "additionalProperties": False,
    }


def _parameter(parameter: Parameter) -> Schema:
    """A word of the parameter's type, or $AXIS; a layout may also be one of the scenario's own."""
    kind = parameter.type
    words = [_ref(kind.name), *([_ref("name")] if kind.values is None else []), _ref("axis")]
    default = {} if parameter.default is None else {"default": parameter.default}
    return {"description": kind.about, "anyOf": words, **default}
