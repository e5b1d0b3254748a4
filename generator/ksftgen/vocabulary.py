# SPDX-License-Identifier: GPL-2.0-only
"""Every word of a scenario and the C it becomes: the one place to extend.

A new value is a line in TYPES and an enumerator in the C helpers; a new verb is a line in VERBS and a function
``bool area_VERB(struct area *area, arguments in this order)``.  Nothing a user wrote is pasted into C: what reaches a
template is found here by its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Type:
    """A type of value: its C declaration (without the name) and the C expression of each value.

    `values` is None for layouts, whose names come from the library and the scenario.
    """

    name: str
    about: str
    c: str
    values: Mapping[str, str] | None = None

    def expression(self, value: str) -> str:
        """The C expression of `value`, which must be one of this type."""
        if self.values is None:
            return f"&layout_{value}"
        return self.values[value]

    @property
    def declaration(self) -> str:
        """What stands before the name in a declaration: ``enum area_range ``, ``const struct layout *``."""
        return self.c if self.c.endswith("*") else f"{self.c} "


def _enum(name: str, about: str, words: str) -> Type:
    values = {word: f"{name.upper()}_{word.upper()}" for word in words.split()}
    return Type(name, about, f"enum area_{name}", values)


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
            {"none": "PROT_NONE", "read": "PROT_READ", "rw": "PROT_READ | PROT_WRITE"},
        ),
        _enum("pages", "which pages of the memory", "all none first_half alternate one small"),
        _enum("process", "who does it", "parent child"),
        _enum(
            "kind",
            "what the folios are that NUMA balancing must leave alone",
            "none zero ksm shared shared_half exited local threaded",
        ),
        _enum("folios", "which folios, counted from the start", "odd even all"),
        _enum("probe", "which page of a folio is touched first", "first last middle"),
    )
}


@dataclass(frozen=True)
class Argument:
    """An argument of a verb: its name is its type's; without a default it must be given."""

    name: str
    default: str | None = None

    @property
    def type(self) -> Type:
        return TYPES[self.name]


@dataclass(frozen=True)
class Verb:
    """A step: ``area_NAME(&self->area, arguments)``, in the order of `arguments`."""

    name: str
    about: str
    arguments: tuple[Argument, ...] = ()
    maps: bool = False
    setup_only: bool = False

    @property
    def usage(self) -> str:
        """``mprotect: {range, prot, [process=parent]}``."""
        if not self.arguments:
            return self.name
        shown = (a.name if a.default is None else f"[{a.name}={a.default}]" for a in self.arguments)
        return f"{self.name}: {{{', '.join(shown)}}}"


_PROCESS = Argument("process", "parent")

VERBS: Mapping[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb("map", "map anonymous memory and fill it", (Argument("layout"),), maps=True, setup_only=True),
        Verb(
            "map_full",
            "map two whole page tables of it and fill them, for what is to be measured",
            (Argument("layout"),),
            maps=True,
            setup_only=True,
        ),
        Verb(
            "map_numa",
            "map memory on another NUMA node, some of its folios such that balancing must skip them",
            (Argument("layout"), Argument("kind"), Argument("folios")),
            maps=True,
            setup_only=True,
        ),
        Verb("fork", "fork a child that shares these pages copy-on-write", (Argument("pages"),)),
        Verb("exit", "let the child exit"),
        Verb("merge", "have KSM merge these pages", (Argument("pages"),), setup_only=True),
        Verb("split_vma", "make the range a VMA of its own, its folios uncut", (Argument("range"),)),
        Verb("mprotect", "mprotect() the range", (_PROCESS, Argument("range"), Argument("prot"))),
        Verb("write", "write each page of the range, where its protection lets it", (_PROCESS, Argument("range"))),
        Verb("read", "read each page of the range, where its protection lets it", (_PROCESS, Argument("range"))),
        Verb("measure", "time mprotect() of all of it to the protection and back", (Argument("prot"),)),
        Verb("hint", "let NUMA balancing scan until every page was visited"),
        Verb("touch", "read every folio, this page of it first, and count the hinting faults", (Argument("probe"),)),
        Verb("check", "hold every page of every process against the model"),
    )
}

CAPABILITIES: Mapping[str, str] = {
    "root": "root: pagemap, kpageflags, settings",
    "thp": "transparent huge pages",
    "mthp": "large folios smaller than a THP",
    "ksm": "kernel samepage merging",
    "numa_nodes": "two NUMA nodes with memory",
    "numa_balancing": "automatic NUMA balancing",
}


def capability(name: str) -> str:
    """The C flag of a capability: ``AREA_NEED_THP``."""
    return f"AREA_NEED_{name.upper()}"


# Words that cannot name a member of a C struct: C11 keywords, and macros that the headers or the compiler define.
_C_WORDS = """
    auto break case char const continue default do double else enum extern float for goto if inline int long register
    restrict return short signed sizeof static struct switch typedef union unsigned void volatile while asm typeof
    bool true false linux unix i386 errno stdin stdout stderr
"""
C_WORDS = frozenset(_C_WORDS.split())

# Test names whose C symbols kselftest_harness.h makes itself: it pastes fixture##_##setup and the like.
HARNESS_WORDS = frozenset({"setup", "teardown", "teardown_parent", "fixture", "data"})
