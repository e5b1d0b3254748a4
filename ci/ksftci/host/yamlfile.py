# SPDX-License-Identifier: GPL-2.0-only
"""YAML files as pydantic models. Every problem of a file is reported with its line and column."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ValidationError

from ksftci.arch import ALL
from ksftci.errors import CiError
from plainyaml import node as nodes
from plainyaml.node import Node, Scalar, Sequence
from plainyaml.problem import FileError, Problem, clip
from plainyaml.reader import read

Model = TypeVar("Model", bound=BaseModel)
_ARCHES = [arch.name for arch in ALL]
_SHOWN = 60  # characters of a user's value, in a message
_HINT = "text that starts with > * & or ! needs quotes"


def _arch(name: str) -> str:
    if name not in _ARCHES:
        raise ValueError(f"is unknown; allowed: {', '.join(_ARCHES)}")
    return name


ArchName = Annotated[str, AfterValidator(_arch)]  # a field of a model: the name of an architecture


def read_list(
    path: Path, model: type[Model], by_key: Mapping[str, type[Model]] | None = None
) -> list[tuple[int, Model]]:
    """The entries of a file that holds a list, each with its line, from 1; the model gets every scalar as text.

    An entry that has a key of `by_key` is of that key's model. Raises CiError with every problem, each as
    `file:line:col: what is wrong; what is allowed`.
    """
    root, problems = _read(path, "list")
    if root is None:
        return []
    if not isinstance(root, Sequence):
        what = f"must be a list; each entry starts with - {next(iter(model.model_fields))}:"
        raise _error(path, [*problems, root.problem(what)])
    entries = []
    for node in root.items:
        keys = node.items if isinstance(node, nodes.Mapping) else {}
        own = next((other for key, other in (by_key or {}).items() if key in keys), model)
        entry = _validated(node, own, problems)
        if entry is not None:
            entries.append((node.line, entry))
    if problems:
        raise _error(path, problems)
    return entries


def read_mapping(path: Path, model: type[Model]) -> Model:
    """The model of a file that holds one mapping. Raises CiError as `read_list` does."""
    root, problems = _read(path, "mapping")
    what = f"must be a mapping of keys to values; {_allowed(model)}"
    if root is None:
        raise _error(path, [Problem(0, 0, f"is empty; it {what}")])
    if not isinstance(root, nodes.Mapping):
        raise _error(path, [*problems, root.problem(what)])
    entry = _validated(root, model, problems)
    if entry is None or problems:
        raise _error(path, problems)
    return entry


def _read(path: Path, what: str) -> tuple[Node | None, list[Problem]]:
    try:
        return read(path, what, _HINT)
    except FileError as error:
        raise CiError(str(error)) from error


def _error(path: Path, problems: Iterable[Problem]) -> CiError:
    return CiError(str(FileError(str(path), problems)))


def _validated(node: Node, model: type[Model], problems: list[Problem]) -> Model | None:
    """The node as a model. If it does not fit the model, None, and the reasons are added to `problems`."""
    try:
        return model.model_validate(node.plain(as_text=True))
    except ValidationError as error:
        problems += [_problem(node, model, detail) for detail in error.errors(include_url=False)]
        return None


def _problem(root: Node, model: type[BaseModel], detail: Any) -> Problem:
    """An error of pydantic in words, at the node that it is about; `detail` is an item of ValidationError.errors()."""
    loc, kind = detail["loc"], detail["type"]
    node, key = root.follow(loc)
    name = key.text if key else ""
    if key and (kind == "extra_forbidden" or loc[-1] == "[key]"):
        node, name = key, "key"
    about = name if loc and isinstance(loc[-1], str) else "an entry"
    if isinstance(node, Scalar):
        about = f'{name} "{clip(node.text, _SHOWN)}"'
    match kind:
        case "missing":
            text = f'"{loc[-1]}" is missing; add {loc[-1]}:'
        case "extra_forbidden":
            text = f"unknown {about}; {_nearest(node, model, loc)}{_allowed(model, loc)}"
        case "value_error":
            text = f"{about} {detail['ctx']['error']}"
        case "literal_error":
            text = f"{about} is unknown; allowed: {detail['ctx']['expected']}"
        case "string_type":
            text = f"{name} must be text; write one word or line"
        case "model_type" | "model_attributes_type":
            text = f"an entry is a mapping of keys to values; {_allowed(model, loc)}"
        case "list_type":
            text = f"{about} must be a list; write [VALUE, VALUE], or lines that start with -"
        case "dict_type":
            text = f"{about} must be a mapping; write KEY: VALUE in lines below it"
        case "too_short":
            text = f"{about} is empty; give at least one entry"
        case "float_parsing" | "float_type":
            text = f"{about} must be a number; write one such as 1.5"
        case "int_parsing" | "int_type" | "int_from_float":
            text = f"{about} must be a whole number; write one such as 512"
        case _:
            text = f"{about} is not allowed; {detail['msg']}"
    return node.problem(text)


def _allowed(model: type[BaseModel], loc: Iterable[object] = ()) -> str:
    """The keys that the model at the end of `loc` has, for a message."""
    return f"allowed: {', '.join(_fields(model, loc))}"


def _nearest(key: Node, model: type[BaseModel], loc: Iterable[object]) -> str:
    close = get_close_matches(key.text if isinstance(key, Scalar) else "", _fields(model, loc), n=1)
    return f'did you mean "{close[0]}"? ' if close else ""


def _fields(model: type[BaseModel], loc: Iterable[object]) -> list[str]:
    """The keys that the model at the end of `loc` has."""
    for part in loc:
        field = model.model_fields.get(str(part))
        if field is not None:
            model = next(_models(field.annotation), model)
    return list(model.model_fields)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models in a field's type, such as list[Model] or Model | None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
