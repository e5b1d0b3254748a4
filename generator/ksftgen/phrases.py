# SPDX-License-Identifier: GPL-2.0-only
"""Parts of sentences about a case: who, which pages, what a protection allows, what a write must cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ksftgen.memory import ANON, EMPTY, GUARD, MERGED, ZERO, Page
from ksftgen.window import Window
from ksftgen.words import TYPES

_WHO: Mapping[str, str] = {
    "parent": "the parent",
    "child": "the child",
    "second_child": "the second child",
    "third_child": "the third child",
    "grandchild": "the grandchild",
    "thread": "the second thread of the parent",
}
PROTECTS: Mapping[str, str] = {
    "none": "takes all access from",
    "read": "allows only reads of",
    "rw": "allows reads and writes of",
    "rx": "allows reads and execution, but no writes, of",
    "rwx": "allows reads, writes and execution of",
}
MARKED = "in a state that is not modelled"
# What a write takes, by what it finds, and how such pages are called.
_TAKES: Mapping[str, tuple[str, str]] = {
    "own": ("no fault", "exclusive"),
    "given": ("one fault or none, as the kernel gives a PMD as a whole or splits it,", "other"),
    "shared": ("one fault and a copy", "shared"),
    "left": ("one fault", "formerly shared"),
    EMPTY: ("one fault", "untouched"),
    ZERO: ("one fault", "zero"),
    MERGED: ("one fault and a copy", "merged"),
    GUARD: ("SIGSEGV", "guarded"),
}


def who(process: str) -> str:
    """The process, in a sentence."""
    return _WHO[process]


def sentence(text: str) -> str:
    """The text with a capital letter."""
    return text[:1].upper() + text[1:]


def counted(number: int, noun: str) -> str:
    """``1 test``, ``2 tests``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def count(nr: int, adjective: str = "") -> str:
    """``1 page``, ``3 writable pages``."""
    return counted(nr, f"{adjective} page" if adjective else "page")


def part(window: Window, word: str) -> str:
    """The pages of a range: ``pages 176 to 192``."""
    first, end = window.span(word)
    if word == "whole":
        return f"all {end} pages"
    return f"page {first}" if end - first == 1 else f"pages {first} to {end - 1}"


def meaning(kind: str, word: str) -> str:
    """What a word of a type means."""
    return (TYPES[kind].values or {})[word].about


def selected(word: str, pages: Sequence[int]) -> str:
    """The pages of a selection that a process has: ``32 pages (the first half of each folio)``."""
    return f"{count(len(pages))} ({meaning('pages', word)})"


def written(page: Page) -> str:
    """What a write finds there: a key for `costs`."""
    if page.marks:
        return MARKED
    if page.what != ANON:
        return page.what
    if page.exclusive:
        return "own"
    return "given" if page.may_be_exclusive else "shared" if page.is_shared else "left"


def costs(found: Iterable[str]) -> str:
    """What writes take, of all that they find: ``A write must take no fault in 8 exclusive pages.``"""
    counts = Counter(found)
    known = [f"{fault} in {count(counts[key], kind)}" for key, (fault, kind) in _TAKES.items() if counts[key]]
    sentences = [f"A write must take {', '.join(known)}."] if known else []
    if counts[MARKED]:
        sentences.append(f"What it takes in {count(counts[MARKED], 'other' if known else '')} depends on their state.")
    return " ".join(sentences)
