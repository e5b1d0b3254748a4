# SPDX-License-Identifier: GPL-2.0-only
"""The rows of a drawing that say what must hold of each page of a process, a character for each, and their legend."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from ksftgen.errors import join_or
from ksftgen.memory import ANON, EMPTY, GUARD, MERGED, ZERO, Page

_PROT = {"rw": "w", "read": "r", "rx": "x", "rwx": "X", "none": "-"}
_IS = {EMPTY: "_", ZERO: "z", MERGED: "m", GUARD: "g"}
_COSTS = {(0, 0): "0", (1, 1): "1", (0, 1): "+"}
_NONE, _OTHER = "~", "?"
# Of states that are not modelled, by the verbs that bring pages into them.
_MARKS = {
    "uffd_wp": "u",
    "rwp_protect": "r",
    "swap_out": "o",
    "lazyfree": "l",
    "pin": "p",
    "migrate": "v",
    "poison": "x",
    "tag": "t",
    "code": "c",
    "mlock": "k",
    "mlock_onfault": "k",
    "hint": "h",
    "pkey": "y",
    "clear_soft_dirty": "d",
}


def _may(page: Page) -> str:
    return _PROT[page.prot]


def _is(page: Page) -> str:
    if page.marks:
        verb, *more = page.marks
        return _OTHER if more else _MARKS.get(verb, _OTHER)
    if page.what != ANON:
        return _IS[page.what]
    if page.exclusive or page.may_be_exclusive:
        return "."
    return "S" if page.is_shared else "s"


def _holds(page: Page) -> str:
    return "g" if page.what == GUARD else page.value


def _costs(page: Page) -> str:
    if not page.is_writable or page.what == GUARD:
        return "."
    cost = page.cost(is_write=True)
    return _COSTS[cost] if cost else _OTHER


_ROWS: Mapping[str, Callable[[Page], str]] = {"may": _may, "is": _is, "holds": _holds, "costs": _costs}

# What each row says, and what its characters mean.
_LEGEND: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "may": (
        "what the protection allows",
        {
            "w": "read and write",
            "r": "read",
            "x": "read and execute",
            "X": "all of these",
            "-": "nothing",
            _NONE: "not mapped",
        },
    ),
    "is": (
        "what is there",
        {
            ".": "a page that nobody shares",
            "S": "one that another process shares",
            "s": "one that another process has shared",
            "_": "never touched",
            "z": "the zero page",
            "m": "merged by KSM",
            "g": "a guard region",
            **{char: join_or(verb for verb, its in _MARKS.items() if its == char) for char in _MARKS.values()},
            _OTHER: "in another state, or in several",
        },
    ),
    "holds": (
        "the content; a: of map, b: of the next step that writes, and so on",
        {"0": "zeros", "g": "none", _OTHER: "depends on the state"},
    ),
    "costs": (
        "the faults that the next write must take, from Linux 6.2 on",
        {"+": "none or one, as the kernel chooses", ".": "no write is allowed", _OTHER: "depends on the state"},
    ),
}


def rows(pages: Sequence[Page]) -> dict[str, str]:
    """The rows of a process, by their names."""
    return {name: "".join(char(page) if page.is_mapped else _NONE for page in pages) for name, char in _ROWS.items()}


def legend(used: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """What each row says, and what the characters mean that are used in it."""
    return {
        row: "; ".join([about, *(f"{char} {meaning}" for char, meaning in chars.items() if char in used[row])])
        for row, (about, chars) in _LEGEND.items()
    }
