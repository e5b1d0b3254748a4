# SPDX-License-Identifier: GPL-2.0-only
"""Errors that a user can fix, and parts of their messages.  The command line catches `GenError`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from plainyaml.problem import FileError, clip


class GenError(Exception):
    """An error that a user can fix; the command line prints its text without a traceback."""


class TreeError(GenError):
    """A folder that is not a kernel tree, or a tree whose files have an unknown structure."""


class RenderError(GenError):
    """A template that cannot be rendered, or two sources with the same file name."""


class SpecError(GenError, FileError):
    """Every problem of one scenario file, in the order of the file."""


def join_or(words: Iterable[str]) -> str:
    """``a, b or c``, in the given order."""
    items = list(words)
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} or {items[-1]}"


def unknown_word(what: str, word: str, allowed: Iterable[str]) -> str:
    """``unknown WHAT "word"; did you mean "x"? allowed: a, b or c``."""
    words = list(allowed)
    return f'unknown {what} "{clip(word)}"; {nearest(word, words)}allowed: {join_or(words) or "nothing"}'


def unknown_term(what: str, word: str, allowed: Iterable[str]) -> str:
    """The same for a word of the scenario language, and where the words are explained."""
    return f'{unknown_word(what, word, allowed)}; "ksftgen reference" explains them'


def nearest(word: str, words: Iterable[str]) -> str:
    """``did you mean "x"? ``, "" if none of `words` is close."""
    close = difflib.get_close_matches(word, list(words), n=1)
    return f'did you mean "{close[0]}"? ' if close else ""
