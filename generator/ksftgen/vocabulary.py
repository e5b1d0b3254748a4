# SPDX-License-Identifier: GPL-2.0-only
"""The words of the scenario language, and the C for each of them.

A new value is a word in TYPES and an enumerator in the C helpers.  A new verb is a line in VERBS and a C function
``const char *area_VERB(struct area *area, parameters in this order)``, which returns "ok" or what is wrong.  A new
state of memory is a word in ROOMS of rooms.py and a C file, and the verbs and values that need it name it.  No text of
a step is copied into C: each word is looked up here, and this module has the C for it.
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
            {"none": "PROT_NONE", "read": "PROT_READ", "rw": "PROT_RW"},
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
        _enum("uffd", "what a userfaultfd makes of a write to what it protects", "sigbus unpopulated async"),
        _enum("probe", "which page of a folio is read first", "first last middle"),
    )
}


@dataclass(frozen=True)
class Parameter:
    """A parameter of a verb, named after its type; without a default a step must give a value."""

    name: str
    default: str | None = None

    @property
    def type(self) -> Type:
        return TYPES[self.name]


@dataclass(frozen=True)
class Verb:
    """A kind of step, which calls ``area_NAME(area, parameters)`` in C.

    `maps` is whether it maps the memory, `setup_only` whether tests may not use it, `checks` whether it holds the
    kernel to anything.  `room` is the room that it needs, `source` a C file that it needs and that is no room.
    `memory` are the verbs that may have mapped the memory that it works on; none stands for all.
    """

    name: str
    about: str
    parameters: tuple[Parameter, ...] = ()
    maps: bool = False
    setup_only: bool = False
    checks: bool = False
    room: str | None = None
    source: str | None = None
    memory: tuple[str, ...] = ()

    @property
    def usage(self) -> str:
        """How a step is written: ``mprotect: {[process=parent], range, prot}``."""
        if not self.parameters:
            return self.name
        shown = (p.name if p.default is None else f"[{p.name}={p.default}]" for p in self.parameters)
        return f"{self.name}: {{{', '.join(shown)}}}"


_BY = Parameter("process", "parent")
_CHILD = Parameter("child", "child")

VERBS: Mapping[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb("map", "map anonymous memory and fill it", (Parameter("layout"),), maps=True, setup_only=True),
        Verb(
            "map_full",
            "map anonymous memory as large as two page tables and fill it, for a measurement",
            (Parameter("layout"),),
            maps=True,
            setup_only=True,
            source="mprotect_area_measure.c",
        ),
        Verb(
            "map_numa",
            "map memory on another NUMA node, with some folios that NUMA balancing must skip",
            (Parameter("layout"), Parameter("kind"), Parameter("folios")),
            maps=True,
            setup_only=True,
            room="numa",
            source="mprotect_area_nodes.c",
        ),
        Verb(
            "fork",
            "let a process fork this child, which shares these pages copy-on-write",
            (_BY, _CHILD, Parameter("pages")),
            room="cow",
        ),
        Verb("exit", "let a child exit", (_CHILD,), room="cow"),
        Verb("thread", "start a second thread of the parent", source="mprotect_area_thread.c"),
        Verb("merge", "have KSM merge these pages", (Parameter("pages"),), setup_only=True, room="ksm"),
        Verb(
            "split_vma",
            "make the range a VMA of its own, without splitting folios",
            (Parameter("range"),),
            source="mprotect_area_vma.c",
        ),
        Verb("mprotect", "mprotect() the range", (_BY, Parameter("range"), Parameter("prot"))),
        Verb("write", "write each page of the range that is writable", (_BY, Parameter("range")), checks=True),
        Verb("read", "read each page of the range that is readable", (_BY, Parameter("range")), checks=True),
        Verb(
            "measure",
            "time mprotect() of all memory to the protection and back",
            (Parameter("prot"),),
            checks=True,
            source="mprotect_area_measure.c",
            memory=("map_full",),
        ),
        Verb(
            "uffd",
            "register all memory of the parent with a userfaultfd",
            (Parameter("uffd"),),
            room="uffd",
            memory=("map", "map_full"),
        ),
        Verb("uffd_wp", "let the userfaultfd write-protect these pages", (Parameter("pages"),), room="uffd"),
        Verb(
            "uffd_resolve", "let the userfaultfd lift the protection of these pages", (Parameter("pages"),), room="uffd"
        ),
        Verb("guard", "make these pages guard regions", (_BY, Parameter("pages")), room="guard"),
        Verb("unguard", "remove guard regions from these pages", (_BY, Parameter("pages")), room="guard"),
        Verb(
            "poison",
            "make these pages such as hardware has lost",
            (_BY, Parameter("pages")),
            room="poison",
            memory=("map", "map_full"),
        ),
        Verb(
            "mremap",
            "move the range to other addresses and back",
            (_BY, Parameter("range")),
            source="mprotect_area_mremap.c",
            memory=("map", "map_full"),
        ),
        Verb("wipe_on_fork", "let no fork() hand on what is in the range", (Parameter("range"),), room="wipe"),
        Verb(
            "clear_soft_dirty",
            "clear the soft-dirty bits of a process",
            (_BY,),
            room="soft_dirty",
            memory=("map", "map_full"),
        ),
        Verb(
            "swap_out",
            "swap these pages out, but those of folios that others map",
            (_BY, Parameter("pages")),
            room="swap",
            memory=("map", "map_full"),
        ),
        Verb(
            "pin", "pin these pages of the parent for DMA, those that are writable", (Parameter("pages"),), room="pin"
        ),
        Verb("unpin", "release the pins", room="pin"),
        Verb(
            "lazyfree",
            "free these pages lazily, but those of folios that others map",
            (_BY, Parameter("pages")),
            room="lazyfree",
            memory=("map", "map_full"),
        ),
        Verb(
            "migrate",
            "move the folios of these pages to another NUMA node",
            (_BY, Parameter("pages")),
            room="migrate",
            source="mprotect_area_nodes.c",
            memory=("map", "map_full"),
        ),
        Verb(
            "zap",
            "have these pages be as if they were never touched",
            (_BY, Parameter("pages")),
            room="zero",
            source="mprotect_area_zap.c",
        ),
        Verb(
            "make",
            "bring these pages of the parent into a state",
            (Parameter("state"), Parameter("pages")),
            memory=("map", "map_full"),
        ),
        Verb("mlock", "lock the range", (_BY, Parameter("range")), room="mlock", memory=("map", "map_full")),
        Verb("hint", "let NUMA balancing scan until every page was visited", room="numa", memory=("map_numa",)),
        Verb(
            "touch",
            "read every folio, this page first, and count the hinting faults",
            (Parameter("probe"),),
            checks=True,
            room="numa",
            memory=("map_numa",),
        ),
        Verb("check", "compare every page of every process with the model", checks=True),
    )
}

CAPABILITIES: Mapping[str, str] = {
    "root": "root, for pagemap, kpageflags and settings",
    "thp": "transparent huge pages",
    "mthp": "large folios smaller than a THP",
    "ksm": "kernel samepage merging",
    "numa_nodes": "two NUMA nodes with memory",
    "numa_balancing": "automatic NUMA balancing",
}


def capability(name: str) -> str:
    """The C flag of a capability, such as ``AREA_NEED_THP``."""
    return f"AREA_NEED_{name.upper()}"
