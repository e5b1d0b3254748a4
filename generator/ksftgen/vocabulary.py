# SPDX-License-Identifier: GPL-2.0-only
"""The verbs of the scenario language, and what a program may need.

A new verb is a line in VERBS and a C function ``const char *area_VERB(struct area *area, parameters in this order)``,
which returns "ok" or what is wrong; a type of its parameters that is new is in words.py.  A new state of memory is a
word in ROOMS of rooms.py and a C file, and the verbs and values that need it name it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ksftgen.words import TYPES, Type


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
            "merge_zero",
            "fill these pages with zeros and have KSM merge them with the zero page",
            (Parameter("pages"),),
            setup_only=True,
            room="ksm",
        ),
        Verb("unmerge_twins", "write to the twins of merged pages, so that these are alone", room="ksm"),
        Verb("merge_twins", "have the twins as they were, and merged again", room="ksm"),
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
            source="mprotect_area_userfault.c",
            memory=("map", "map_full"),
        ),
        Verb("uffd_wp", "let the userfaultfd write-protect these pages", (Parameter("pages"),), room="uffd"),
        Verb(
            "uffd_resolve", "let the userfaultfd lift the protection of these pages", (Parameter("pages"),), room="uffd"
        ),
        Verb("uffd_close", "close the userfaultfd, or unregister its memory where a thread serves it", room="uffd"),
        Verb(
            "uffd_scan",
            "ask PAGEMAP_SCAN what was written in the range, which protects it again if that is asynchronous",
            (Parameter("range"),),
            room="uffd",
            checks=True,
        ),
        Verb(
            "rwp",
            "register all memory of the parent with a userfaultfd that protects against reads, too",
            (Parameter("rwp"),),
            room="rwp",
            source="mprotect_area_userfault.c",
            memory=("map", "map_full"),
        ),
        Verb(
            "rwp_protect",
            "let the userfaultfd protect these pages against reads and writes",
            (Parameter("pages"),),
            room="rwp",
        ),
        Verb("rwp_resolve", "let the userfaultfd lift that protection", (Parameter("pages"),), room="rwp"),
        Verb(
            "pkey",
            "give the range a protection key, which denies this to the process from now on",
            (_BY, Parameter("range"), Parameter("pkey")),
            room="pkey",
        ),
        Verb("pkey_allow", "let the process do all that the keys deny, without a system call", (_BY,), room="pkey"),
        Verb("pkey_deny", "have the keys deny it again", (_BY,), room="pkey"),
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
            "reclaim",
            "have the kernel try once to reclaim these pages, but those of folios that others map",
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
            "race_migrate",
            "mprotect() the range of the parent to the protection and to rw, again and again, while all folios move",
            (Parameter("range"), Parameter("prot")),
            room="migrate",
            source="mprotect_area_nodes.c",
            memory=("map", "map_full"),
            checks=True,
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
        Verb(
            "mlock_onfault",
            "lock what is in the range, and what comes there later (MLOCK_ONFAULT)",
            (_BY, Parameter("range")),
            room="mlock",
            memory=("map", "map_full"),
        ),
        Verb(
            "code",
            "write each of these pages that is writable, and put a function there, which check calls",
            (_BY, Parameter("pages")),
            room="exec",
            checks=True,
        ),
        Verb(
            "bti",
            "mprotect() the range to PROT_READ, PROT_EXEC and PROT_BTI",
            (_BY, Parameter("range")),
            room="exec",
        ),
        Verb("mte", "give the range of the parent tags, by PROT_MTE", (Parameter("range"),), room="mte"),
        Verb(
            "tag",
            "write each of these pages that can have tags, and give it one",
            (_BY, Parameter("pages")),
            room="mte",
            checks=True,
        ),
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
