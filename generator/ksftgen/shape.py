# SPDX-License-Identifier: GPL-2.0-only
"""The shape of a scenario: its keys, and the form of each value but that of steps.

pydantic models check every key by itself, and give the JSON Schema; steps.py reads steps, whatever form they have, and
spec.py checks how keys fit together.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StringConstraints, ValidationError
from pydantic.functional_validators import AfterValidator

from ksftgen import layout
from ksftgen.errors import join_or, unknown_word
from plainyaml.node import Mapping, Node, Scalar
from plainyaml.problem import Problem, clip

VERSION = 1  # of the language; a release that adds to it, or changes what a word means, has the next one


def _comment(text: str) -> str:
    """Text that may stand in a C comment."""
    if re.search(r"[^\n\x20-\x7e]", text):
        raise ValueError("goes into a C comment; allowed: printable ASCII")
    if trigraph := re.search(r"\?\?[=/'()!<>-]", text):
        raise ValueError(f'goes into a C comment; the trigraph "{trigraph[0]}" is not allowed')
    if "*/" in text or "/*" in text:
        raise ValueError('goes into a C comment; "/*" and "*/" are not allowed')
    if not text.strip():
        raise ValueError("is blank; give some text")
    return text


def _line(text: str) -> str:
    """A single line that may stand in a C comment."""
    if "\n" in text:
        raise ValueError("has several lines; give one line")
    return _comment(text)


Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{2,40}$")]
Guard = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_./-]{0,80}\.[chS]:[A-Za-z_][A-Za-z0-9_]{0,60}$")
]
Summary = Annotated[str, StringConstraints(max_length=90), AfterValidator(_line)]
Description = Annotated[str, AfterValidator(_comment)]
Values = Word | Annotated[list[Word], Field(min_length=1)]
Steps = Annotated[list[Any], Field(min_length=1)]

_NAME = "lower-case letters, digits and _, a letter first"
_ORDER = "(?:[1-9]|1[0-9]|20)"
Token = Annotated[
    str, StringConstraints(pattern=rf"^(?:base|order{_ORDER}|pmd_thp|pte_thp|hole)(?:\*[1-9][0-9]{{0,3}})?$")
]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class LayoutShape(_Model):
    """A layout: the folios on each side of a PMD boundary."""

    below: list[Token] = Field(min_length=1, description="the pattern of folios that is repeated up to the boundary")
    above: list[Token] = Field(min_length=1, description="the pattern of folios that is repeated from the boundary on")


class StrongerShape(_Model):
    """Axes with a strength of their own."""

    axes: list[Word] = Field(min_length=2, description="names of axes")
    strength: StrictInt = Field(ge=2, description="N: cover every combination of any N of these axes")


class ScenarioShape(_Model):
    """A ksftgen scenario: what memory looks like, what is done to it, and a matrix that varies both."""

    version: StrictInt = Field(
        VERSION,
        ge=1,
        le=VERSION,
        description=f"the version of this language: {VERSION}; a ksftgen that only reads an older one then says so",
    )
    scenario: Name = Field(description="the name of the file (without .yaml), of the fixture and of the program")
    summary: Summary = Field(description="what is tested, in one line")
    description: Description | None = Field(None, description="why and how, for the head of the C file")
    guards: list[Guard] = Field([], description="kernel functions that the tests guard, each PATH:FUNCTION")
    requires: list[str] = Field([], description="what the machine must have; without it the tests are skipped")
    layouts: dict[Word, LayoutShape] = Field({}, description="layouts of this scenario, beside those of the library")
    matrix: Annotated[dict[Word, Annotated[list[Word], Field(min_length=1)]], Field(min_length=1)] = Field(
        default_factory=dict,
        description="axes and their values; a step takes the value of an axis by $NAME; without it there is one case",
    )
    strength: StrictInt | Literal["all"] = Field(
        1, description="N: cover every combination of any N axes; all: cover every combination of all axes"
    )
    stronger: list[StrongerShape] = Field([], description="sets of axes with a strength of their own")
    include: list[Annotated[dict[Word, Values], Field(min_length=1)]] = Field(
        [], description="combinations that some case must contain, whatever the strength"
    )
    exclude: list[Annotated[dict[Word, Values], Field(min_length=1)]] = Field(
        [], description="combinations that no case may contain; all axes of an entry apply together"
    )
    submit: list[Annotated[dict[Word, Values], Field(min_length=1)]] = Field(
        [], description="the cases of a patch series: those that have all values of an entry; default: all cases"
    )
    setup: Steps = Field(description="steps that prepare the memory; the first one maps it")
    tests: dict[Word, Steps] = Field(
        min_length=1, description="names of tests and their steps; each test runs for every case"
    )


def newer(root: Mapping) -> Problem | None:
    """What to say of a scenario in a later version of the language, whose other keys cannot be judged; else None."""
    node = root.items.get("version")
    if not isinstance(node, Scalar) or not isinstance(node.value, int) or node.value <= VERSION:
        return None
    return node.problem(
        f"version {node.value} of the language is newer than version {VERSION}, which this ksftgen reads; "
        "install a newer ksftgen"
    )


def check(root: Mapping) -> list[Problem]:
    """The problems of shape: at most one for each place, but one for each key that is missing there."""
    problems: dict[tuple[int, int, str], Problem] = {}
    try:
        ScenarioShape.model_validate(root.plain())
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            node, key, way = _locate(root, detail)
            problem = node.problem(_message(detail, way, key))
            missing = problem.text if detail["type"] == "missing" else ""
            problems.setdefault((problem.line, problem.column, missing), problem)
    return list(problems.values())


def _locate(root: Mapping, detail: Any) -> tuple[Node, str, list[Any]]:
    """The node of a pydantic error, the last key of the file on the way to it, and the way: keys and indices."""
    way = list(detail["loc"])
    node, key = root.follow(way)
    if key is None:
        return node, "", way
    is_about_key = way[-1] == "[key]" or detail["type"] == "extra_forbidden"
    return key if is_about_key else node, key.text, way


def _message(detail: Any, way: list[Any], key: str) -> str:
    """The message for a pydantic error, in the words of the scenario language."""
    kind, context = detail["type"], detail.get("ctx", {})
    top = str(way[0])
    given = detail["input"]
    shown = f'"{clip(given)}"' if isinstance(given, str) else clip(str(given)) if isinstance(given, int) else ""
    if top == "version":
        return f'"version" is no version of the language; allowed: {join_or(map(str, range(1, VERSION + 1)))}'
    if kind == "missing":
        return f'"{way[-1]}" is missing; add {way[-1]}:'
    if kind == "extra_forbidden":
        if len(way) == 1:
            return unknown_word("key", str(way[-1]), ScenarioShape.model_fields)
        return unknown_word("key", str(way[-1]), (LayoutShape if top == "layouts" else StrongerShape).model_fields)
    if kind == "string_pattern_mismatch":
        if way[-1] == "[key]":
            return f"name {shown} is not allowed; allowed: {_NAME}, at most 31 characters"
        if top == "scenario":
            return f"name {shown} is not allowed; allowed: {_NAME}, 3 to 41 characters"
        if top == "guards":
            return f"{shown} is not a function; allowed: PATH:FUNCTION, for example mm/mprotect.c:change_pte_range"
        if top == "layouts":
            reason = layout.segment(str(given))
            return f"{shown} {reason if isinstance(reason, str) else 'is not a folio'}"
        return f"value {shown} is not allowed; allowed: {_NAME}"
    if kind == "string_too_long":
        return f'"{key}" is longer than {context["max_length"]} characters; put the rest into description'
    if kind == "value_error":
        return f'"{key}" {context["error"]}'
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
        return f'"{key}" must be a mapping; write KEY: VALUE in lines below it'
    if kind == "list_type":
        return f'"{key}" must be a list; write [VALUE, VALUE], or lines that start with -'
    if kind == "int_type":
        return f'"{key}" must be a number; write 1, 2 or 3'
    if kind == "string_type":
        return (
            f'"{key}" must be text; write one word or line'
            if not shown
            else f"{shown} must be text; write a word, or put it in quotes"
        )
    return f'"{key}": {detail["msg"]}'
