# SPDX-License-Identifier: GPL-2.0-only
"""The words of the scenario language that stand for values, by their types, and the C for each of them.

A new value is a word in TYPES and an enumerator in the C helpers.  No text of a step is copied into C: each word is
looked up here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ksftgen.rooms import KIND_ROOMS, KIND_SOURCES, MAKER_ROOMS, MAKER_SOURCES


@dataclass(frozen=True)
class Type:
    """A type of values: `c` is the C type, `values` maps each value to its C expression.

    `values` is None for layouts, whose names come from the library and the scenario.  `rooms` has the room of each
    value that needs one, `sources` a C file of each value that needs one that is no room.
    """

    name: str
    about: str
    c: str
    values: Mapping[str, str] | None = None
    rooms: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)

    def expression(self, value: str) -> str:
        """The C expression of `value`, which must be a value of this type."""
        if self.values is None:
            return f"&layout_{value}"
        return self.values[value]

    @property
    def declaration(self) -> str:
        """The part of a declaration before the name: ``enum area_range ``, ``const struct layout *``."""
        return self.c if self.c.endswith("*") else f"{self.c} "


def _enum(name: str, about: str, words: str) -> Type:
    values = {word: f"{name.upper()}_{word.upper()}" for word in words.split()}
    return Type(name, about, f"enum area_{name}", values)


_CHILDREN = "child second_child third_child grandchild"
_PROCESS = _enum("process", "which process does it, or the second thread of the parent", f"parent {_CHILDREN} thread")

TYPES: Mapping[str, Type] = {
    kind.name: kind
    for kind in (
        Type("layout", "which folios the memory is made of", "const struct layout *"),
        _enum(
            "range",
            "which part of the memory",
            "whole inside head tail straddle straddle_pmd straddle_contpte one_page vma_end",
        ),
        Type(
            "prot",
            "a protection",
            "int",
            {"none": "PROT_NONE", "read": "PROT_READ", "rw": "PROT_RW", "rx": "PROT_READ | PROT_EXEC"},
        ),
        _enum("pages", "which pages of the memory", "all none first_half alternate others one small"),
        _PROCESS,
        Type("child", "which child", _PROCESS.c, {word: _PROCESS.expression(word) for word in _CHILDREN.split()}),
        Type(
            "kind",
            "what some folios are, so that NUMA balancing must skip them",
            "const struct area_kind *",
            {word: f"&kind_{word}" for word in KIND_ROOMS},
            KIND_ROOMS,
            KIND_SOURCES,
        ),
        Type(
            "state",
            "a state of memory",
            "const struct area_maker *",
            {word: f"&maker_{word}" for word in MAKER_ROOMS},
            MAKER_ROOMS,
            MAKER_SOURCES,
        ),
        _enum("folios", "which folios, counted from the start", "odd even all"),
        _enum("uffd", "what a userfaultfd makes of a write to what it protects", "sigbus unpopulated async handler"),
        _enum(
            "rwp",
            "what a userfaultfd makes of any access to what it protects against reads, too",
            "sigbus async handler",
        ),
        _enum("pkey", "what a protection key denies", "default no_access no_write"),
        _enum("probe", "which page of a folio is read first", "first last middle"),
    )
}
