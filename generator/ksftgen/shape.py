# SPDX-License-Identifier: GPL-2.0-only
"""The shape of a scenario: which keys there are and what sort of thing each holds.

The models say nothing of how keys hang together (spec.py does); they are also where the JSON Schema comes from.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StringConstraints, ValidationError
from pydantic.functional_validators import AfterValidator

from ksftgen import layout
from ksftgen.errors import join, unknown
from plainyaml.node import Mapping, Node
from plainyaml.problem import Problem, clip


def _comment(text: str) -> str:
    """Text that may stand in a C comment."""
    if re.search(r"[^\n\x20-\x7e]", text):
        raise ValueError("printable ASCII only, it goes into a C comment")
    if "*/" in text or "/*" in text:
        raise ValueError('"/*" and "*/" are not allowed, it goes into a C comment')
    if not text.strip():
        raise ValueError("must not be blank")
    return text


def _line(text: str) -> str:
    if "\n" in text:
        raise ValueError("one line only")
    return _comment(text)


Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{2,40}$")]
Guard = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_./-]{0,80}\.[chS]:[A-Za-z_][A-Za-z0-9_]{0,60}$")
]
Summary = Annotated[str, StringConstraints(max_length=90), AfterValidator(_line)]
Description = Annotated[str, AfterValidator(_comment)]
Values = Word | Annotated[list[Word], Field(min_length=1)]
StepShape = str | Annotated[dict[str, dict[str, str] | None], Field(min_length=1, max_length=1)]
Steps = Annotated[list[StepShape], Field(min_length=1)]

_ORDER = "(?:[1-9]|1[0-9]|20)"
Token = Annotated[
    str, StringConstraints(pattern=rf"^(?:base|order{_ORDER}|pmd_thp|pte_thp|hole)(?:\*[1-9][0-9]{{0,3}})?$")
]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class LayoutShape(_Model):
    """A layout: the folios on the two sides of a PMD boundary."""

    below: list[Token] = Field(min_length=1, description="the pattern that fills memory up to the boundary")
    above: list[Token] = Field(min_length=1, description="the pattern that fills memory from the boundary on")


class StrongerShape(_Model):
    """Axes that are to be combined more thoroughly than the rest."""

    axes: list[Word] = Field(min_length=2, description="names of axes")
    strength: StrictInt = Field(ge=2, description="every combination of so many of these axes")


class ScenarioShape(_Model):
    """A ksftgen scenario: what memory looks like, what is done to it, and a matrix that varies both."""

    scenario: Name = Field(description="its name: the file's stem, the fixture and the program")
    summary: Summary = Field(description="one line: what is tested")
    description: Description | None = Field(None, description="why and how, for the head of the C file")
    guards: list[Guard] = Field([], description="path:function of the kernel that is broken when this fails")
    requires: list[str] = Field([], description="what the machine must have; without it the cases skip")
    layouts: dict[Word, LayoutShape] = Field({}, description="layouts of this scenario's own")
    matrix: dict[Word, Annotated[list[Word], Field(min_length=1)]] = Field(
        min_length=1, description="axes and their values; a step uses one by $NAME"
    )
    strength: StrictInt | Literal["all"] = Field(
        description="cover every combination of so many axes; all: the product"
    )
    stronger: list[StrongerShape] = Field([], description="sets of axes with a strength of their own")
    include: list[Annotated[dict[Word, Values], Field(min_length=1)]] = Field(
        [], description="combinations that some case must have, whatever the strength"
    )
    exclude: list[Annotated[dict[Word, Values], Field(min_length=1)]] = Field(
        [], description="combinations that make no case: all axes of an entry apply"
    )
    setup: Steps = Field(description="steps that build the memory; the first maps it")
    tests: dict[Word, Steps] = Field(min_length=1, description="name and steps; each runs for every case")


def check(root: Mapping) -> list[Problem]:
    """Problems of shape: at most one for each place, but for keys that are missing there."""
    problems: dict[tuple[int, int, str], Problem] = {}
    try:
        ScenarioShape.model_validate(root.plain())
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            node, key, place = _find(root, detail)
            found = node.problem(_text(detail, place, key))
            missing = found.text if detail["type"] == "missing" else ""
            problems.setdefault((found.line, found.column, missing), found)
    return list(problems.values())


def _find(root: Mapping, detail: Any) -> tuple[Node, str, list[Any]]:
    """The node that an error is about, the last key on the way that a user wrote, and the way.

    A step is a union of shapes, each of which complains in its own way: the way ends at the step.
    """
    place = list(detail["loc"])
    place = place[: {"setup": 2, "tests": 3}.get(place[0], len(place))]
    node, key = root.follow(place)
    if key is None:
        return node, "", place
    of_key = place[-1] == "[key]" or detail["type"] == "extra_forbidden"
    return key if of_key else node, key.text, place


def _text(detail: Any, place: list[Any], key: str) -> str:
    """What is wrong, in the words of the language instead of pydantic's."""
    kind, context = detail["type"], detail.get("ctx", {})
    top = str(place[0])
    given = detail["input"]
    shown = f'"{clip(given)}"' if isinstance(given, str) else clip(str(given)) if isinstance(given, int) else ""
    if len(place) == {"setup": 2, "tests": 3}.get(top) and not str(place[-1]).startswith("["):
        return "a step is a verb, or VERB: {argument: value}; for example - mprotect: {range: whole, prot: read}"
    if kind == "missing":
        return f'"{place[-1]}" is missing; it is required'
    if kind == "extra_forbidden":
        if len(place) == 1:
            return unknown("key", str(place[-1]), ScenarioShape.model_fields)
        return unknown("key", str(place[-1]), (LayoutShape if top == "layouts" else StrongerShape).model_fields)
    if kind == "string_pattern_mismatch":
        if place[-1] == "[key]":
            return f"name {shown} is not allowed; allowed: lower-case letters, digits and _, a letter first, at most 31"
        if top == "scenario":
            return f"name {shown} is not allowed; allowed: lower-case letters, digits and _, a letter first, 3 to 41"
        if top == "guards":
            return f"{shown} names no function; allowed: PATH:FUNCTION, for example mm/mprotect.c:change_pte_range"
        if top == "layouts":
            wrong = layout.segment(str(given))
            return f"{shown} {wrong if isinstance(wrong, str) else 'is no folio'}"
        return f"value {shown} is not allowed; allowed: lower-case letters, digits and _, a letter first"
    if kind == "string_too_long":
        return f'"{key}" is longer than {context["max_length"]} characters; say the rest in description'
    if kind == "value_error":
        return f'"{key}": {context["error"]}'
    if kind == "greater_than_equal":
        return f"strength {shown} is too low; at least {context['ge']}"
    if kind == "too_short":
        least = context["min_length"]
        return (
            f'"{key}" is empty; give at least one entry'
            if least == 1
            else f'"{key}" has too few entries; at least {least}'
        )
    if top == "strength":
        return f"strength {shown} is not allowed; allowed: a number of axes, or all"
    if kind in ("dict_type", "model_type", "model_attributes_type"):
        return f'"{key}" must be a mapping of keys to values'
    if kind == "list_type":
        return f'"{key}" must be a list'
    if kind == "int_type":
        return f'"{key}" must be a number'
    if kind == "string_type":
        return f'"{key}" must be text' if not shown else f"{shown} must be text; a word, or put it in quotes"
    return f'"{key}": {join([str(detail["msg"])])}'
