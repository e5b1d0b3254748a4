# SPDX-License-Identifier: GPL-2.0-only
"""What can go wrong by a user's doing.  The command line catches `GenError`, once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from plainyaml.problem import FileError, clip


class GenError(Exception):
    """A mistake a user can mend; its text is all that is shown, without a traceback."""


class TreeError(GenError):
    """A kernel tree that is none, or not of a shape that is known."""


class RenderError(GenError):
    """A template that does not render, or two sources that want one name."""


class SpecError(GenError, FileError):
    """Every problem of one scenario file, in the order of the file."""


def join(words: Iterable[str]) -> str:
    """``a, b or c``; keeps the order given."""
    items = list(words)
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} or {items[-1]}"


def unknown(what: str, word: str, allowed: Iterable[str]) -> str:
    """``unknown WHAT "word"; did you mean "x"? allowed: a, b or c``."""
    known = list(allowed)
    close = difflib.get_close_matches(word, known, n=1)
    hint = f'did you mean "{close[0]}"? ' if close else ""
    return f'unknown {what} "{clip(word)}"; {hint}allowed: {join(known) or "nothing"}'
