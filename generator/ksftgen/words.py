# SPDX-License-Identifier: GPL-2.0-only
"""The words of the scenario language that stand for values, by their types: what each means, and the C for it.

A new value is a word in TYPES and an enumerator in the C helpers.  No text of a step is copied into C: each word is
looked up here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Value:
    """What a word stands for: `about` is a sentence about it, in lower case and without a full stop.

    `room` is the state of memory that it needs, `source` a C file that it needs and that is no room.  `c` is its C
    expression, if the word does not tell.
    """

    about: str
    room: str | None = None
    source: str | None = None
    c: str | None = None


@dataclass(frozen=True)
class Type:
    """A type of values: `c` is the C type, `values` has each value by its word.

    `values` is None for layouts, whose names come from the library and the scenario.  The C expression of a word is an
    enumerator ``PREFIX_WORD``, or a pointer ``&prefix_word``; the prefix is the name of the type, if none is given.
    """

    name: str
    about: str
    c: str
    values: Mapping[str, Value] | None = None
    prefix: str | None = None

    def expression(self, word: str) -> str:
        """The C expression of `word`, which must be a word of this type."""
        value = self.values[word] if self.values is not None else None
        if value and value.c:
            return value.c
        name = f"{self.prefix or self.name}_{word}"
        return f"&{name}" if self.c.endswith("*") else name.upper()

    @property
    def declaration(self) -> str:
        """The part of a declaration before the name: ``enum area_range ``, ``const struct layout *``."""
        return self.c if self.c.endswith("*") else f"{self.c} "

    @property
    def rooms(self) -> Mapping[str, str]:
        """The room of each word that needs one."""
        return {word: value.room for word, value in (self.values or {}).items() if value.room}

    @property
    def sources(self) -> Mapping[str, str]:
        """The C file, which is no room, of each word that needs one."""
        return {word: value.source for word, value in (self.values or {}).items() if value.source}


_CHILDREN = {
    "child": Value("the first child"),
    "second_child": Value("the second child"),
    "third_child": Value("the third child"),
    "grandchild": Value("a process that one of the children has forked"),
}
_FAULTS = {
    "async": Value("a fault that lifts the protection, and of which nobody is told"),
    "handler": Value("an event, on which a thread lifts the protection"),
}
_KIND_COW = "mprotect_kind_cow.c"
_MAKER_COW = "mprotect_maker_cow.c"
_THREAD = "mprotect_area_thread.c"
_USERFAULT = "mprotect_area_userfault.c"
_ZAP = "mprotect_area_zap.c"

TYPES: Mapping[str, Type] = {
    kind.name: kind
    for kind in (
        Type("layout", "which folios the window is made of", "const struct layout *"),
        Type(
            "range",
            "which part of the window; the largest folio is the first of its size, or eight pages if all are single",
            "enum area_range",
            {
                "whole": Value("all of the window"),
                "inside": Value("the largest folio above the boundary, without its first and last page"),
                "head": Value("the largest folio above the boundary, from its start to one page past its middle"),
                "tail": Value("the largest folio above the boundary, from one page before its middle to its end"),
                "straddle": Value(
                    "from the middle of the largest folio above the boundary to the middle of the next folio; "
                    "if it is the last one, from the middle of the one before to its middle"
                ),
                "straddle_pmd": Value("the last three pages below the boundary and the first five above it"),
                "straddle_contpte": Value(
                    "the last three pages of the first contpte block above the boundary, and the five behind it"
                ),
                "one_page": Value("the page in the middle of the largest folio above the boundary"),
                "vma_end": Value("the last folio from one page before its middle, up to where the VMA ends"),
            },
        ),
        Type(
            "prot",
            "a protection",
            "int",
            {
                "none": Value("PROT_NONE: no access", c="PROT_NONE"),
                "read": Value("PROT_READ: no write", c="PROT_READ"),
                "rw": Value("PROT_READ and PROT_WRITE, as the window is mapped", c="PROT_RW"),
                "rx": Value("PROT_READ and PROT_EXEC: no write, but calls", c="PROT_READ | PROT_EXEC"),
                "rwx": Value("all of these", c="PROT_RW | PROT_EXEC"),
            },
        ),
        Type(
            "pages",
            "which pages of every folio of the window; single pages are taken eight at a time",
            "enum area_pages",
            {
                "all": Value("every page"),
                "none": Value("no page"),
                "first_half": Value("the first half of each folio"),
                "alternate": Value("every other page of each folio, beginning with its first"),
                "others": Value("the pages that alternate leaves out"),
                "one": Value("the page in the middle of each folio"),
                "small": Value("every other page of those that are single"),
            },
        ),
        Type(
            "process",
            "which process does it, or the second thread of the parent",
            "enum area_process",
            {
                "parent": Value("the process that has mapped the window"),
                **_CHILDREN,
                "thread": Value("the second thread of the parent"),
            },
        ),
        Type("child", "which child", "enum area_process", _CHILDREN, prefix="process"),
        Type(
            "state",
            "a state of memory, with the verbs that make it",
            "const struct area_maker *",
            {
                "empty": Value("as if never touched (zap)", "zero", _ZAP),
                "zero": Value("the zero page (zap, and a read); for all pages of a PMD the huge one", "zero", _ZAP),
                "shared": Value("shared copy-on-write with the first child (fork)", "cow", _MAKER_COW),
                "left": Value("shared once with the second child, which has exited (fork, exit)", "cow", _MAKER_COW),
                "merged": Value("merged by KSM with twins outside of the window (merge)", "ksm"),
                "swapped": Value("swapped out (swap_out)", "swap"),
                "lazy": Value("freed lazily (lazyfree)", "lazyfree"),
                "guarded": Value("guard regions (guard)", "guard"),
                "protected": Value("write-protected by a userfaultfd (uffd: sigbus, uffd_wp)", "uffd", _USERFAULT),
                "rwp": Value("protected against reads, too (rwp: sigbus, rwp_protect)", "rwp", _USERFAULT),
                "pinned": Value("pinned for DMA (pin)", "pin"),
                "migrated": Value("moved to another NUMA node (migrate)", "migrate", "mprotect_area_nodes.c"),
                "poisoned": Value("such as hardware has lost (poison)", "poison"),
                "tagged": Value("with tags (mte of the whole window, tag)", "mte"),
            },
            prefix="maker",
        ),
        Type(
            "kind",
            "what some folios are; NUMA balancing must leave most kinds alone",
            "const struct area_kind *",
            {
                "none": Value("folios like those between them, to be hinted", "numa"),
                "zero": Value("the zero page, or the huge one where a PMD would map", "zero", "mprotect_kind_zero.c"),
                "ksm": Value("single pages that KSM has merged, every other of them left with one mapping", "ksm"),
                "shared": Value("folios that a child shares", "cow", _KIND_COW),
                "shared_half": Value("folios of which a child shares the first half", "cow", _KIND_COW),
                "exited": Value("folios that a child has shared and left, to be hinted", "cow", _KIND_COW),
                "local": Value("folios on the node that the process runs on", "numa"),
                "threaded": Value("such folios of a process with two threads, to be hinted", "numa", _THREAD),
            },
        ),
        Type(
            "folios",
            "which folios are of the kind, counted from the start of the window",
            "enum area_folios",
            {
                "odd": Value("every other folio, beginning with the second"),
                "even": Value("every other folio, beginning with the first"),
                "all": Value("every folio"),
            },
        ),
        Type(
            "probe",
            "which page of each folio is read first",
            "enum area_probe",
            {"first": Value("its first"), "last": Value("its last"), "middle": Value("the one in its middle")},
        ),
        Type(
            "uffd",
            "what becomes of a write to what the userfaultfd protects",
            "enum area_uffd",
            {
                "sigbus": Value("a signal, until the protection is lifted"),
                "unpopulated": Value("a signal, also where no page was when it was protected"),
                **_FAULTS,
            },
        ),
        Type(
            "rwp",
            "what becomes of any access to what the userfaultfd protects",
            "enum area_rwp",
            {"sigbus": Value("a signal, until the protection is lifted"), **_FAULTS},
        ),
        Type(
            "pkey",
            "what the protection key denies",
            "enum area_pkey",
            {
                "default": Value("nothing: it is the key that all memory has"),
                "no_access": Value("reads and writes"),
                "no_write": Value("writes"),
            },
        ),
        Type(
            "vma",
            "what sets a VMA apart, so that it does not merge with its neighbours",
            "enum area_vma",
            {
                "dontdump": Value("MADV_DONTDUMP"),
                "dump": Value("not that any more"),
                "name": Value("a name (PR_SET_VMA_ANON_NAME)"),
                "another_name": Value("another name"),
                "no_name": Value("no name any more"),
                "bind": Value("a memory policy (mbind)"),
                "no_bind": Value("no policy any more"),
                "first_uffd": Value("a userfaultfd that protects nothing, where there is none"),
                "another_uffd": Value("another userfaultfd, where there is none"),
                "no_uffd": Value("no userfaultfd any more"),
                "seal": Value("a seal, for ever (mseal, Linux 6.12)"),
            },
        ),
        Type(
            "memory",
            "what is mapped",
            "enum area_memory",
            {
                "nothing": Value("nothing: a hole"),
                "anon": Value("private anonymous memory, as the window is"),
                "read_only": Value("private anonymous memory that is mapped without PROT_WRITE, so not accounted"),
                "no_reserve": Value("private anonymous memory with MAP_NORESERVE"),
                "grows_down": Value("private anonymous memory with MAP_GROWSDOWN"),
                "shared": Value("shared anonymous memory"),
                "file": Value("a file, private"),
                "shared_file": Value("a file, shared"),
                "read_only_file": Value("a file that was opened for reading, shared"),
                "no_exec_file": Value("a file of a mount that forbids execution, private"),
            },
        ),
        Type(
            "way",
            "how mprotect() is called, or which limit it meets",
            "enum area_way",
            {
                "pkey": Value("pkey_mprotect() without a key"),
                "tagged": Value("with a tag in the top byte of the address, which arm64 ignores"),
                "grows_down": Value("with PROT_GROWSDOWN: from the start of the VMA on, which must grow down"),
                "no_data": Value("with RLIMIT_DATA where it is"),
                "some_data": Value("with RLIMIT_DATA such that the range's part of its first VMA can become data"),
                "no_vma": Value("with as many VMAs as vm.max_map_count allows"),
                "one_vma": Value("with one VMA less than that"),
                "two_vmas": Value("with two VMAs less than that"),
                "unaligned": Value("at an address inside of a page: refused"),
                "no_length": Value("of no page: does nothing"),
                "wraps": Value("up to an address below the range: refused"),
                "wraps_to_zero": Value("with a length that is rounded up to 0: refused"),
                "grows_both": Value("with PROT_GROWSDOWN and PROT_GROWSUP: refused"),
                "grows_up": Value("with PROT_GROWSUP: refused"),
                "unknown_prot": Value("with a protection that nobody knows: refused"),
                "free_key": Value("pkey_mprotect() with a key that is not allocated: refused"),
                "kernel": Value("of the kernel's addresses: refused"),
            },
        ),
        Type(
            "exec_rule",
            "what a process may execute",
            "enum area_exec_rule",
            {
                "explicit": Value("what PROT_EXEC allows"),
                "implied": Value("what can be read (READ_IMPLIES_EXEC)"),
                "mdwe": Value("nothing that was not executable, for ever (PR_SET_MDWE)"),
            },
        ),
    )
}
