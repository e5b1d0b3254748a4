# SPDX-License-Identifier: GPL-2.0-only
"""A new scenario to start from: skeleton.yaml under a name of the user's."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

from ksftgen import helpers, paths
from ksftgen.errors import GenError
from plainprint.reason import reason
from plainyaml.problem import clip

# ksftci runs the programs of a tree that begin so, unless it is told others.
PREFIX = "mprotect_"
_LONGEST = 41  # characters
_NAME = "[a-z][a-z0-9_]*"


def name(word: str) -> str:
    """The name of a scenario that is to be called `word`: with PREFIX in front, if that is missing.

    Raises GenError if no scenario can be called so, or one that comes with ksftgen is.
    """
    full = word if word.startswith(PREFIX) else PREFIX + word
    if not re.fullmatch(_NAME, word) or full == PREFIX:
        near = re.sub(r"[^a-z0-9_]+", "_", word.lower().removesuffix(".yaml")).strip("_")
        hint = f'did you mean "{clip(near)}"? ' if re.fullmatch(_NAME, near) else ""
        raise GenError(f'name "{clip(word)}" is not allowed; {hint}allowed: a to z, 0 to 9 and _, a letter first')
    if len(full) > _LONGEST:
        raise GenError(f'name "{clip(full)}" has {len(full)} characters; at most {_LONGEST}, with {PREFIX}')
    if helpers.is_helper(f"{full}.c"):
        raise GenError(f'name "{full}" is like those of the C files that programs share; choose another one')
    if any(path.stem == full for path in paths.scenarios()):
        raise GenError(f'scenario "{full}" comes with ksftgen; choose another name')
    return full


def create(scenario: str, file: Path | None) -> Path:
    """Write the skeleton of a scenario to `file`, or below it if it is a folder; else to the current folder.

    Returns the path.  Raises GenError if it exists, has another name than the scenario, or cannot be written.
    """
    path = file or Path()
    if path.is_dir():
        path /= f"{scenario}.yaml"
    if path.name not in (f"{scenario}.yaml", f"{scenario}.yml"):
        raise GenError(f"{path}: a file is called as its scenario; give -o {path.with_name(f'{scenario}.yaml')}")
    text = Path(__file__).with_name("skeleton.yaml").read_text(encoding="utf-8")
    text = text.replace("@NAME@", scenario).replace("@FILE@", path.name)
    try:
        with path.open("x", encoding="utf-8") as stream, _whole(path):
            stream.write(text)
            stream.flush()
    except FileExistsError:
        raise GenError(f"{path}: exists already; remove it, or choose another name") from None
    except OSError as error:
        raise GenError(f"{path}: cannot write: {reason(error, path)}") from None
    return path


@contextlib.contextmanager
def _whole(path: Path) -> Iterator[None]:
    """Remove a file of which not all can be written."""
    try:
        yield
    except OSError:
        path.unlink(missing_ok=True)
        raise
