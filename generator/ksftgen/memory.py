# SPDX-License-Identifier: GPL-2.0-only
"""What must hold of each page of each process after a step, as far as that can be told without running it.

The rules are those of the C helpers: mprotect_area_model.c, and the states cow, zero, guard, ksm and wipe.  Every other
state of memory leaves a mark on the pages that are brought into it: what a mark means is not known here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from ksftgen.window import Window

OUTSIDE, EMPTY, ANON, ZERO, MERGED, GUARD = "not mapped", "never touched", "anonymous", "zero page", "merged", "guard"
# What is in a VMA that fork() wipes.
WIPED = "wipe_on_fork"
# Marks of pages to which a write may be refused.
_REFUSING = frozenset({"uffd_wp", "uffd_scan", "rwp_protect", "pkey", "poison"})
WRITABLE = ("rw", "rwx")  # protections
# The states for which the kernel writes to memory that may be written.
_POPULATE = frozenset({"mlock", "pin"})


@dataclass(eq=False)
class Frame:
    """Memory behind a page; `mappers` counts the pages that are this frame."""

    mappers: int = 1


@dataclass(slots=True)
class Page:
    """A page of one process.

    `what` is there, with the protection `prot` and the content `value`: a letter for each step that has written, "0"
    for zeros, "" for none, "?" where that is not known.  `vma` is what else sets its VMA apart, `copy` which VMA of a
    fork() it is in.  `has_anon_vma` is whether a page of that VMA was ever the process's own, once `_share_anon_vmas()`
    has looked.  Without `exclusive` a write takes a fault; with `may_be_exclusive` it may take none.  `marks` are
    the verbs of states that are not modelled.
    """

    what: str = OUTSIDE
    prot: str = "rw"
    value: str = ""
    vma: frozenset[str] = frozenset()
    copy: int = 0
    frame: Frame | None = None
    exclusive: bool = False
    may_be_exclusive: bool = False
    by_pmd: bool = False
    has_anon_vma: bool = False
    marks: frozenset[str] = frozenset()

    @property
    def is_mapped(self) -> bool:
        """Whether the process has a VMA here."""
        return self.what != OUTSIDE

    @property
    def is_writable(self) -> bool:
        """Whether its protection allows writes."""
        return self.prot in WRITABLE

    @property
    def is_shared(self) -> bool:
        """Whether another process has the same frame."""
        return self.what == ANON and self.frame is not None and self.frame.mappers > 1

    def cost(self, is_write: bool) -> tuple[int, int] | None:
        """The least and the most faults that an access takes if it is allowed; None if that is not known."""
        if self.marks:
            return None
        if self.what == EMPTY:
            return 1, 1
        if not is_write or self.what == GUARD or (self.what == ANON and self.exclusive):
            return 0, 0
        return (0 if self.may_be_exclusive else 1), 1

    def is_one_vma(self, other: Page) -> bool:
        """Whether the page beside it is in the same VMA: those that do not differ are merged."""
        mine = self.prot, self.vma, self.copy, self.is_mapped
        return mine == (other.prot, other.vma, other.copy, other.is_mapped)

    def become(self, what: str, value: str) -> None:
        """Be another thing, which nobody shares."""
        if self.frame:
            self.frame.mappers -= 1
        self.what, self.value = what, value
        self.frame = Frame() if what == ANON else None
        self.exclusive = what == ANON
        self.may_be_exclusive = False
        self.has_anon_vma |= what in (ANON, GUARD)


@dataclass
class Memory:
    """The pages of each process that lives, by the process; the parent's are mapped and filled at first."""

    window: Window
    pages: dict[str, list[Page]] = field(default_factory=dict)

    def map(self, value: str) -> None:
        """Map the window for the parent, and fill it but for the holes."""
        mine = []
        for kind in self.window.kinds:
            mine.append(Page(EMPTY, value="0", by_pmd=kind == "pmd_thp"))
            if kind != "hole":
                mine[-1].become(ANON, value)
        self.pages["parent"] = mine

    def of(self, process: str) -> list[Page]:
        """The pages of a process; the second thread has those of the parent."""
        return self.pages["parent" if process == "thread" else process]

    def chosen(self, process: str, word: str) -> list[int]:
        """The pages of a selection that the process has."""
        pages = self.of(process)
        return [i for i, page in enumerate(pages) if page.is_mapped and self.window.has(i, word)]

    def mapped(self, process: str, word: str) -> list[int]:
        """The pages of a range that the process has."""
        pages = self.of(process)
        return [i for i in range(*self.window.span(word)) if pages[i].is_mapped]

    def change(self, process: str, word: str, prot: str | None = None, vma: str = "") -> None:
        """Change the protection of a range, or what else its VMA is."""
        pages, inside = self.of(process), self.mapped(process, word)
        self._share_anon_vmas(process)
        for i in inside:
            pages[i].prot = prot or pages[i].prot
            pages[i].vma |= {vma} - {""}
            pages[i].has_anon_vma |= "mlock" in pages[i].marks and prot in WRITABLE
        edges = [edge for edge in _edges(inside) if 0 < edge < len(pages)]
        self._split_pmds(process, [edge for edge in edges if not pages[edge - 1].is_one_vma(pages[edge])])

    def fork(self, process: str, child: str, where: Iterable[int]) -> None:
        """Let a process fork a child that has only these of its pages (MADV_DONTFORK)."""
        mine, chosen = self.of(process), set(where)
        self._share_anon_vmas(process)
        # All that is in a folio with a pin is copied, not shared.
        pinned = {self.window.folios[i] for i, page in enumerate(mine) if "pin" in page.marks}
        self.mark("pin", process, [i for i in chosen if self.window.folios[i] in pinned], has_lost=False)
        others = (i for i, page in enumerate(mine) if page.is_mapped and i not in chosen)
        self._split_pmds(process, [*_edges(chosen), *_edges(others)])
        its, copy = [], 0
        for i, page in enumerate(mine):
            copy += i > 0 and not mine[i - 1].is_one_vma(page)
            its.append(self._forked(page, copy) if i in chosen else Page())
        self.pages[child] = its

    @staticmethod
    def _forked(page: Page, copy: int) -> Page:
        if WIPED in page.vma:
            return Page(EMPTY, page.prot, "0", page.vma, copy)
        if not page.has_anon_vma:
            # VMAs without an anon_vma are merged wherever they come from.
            return Page(EMPTY, page.prot, "0", page.vma, copy=-1, marks=page.marks)
        if page.frame:
            page.frame.mappers += 1
        page.exclusive = page.may_be_exclusive = False
        return replace(page, copy=copy)

    def _share_anon_vmas(self, process: str) -> None:
        """Give all pages of a VMA what one has; fork() copies nothing of others, see vma_needs_copy()."""
        pages = self.of(process)
        starts = [i for i, page in enumerate(pages) if not i or not pages[i - 1].is_one_vma(page)]
        for first, end in itertools.pairwise([*starts, len(pages)]):
            has = any(page.has_anon_vma for page in pages[first:end])
            for page in pages[first:end]:
                page.has_anon_vma = has

    def exit(self, child: str) -> None:
        """Let a child exit: what it has mapped has a mapper less."""
        for page in self.pages.pop(child):
            page.become(OUTSIDE, "")

    def access(self, process: str, where: Iterable[int], value: str = "") -> None:
        """Have a process write `value` to pages, or read them if that is "", where the protection allows it."""
        pages = self.of(process)
        for i in where:
            page = pages[i]
            if page.what == GUARD or not (page.is_writable if value else page.prot != "none"):
                continue
            if value:
                self._written(process, i, value)
            elif page.what == EMPTY:
                page.become(ZERO, "0")

    def _written(self, process: str, i: int, value: str) -> None:
        page = self.of(process)[i]
        if page.by_pmd and not page.exclusive:
            side = self._side(process, i)
            # The kernel gives the whole PMD, or splits it: its choice.
            is_given = page.what == ZERO or (page.what == ANON and not any(other.is_shared for other in side))
            for other in side:
                other.may_be_exclusive = is_given
            self._leave_pmds(process, [i])
        if page.marks & _REFUSING:
            value = "?"
        if page.is_shared or page.what != ANON:
            page.become(ANON, value)
        page.value, page.exclusive, page.may_be_exclusive = value, True, False

    def zap(self, process: str, where: Iterable[int], what: str = EMPTY) -> None:
        """Have pages be as if they were never touched, or guard regions; what is a guard region stays one."""
        pages = self.of(process)
        inside = [i for i in where if pages[i].what != GUARD]
        for i in inside:
            pages[i].become(what, "" if what == GUARD else "0")
            pages[i].by_pmd = False
        self._split_pmds(process, _edges(inside))

    def unguard(self, process: str, where: Iterable[int]) -> None:
        """Have guard regions be as if they were never touched."""
        for page in (self.of(process)[i] for i in where):
            if page.what == GUARD:
                page.become(EMPTY, "0")

    def zero(self, where: Sequence[int]) -> None:
        """Have pages of the parent be the zero page; it is huge where a PMD was zapped as a whole."""
        mine = self.of("parent")
        was_pmd = [i for i in where if mine[i].by_pmd and len(where) == len(mine)]
        self.zap("parent", where)
        self.access("parent", where)
        for i in was_pmd:
            mine[i].by_pmd = mine[i].what == ZERO

    def move(self, process: str, where: Iterable[int]) -> None:
        """Have mremap() move pages, VMA by VMA: no PMD goes across the edges of what moves."""
        pages, inside = self.of(process), set(where)
        between = [i for i in inside if i - 1 in inside and not pages[i - 1].is_one_vma(pages[i])]
        self._split_pmds(process, [*_edges(inside), *between])

    def merge(self, where: Iterable[int]) -> None:
        """Have KSM merge pages of the parent with twins beside the window."""
        mine = self.of("parent")
        merged = [i for i in where if mine[i].what == ANON]
        self._leave_pmds("parent", merged)
        for i in merged:
            mine[i].become(MERGED, mine[i].value)

    def mark(self, verb: str, process: str, where: Iterable[int], has_lost: bool) -> None:
        """Note a state that is not modelled, also for who shares the frame; with `has_lost` the content is lost."""
        for i in where:
            page = self.of(process)[i]
            for its in self.pages.values():
                if its[i] is page or (page.is_shared and its[i].frame is page.frame):
                    its[i].marks |= {verb}
            if has_lost:
                page.value = "?"
            page.has_anon_vma |= verb == "poison" or (verb in _POPULATE and page.is_writable)

    def _side(self, process: str, i: int) -> list[Page]:
        """The pages that the PMD of a page can map."""
        pages, boundary = self.of(process), self.window.boundary
        return pages[:boundary] if i < boundary else pages[boundary:]

    def _leave_pmds(self, process: str, where: Iterable[int]) -> None:
        """PTEs map what the PMDs of these pages have mapped."""
        for is_below in {i < self.window.boundary for i in where}:
            for page in self._side(process, 0 if is_below else self.window.boundary):
                page.by_pmd = False

    def _split_pmds(self, process: str, edges: Iterable[int]) -> None:
        """No PMD maps pages on both sides of an edge; that between two PMDs is one already."""
        outer = (0, self.window.boundary, len(self.window.folios))
        self._leave_pmds(process, [edge for edge in edges if edge not in outer])


def _edges(pages: Iterable[int]) -> Iterator[int]:
    """The first page, and the page behind the last one, of each run of consecutive pages."""
    inside = set(pages)
    for page in sorted(inside):
        if page - 1 not in inside:
            yield page
        if page + 1 not in inside:
            yield page + 1
