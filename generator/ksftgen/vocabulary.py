# SPDX-License-Identifier: GPL-2.0-only
"""The verbs of the scenario language, by their themes, and what a program may need.

A new verb is a line in THEMES and a C function ``const char *area_VERB(struct area *area, parameters in this order)``,
which returns "ok" or what is wrong; a type of its parameters that is new is in words.py.  A new state of memory is a
word in ROOMS of rooms.py and a C file, and the verbs and values that need it name it.
"""

from __future__ import annotations

from collections.abc import Mapping

from ksftgen.verb import Parameter, Verb

_BY = Parameter("process", "parent")
_CHILD = Parameter("child", "child")
_LAYOUT, _PAGES, _PROT, _RANGE = map(Parameter, ("layout", "pages", "prot", "range"))
_MEASURE = "mprotect_area_measure.c"
_NODES = "mprotect_area_nodes.c"
_USERFAULT = "mprotect_area_userfault.c"
_WAYS = "mprotect_area_ways.c"
_ORDINARY = ("map", "map_full")

THEMES: Mapping[str, tuple[Verb, ...]] = {
    "The window": (
        Verb("map", "map the window, which is anonymous memory, and fill it", (_LAYOUT,), maps=True, setup_only=True),
        Verb(
            "map_full",
            "map a window as large as two page tables and fill it, for a measurement",
            (_LAYOUT,),
            maps=True,
            setup_only=True,
            source=_MEASURE,
        ),
        Verb(
            "map_numa",
            "map the window on another NUMA node, with some folios of this kind, and fill it",
            (_LAYOUT, Parameter("kind"), Parameter("folios")),
            maps=True,
            setup_only=True,
            room="numa",
            source=_NODES,
        ),
        Verb(
            "split_vma",
            "make the range a VMA of its own, without splitting folios",
            (_RANGE,),
            source="mprotect_area_vma.c",
        ),
        Verb(
            "mremap",
            "move the range to other addresses and back",
            (_BY, _RANGE),
            source="mprotect_area_mremap.c",
            memory=_ORDINARY,
        ),
        Verb(
            "vma",
            "give the VMAs of the range what sets them apart from others, or take it away",
            (_BY, _RANGE, Parameter("vma")),
            room="vma",
            source="mprotect_area_apart.c",
            memory=_ORDINARY,
        ),
        Verb(
            "map_over",
            "map other memory in place of the range of the parent, or nothing",
            (_RANGE, Parameter("memory")),
            room="vma",
            source="mprotect_area_over.c",
            memory=_ORDINARY,
        ),
    ),
    "Processes and threads": (
        Verb(
            "fork",
            "let a process fork this child, which shares these pages copy-on-write and has no others",
            (_BY, _CHILD, _PAGES),
            room="cow",
        ),
        Verb("exit", "let a child exit", (_CHILD,), room="cow"),
        Verb("thread", "start a second thread of the parent", source="mprotect_area_thread.c"),
        Verb("wipe_on_fork", "let no fork() hand on what is in the range", (_RANGE,), room="wipe"),
    ),
    "Protection, access and checks": (
        Verb("mprotect", "mprotect() the range", (_BY, _RANGE, _PROT)),
        Verb(
            "call_mprotect",
            "mprotect() the range in a way of its own, or where a limit is met, and hold its errno to what must come",
            (_BY, _RANGE, _PROT, Parameter("way")),
            checks=True,
            room="vma",
            source=_WAYS,
            memory=_ORDINARY,
        ),
        Verb(
            "exec_rule", "change what the process may execute", (_BY, Parameter("exec_rule")), room="vma", source=_WAYS
        ),
        Verb(
            "account",
            "mprotect() half as much memory as there is, untouched, and hold Committed_AS to what must come",
            checks=True,
            room="vma",
            source=_WAYS,
            memory=_ORDINARY,
        ),
        Verb("write", "write each page of the range that is writable", (_BY, _RANGE), checks=True),
        Verb("read", "read each page of the range that is readable", (_BY, _RANGE), checks=True),
        Verb("check", "compare every page of every process with the model", checks=True),
        Verb(
            "check_vmas",
            "check, and compare every VMA of every process with the model: its edges, protection, name and flags",
            checks=True,
            room="vma",
            memory=_ORDINARY,
        ),
        Verb(
            "measure",
            "time mprotect() of the window to the protection and back",
            (_PROT,),
            checks=True,
            source=_MEASURE,
            memory=("map_full",),
        ),
    ),
    "States of pages": (
        Verb("make", "bring these pages of the parent into a state", (Parameter("state"), _PAGES), memory=_ORDINARY),
        Verb(
            "zap",
            "have these pages be as if they were never touched",
            (_BY, _PAGES),
            room="zero",
            source="mprotect_area_zap.c",
        ),
        Verb("guard", "make these pages guard regions", (_BY, _PAGES), room="guard"),
        Verb("unguard", "remove guard regions from these pages", (_BY, _PAGES), room="guard"),
        Verb("poison", "make these pages such as hardware has lost", (_BY, _PAGES), room="poison", memory=_ORDINARY),
        Verb(
            "lazyfree",
            "free these pages lazily, but those of folios that others map",
            (_BY, _PAGES),
            room="lazyfree",
            memory=_ORDINARY,
        ),
        Verb(
            "swap_out",
            "swap these pages out, but those of folios that others map",
            (_BY, _PAGES),
            room="swap",
            memory=_ORDINARY,
        ),
        Verb(
            "reclaim",
            "have the kernel try once to reclaim these pages, but those of folios that others map",
            (_BY, _PAGES),
            room="swap",
            memory=_ORDINARY,
        ),
        Verb(
            "pin",
            "pin these pages of the parent for DMA, those that are writable; the others must be refused (EFAULT)",
            (_PAGES,),
            room="pin",
        ),
        Verb("unpin", "release the pins", room="pin"),
        Verb("mlock", "lock the range", (_BY, _RANGE), room="mlock", memory=_ORDINARY),
        Verb(
            "mlock_onfault",
            "lock what is in the range, and what comes there later (MLOCK_ONFAULT)",
            (_BY, _RANGE),
            room="mlock",
            memory=_ORDINARY,
        ),
        Verb(
            "clear_soft_dirty",
            "clear the soft-dirty bits of a process",
            (_BY,),
            room="soft_dirty",
            memory=_ORDINARY,
        ),
    ),
    "KSM": (
        Verb(
            "merge",
            "have KSM merge each of these pages with a twin outside of the window",
            (_PAGES,),
            setup_only=True,
            room="ksm",
        ),
        Verb(
            "merge_zero",
            "fill these pages with zeros and have KSM merge them with the zero page",
            (_PAGES,),
            setup_only=True,
            room="ksm",
        ),
        Verb("unmerge_twins", "write to the twins of merged pages, so that these are alone", room="ksm"),
        Verb("merge_twins", "have the twins as they were, and merged again", room="ksm"),
    ),
    "NUMA nodes": (
        Verb("hint", "let NUMA balancing scan until every page was visited", room="numa", memory=("map_numa",)),
        Verb(
            "touch",
            "read every folio, this page first, and count the hinting faults",
            (Parameter("probe"),),
            checks=True,
            room="numa",
            memory=("map_numa",),
        ),
        Verb(
            "migrate",
            "move the folios of these pages to another NUMA node",
            (_BY, _PAGES),
            room="migrate",
            source=_NODES,
            memory=_ORDINARY,
        ),
        Verb(
            "race_migrate",
            "mprotect() the range of the parent to the protection and to rw, again and again, while all folios move",
            (_RANGE, _PROT),
            room="migrate",
            source=_NODES,
            memory=_ORDINARY,
            checks=True,
        ),
    ),
    "userfaultfd": (
        Verb(
            "uffd",
            "register the window of the parent with a userfaultfd, which can write-protect it",
            (Parameter("uffd"),),
            room="uffd",
            source=_USERFAULT,
            memory=_ORDINARY,
        ),
        Verb("uffd_wp", "let the userfaultfd write-protect these pages", (_PAGES,), room="uffd"),
        Verb("uffd_resolve", "let the userfaultfd lift the protection of these pages", (_PAGES,), room="uffd"),
        Verb(
            "uffd_scan",
            "ask PAGEMAP_SCAN what was written in the range, which protects it again if that is asynchronous",
            (_RANGE,),
            room="uffd",
            checks=True,
        ),
        Verb("uffd_close", "close the userfaultfd, or unregister the window where a thread serves it", room="uffd"),
        Verb(
            "rwp",
            "register the window of the parent with a userfaultfd, which can protect it against reads, too",
            (Parameter("rwp"),),
            room="rwp",
            source=_USERFAULT,
            memory=_ORDINARY,
        ),
        Verb("rwp_protect", "let the userfaultfd protect these pages against reads and writes", (_PAGES,), room="rwp"),
        Verb("rwp_resolve", "let the userfaultfd lift that protection from these pages", (_PAGES,), room="rwp"),
    ),
    "Keys, code and tags": (
        Verb(
            "pkey",
            "give the range a protection key, which denies this to the process from now on",
            (_BY, _RANGE, Parameter("pkey")),
            room="pkey",
        ),
        Verb("pkey_allow", "let the process do all that the keys deny, without a system call", (_BY,), room="pkey"),
        Verb("pkey_deny", "have the keys deny it again", (_BY,), room="pkey"),
        Verb(
            "code",
            "write each of these pages that is writable, and put a function there, which check calls",
            (_BY, _PAGES),
            room="exec",
            checks=True,
        ),
        Verb("bti", "mprotect() the range to PROT_READ, PROT_EXEC and PROT_BTI", (_BY, _RANGE), room="exec"),
        Verb("mte", "mprotect() the range of the parent with PROT_MTE, so that it has tags", (_RANGE,), room="mte"),
        Verb(
            "tag",
            "write each of these pages that can have tags, and give it one",
            (_BY, _PAGES),
            room="mte",
            checks=True,
        ),
    ),
}
VERBS: Mapping[str, Verb] = {verb.name: verb for verbs in THEMES.values() for verb in verbs}

CAPABILITIES: Mapping[str, str] = {
    "root": "root, to read pagemap and kpageflags and to change settings",
    "thp": "transparent huge pages (CONFIG_TRANSPARENT_HUGEPAGE)",
    "mthp": "large folios that are smaller than a THP (Linux 6.8)",
    "ksm": "kernel samepage merging (CONFIG_KSM)",
    "numa_nodes": "two NUMA nodes with memory",
    "numa_balancing": "automatic NUMA balancing (CONFIG_NUMA_BALANCING), and debugfs",
}


def capability(name: str) -> str:
    """The C flag of a capability, such as ``AREA_NEED_THP``."""
    return f"AREA_NEED_{name.upper()}"
