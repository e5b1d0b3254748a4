# SPDX-License-Identifier: GPL-2.0-only
"""What each step does, in plain words, for a person who reads a case and has not learnt the language.

A step changes the `Memory` as it is told.  One that is not modelled is told by what its verb is about; if the verb
needs a room, it may have brought its pages into a state that memory.py does not know, and they get a mark.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from ksftgen.memory import EMPTY, GUARD, WIPED, WRITABLE, Memory
from ksftgen.phrases import PROTECTS, costs, count, meaning, part, selected, sentence, who, written
from ksftgen.verb import Verb
from ksftgen.vocabulary import VERBS
from ksftgen.words import TYPES

# The words of a step, by the names of its parameters.
Words = Mapping[str, str]

_CHECKED = (
    "Each page of each process is held against the rows: a read that is allowed finds the value, without a fault where "
    "a page is mapped; an access that is not allowed ends in a signal. Page frames, folios, and what pagemap and "
    "kpageflags say of them must be right as well."
)
# The verb that `make` stands for, by the state, if its pages get a mark.
_MADE = {
    "merged": "merge",
    "swapped": "swap_out",
    "lazy": "lazyfree",
    "guarded": "guard",
    "protected": "uffd_wp",
    "rwp": "rwp_protect",
    "pinned": "pin",
    "migrated": "migrate",
    "poisoned": "poison",
    "tagged": "tag",
}
# Of the verbs that are not modelled: those about all pages, those that leave no mark since they undo what others do,
# those that write, and those after which pages may hold something else.
_ABOUT_ALL = ("hint", "touch", "clear_soft_dirty", "migrate")
_UNDO = ("uffd_resolve", "rwp_resolve")
_WRITE = ("tag", "code")
_LOSE = ("lazyfree", "reclaim", "poison", "merge_zero")
# Their arguments that choose a way.
_CHOICES = ("uffd", "rwp", "pkey", "probe", "vma", "memory", "way", "exec_rule")
# Kinds of map_numa whose folios a child shares.
_FORKED = ("shared", "shared_half", "exited")


@dataclass
class Teller:
    """Tells one step after the other.  `untold` are the verbs that have left marks."""

    memory: Memory
    untold: dict[str, None] = field(default_factory=dict)
    writes: int = 0
    has_checked: bool = False

    def tell(self, verb: Verb, words: Words) -> str:
        """The sentences about a step, which is then done."""
        tellers: Mapping[str, Callable[[Words], Iterator[str]]] = {
            "map": self._map,
            "map_full": self._map,
            "map_numa": self._map_numa,
            "fork": self._fork,
            "exit": self._exit,
            "thread": self._thread,
            "mprotect": self._mprotect,
            "write": self._write,
            "read": self._read,
            "check": self._check,
            "check_vmas": self._check,
            "split_vma": self._split_vma,
            "wipe_on_fork": self._wipe_on_fork,
            "mremap": self._mremap,
            "zap": self._zap,
            "guard": self._guard,
            "unguard": self._unguard,
            "merge": self._merge,
            "measure": self._measure,
            "make": self._make,
        }
        sentences = tellers[verb.name](words) if verb.name in tellers else self._other(verb, words)
        return " ".join(sentences)

    def _map(self, words: Words) -> Iterator[str]:
        value, window = self._value(), self.memory.window
        self.memory.map(value)
        yield f"The parent maps {len(window.folios)} pages and fills them with {value}: a value of its own in each."
        if "kind" not in words:
            yield "Nobody shares them, and a write takes no fault."
        if "hole" in window.kinds:
            yield f"{count(window.kinds.count('hole'))} in holes are never touched."

    def _map_numa(self, words: Words) -> Iterator[str]:
        yield from self._map(words)
        folios = [(first, nr) for page, (first, nr) in enumerate(self.memory.window.folios) if page == first]
        half = 2 if words["kind"] == "shared_half" else 1
        others = [
            page
            for index, (first, nr) in enumerate(folios)
            if words["folios"] == "all" or index % 2 == (words["folios"] == "odd")
            for page in range(first, first + nr // half)
        ]
        yield "The window is on another NUMA node."
        which, what = (meaning(name, words[name]) for name in ("folios", "kind"))
        yield f"{sentence(which)} ({count(len(others))}): {what}."
        if words["kind"] in _FORKED:
            self.memory.fork("parent", "child", others)
        if words["kind"] == "exited":
            self.memory.exit("child")
        if words["kind"] in ("zero", "ksm"):
            self._mark("map_numa", "parent", others)

    def _fork(self, words: Words) -> Iterator[str]:
        process, child, pages = words["process"], words["child"], words["pages"]
        chosen = self.memory.chosen(process, pages)
        self.memory.fork(process, child, chosen)
        yield f"{sentence(who(process))} forks {who(child)}, which has {selected(pages, chosen)}, and nothing else."
        yield "Both share the frames of these pages, so that the first write of either takes a fault and a copy."

    def _exit(self, words: Words) -> Iterator[str]:
        self.memory.exit(words["child"])
        yield f"{sentence(who(words['child']))} exits. The page tables of others stay as they are: a write to what it"
        yield "has shared still takes a fault, in which the kernel reuses the page or copies it."

    def _thread(self, words: Words) -> Iterator[str]:
        yield "The parent starts a second thread, which sees the same pages."

    def _mprotect(self, words: Words) -> Iterator[str]:
        process, word, prot = words["process"], words["range"], words["prot"]
        where = self.memory.mapped(process, word)
        self.memory.change(process, word, prot)
        yield f"{sentence(who(process))} {PROTECTS[prot]} {self._part(process, word)}."
        if prot in WRITABLE and where:
            yield costs(written(self.memory.of(process)[i]) for i in where)

    def _write(self, words: Words) -> Iterator[str]:
        process, word = words["process"], words["range"]
        value, pages, found = self._value(), self.memory.of(process), []
        where = self.memory.mapped(process, word)
        for i in where:
            if pages[i].is_writable:
                found.append(written(pages[i]))
                self.memory.access(process, [i], value)
        yield f"{sentence(who(process))} writes {value} to {self._part(process, word)}, where that is allowed."
        if len(found) < len(where):
            yield f"It is not in {count(len(where) - len(found))}."
        if found:
            yield costs(found)

    def _read(self, words: Words) -> Iterator[str]:
        process, word = words["process"], words["range"]
        where = [i for i in self.memory.mapped(process, word) if self.memory.of(process)[i].prot != "none"]
        empty = [i for i in where if self.memory.of(process)[i].what == EMPTY]
        self.memory.access(process, where)
        yield f"{sentence(who(process))} reads {self._part(process, word)}, where that is allowed: {count(len(where))}."
        if empty:
            yield f"{count(len(empty))} never touched: one fault each, which puts the zero page there."

    def _check(self, words: Words) -> Iterator[str]:
        yield "Each page of each process is held against the rows, as before." if self.has_checked else _CHECKED
        self.has_checked = True

    def _split_vma(self, words: Words) -> Iterator[str]:
        self.memory.change("parent", words["range"], vma="split_vma")
        yield f"From here on {self._part('parent', words['range'])} are a VMA of their own. That splits no folio."

    def _wipe_on_fork(self, words: Words) -> Iterator[str]:
        self.memory.change("parent", words["range"], vma=WIPED)
        yield f"A child finds nothing but zeros in {self._part('parent', words['range'])}."

    def _mremap(self, words: Words) -> Iterator[str]:
        process = words["process"]
        self.memory.move(process, self.memory.mapped(process, words["range"]))
        yield f"{sentence(who(process))} moves {self._part(process, words['range'])} to other addresses and back."
        yield "Each page must be what it was. A PMD that is moved in part is split."

    def _zap(self, words: Words) -> Iterator[str]:
        process, chosen = words["process"], self.memory.chosen(words["process"], words["pages"])
        self.memory.zap(process, chosen)
        yield f"{sentence(who(process))} gives up {selected(words['pages'], chosen)}, by MADV_DONTNEED."
        yield "They are as if they were never touched: the next access takes a fault, and finds zeros."

    def _guard(self, words: Words) -> Iterator[str]:
        process, chosen = words["process"], self.memory.chosen(words["process"], words["pages"])
        self.memory.zap(process, chosen, GUARD)
        yield f"{sentence(who(process))} makes guard regions of {selected(words['pages'], chosen)}."
        yield "What was there is gone, and each access ends in SIGSEGV."

    def _unguard(self, words: Words) -> Iterator[str]:
        process, chosen = words["process"], self.memory.chosen(words["process"], words["pages"])
        self.memory.unguard(process, chosen)
        yield f"{sentence(who(process))} removes the guards from {selected(words['pages'], chosen)}."
        yield "Where there were some, pages are as if they were never touched."

    def _merge(self, words: Words) -> Iterator[str]:
        chosen = self.memory.chosen("parent", words["pages"])
        self.memory.merge(chosen)
        yield f"KSM merges {selected(words['pages'], chosen)} with twins beside the window."
        yield "A write takes a fault and a copy, and the twin keeps its content."

    def _measure(self, words: Words) -> Iterator[str]:
        for prot in (words["prot"], "rw"):
            self.memory.change("parent", "whole", prot)
        yield f'The parent changes all pages to "{words["prot"]}" and back, over and over.'
        yield "The time that it takes is printed, and fails nothing."

    def _make(self, words: Words) -> Iterator[str]:
        state, own = words["state"], {**words, "process": "parent"}
        chosen = self.memory.chosen("parent", words["pages"])
        if state == "shared":
            yield from self._fork({**own, "child": "child"})
        elif state == "left":
            yield from self._fork({**own, "child": "second_child"})
            yield from self._exit({"child": "second_child"})
        elif state == "empty":
            yield from self._zap(own)
        elif state == "zero":
            self.memory.zero(chosen)
            yield f"The parent gives up {selected(words['pages'], chosen)}, and reads them."
            yield "They are the zero page: a write takes a fault, and puts another page there."
        else:
            yield self.tell(VERBS[_MADE[state]], own)

    def _other(self, verb: Verb, words: Words) -> Iterator[str]:
        process = words.get("process", "parent")
        where = self.memory.chosen(process, "all") if verb.name in _ABOUT_ALL else []
        told = [f", by {who(process)}"] if process != "parent" else []
        if "pages" in words:
            chosen = self.memory.chosen(process, words["pages"])
            told.append(f": {selected(words['pages'], chosen)}")
            where = where or chosen
        if "range" in words:
            told.append(f": {self._part(process, words['range'])}")
            where = self.memory.mapped(process, words["range"])
        yield f"{sentence(verb.about)}{''.join(told)}."
        for name in (name for name in words if name in _CHOICES):
            yield f"{sentence(TYPES[name].about)}: {meaning(name, words[name])}."
        if verb.name in ("bti", "race_migrate"):
            self.memory.change(process, words["range"], "rx" if verb.name == "bti" else "rw")
        if verb.name in _WRITE:
            self.memory.access(process, where, self._value())
        if verb.room and verb.name not in _UNDO:
            self._mark(verb.name, process, where)

    def _mark(self, verb: str, process: str, where: list[int]) -> None:
        if where:
            self.untold[verb] = None
        self.memory.mark(verb, process, where, has_lost=verb in _LOSE)

    def _value(self) -> str:
        """The letter of the next step that writes."""
        self.writes += 1
        return string.ascii_letters[(self.writes - 1) % len(string.ascii_letters)]

    def _part(self, process: str, word: str) -> str:
        """The pages of a range, and how many of them the process has if that is not all."""
        first, end = self.memory.window.span(word)
        has = len(self.memory.mapped(process, word))
        some = "" if has == end - first else f" ({who(process)} has {count(has)} of them)"
        return f"{part(self.memory.window, word)}{some}"
