# SPDX-License-Identifier: GPL-2.0-only
"""A YAML file as pydantic models; whatever is wrong in it is told with its line and column."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ksftci.errors import CiError

Model = TypeVar("Model", bound=BaseModel)
_SHOWN = 60  # characters of what the user wrote


def read_list(path: Path, model: type[Model]) -> list[tuple[int, Model]]:
    """The entries of a file that is a list of them, each with its line; all scalars are read as text.

    Raises CiError with every problem, each as `file:line:col: what is wrong; what is allowed`.
    """
    root = _compose(path)
    if root is None:
        return []
    if not isinstance(root, SequenceNode):
        raise _error(path, [(root, f"must be a list; each entry starts with - {next(iter(model.model_fields))}:")])
    entries: list[tuple[int, Model]] = []
    problems: list[tuple[Node, str]] = []
    for node in root.value:
        try:
            entries.append((node.start_mark.line + 1, model.model_validate(_plain(node))))
        except ValidationError as error:
            problems += [_problem(node, model, detail) for detail in error.errors(include_url=False)]
    if problems:
        raise _error(path, problems)
    return entries


def read_mapping(path: Path, model: type[Model]) -> Model:
    """A file that is one mapping. Raises CiError as `read_list` does."""
    root = _compose(path)
    if not isinstance(root, MappingNode):
        what = f"must be a mapping of keys to values; allowed: {', '.join(model.model_fields)}"
        raise CiError(f"{path}: is empty; it {what}") if root is None else _error(path, [(root, what)])
    try:
        return model.model_validate(_plain(root))
    except ValidationError as error:
        problems = [_problem(root, model, detail) for detail in error.errors(include_url=False)]
        raise _error(path, problems) from None


def _compose(path: Path) -> Node | None:
    """The file's nodes, none of which holds itself; None for an empty file."""
    try:
        root: Node | None = YAML(pure=True).compose(path.read_text("utf-8"))
    except OSError as error:
        raise CiError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CiError(f"{path}: not UTF-8; save it as UTF-8") from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(str(error.problem or error.context or "syntax").split())
        raise CiError(
            f"{path}:{mark.line + 1}:{mark.column + 1}: not YAML: {what}; text that starts with > or * needs quotes"
        ) from error
    except YAMLError as error:
        raise CiError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise CiError(f"{path}: nested too deeply; an entry is a mapping of keys to values") from error
    if root is not None and (problems := list(_refused(root))):
        raise _error(path, problems)
    return root


def _error(path: Path, problems: Iterable[tuple[Node, str]]) -> CiError:
    places = [(node.start_mark.line + 1, node.start_mark.column + 1, text) for node, text in problems]
    return CiError("\n".join(f"{path}:{line}:{column}: {text}" for line, column, text in sorted(places)))


def _refused(node: Node) -> Iterator[tuple[Node, str]]:
    """What there must not be: anchors, through which a node could hold itself, and a key given twice."""
    if getattr(node, "anchor", None):
        yield node, f"anchor &{node.anchor} is not allowed; write the value out"
    elif isinstance(node, SequenceNode):
        for item in node.value:
            yield from _refused(item)
    elif isinstance(node, MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                yield key, "a key must be a word"
            elif key.value in seen:
                yield key, f'key "{_clip(key.value)}" again; once is enough'
            else:
                seen.add(key.value)
            yield from _refused(value)


def _plain(node: Node) -> Any:
    if isinstance(node, MappingNode):
        return {key.value: _plain(value) for key, value in node.value}
    if isinstance(node, SequenceNode):
        return [_plain(item) for item in node.value]
    return node.value


def _problem(node: Node, model: type[BaseModel], detail: Any) -> tuple[Node, str]:
    """The node that an error of pydantic's is about, and the error in words."""
    place, kind = detail["loc"], detail["type"]
    for part in place:
        if isinstance(node, MappingNode):
            found = {key.value: (key, value) for key, value in node.value}.get(part)
            if found is not None:
                node = found[0] if kind == "extra_forbidden" else found[1]
        elif isinstance(node, SequenceNode) and isinstance(part, int):
            node = node.value[part]
    name = next((str(part) for part in reversed(place) if isinstance(part, str)), "")
    given = f'"{_clip(str(detail["input"]))}"'
    allowed = f"allowed: {', '.join(model.model_fields)}"
    match kind:
        case "missing":
            text = f'"{name}" is missing; it is required'
        case "extra_forbidden":
            text = f'unknown key "{_clip(name)}"; {allowed}'
        case "value_error":
            text = f"{name} {given} {detail['ctx']['error']}"
        case "literal_error":
            text = f"{name} {given} is unknown; allowed: {detail['ctx']['expected']}"
        case "string_type":
            text = f"{name} must be text"
        case "model_type" | "model_attributes_type":
            text = f"an entry is a mapping of keys to values; {allowed}"
        case _:
            text = f"{name} {given}: {detail['msg']}"
    return node, text


def _clip(text: str) -> str:
    shown = "".join(c if c.isprintable() else "?" for c in text)
    return shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 3]}..."
