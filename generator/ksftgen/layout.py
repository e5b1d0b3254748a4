# SPDX-License-Identifier: GPL-2.0-only
"""Layouts: the folios that memory consists of, below and above a PMD boundary.

Each side of the boundary has a pattern of segments that the C helpers repeat until the side is full, so that a layout
fits every page size.  Folios are naturally aligned (mm/huge_memory.c: an anonymous folio of order N starts at a
multiple of its size).  Therefore a pattern is a power of two pages long, and each folio in it starts at a multiple of
its own size.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MAX_ORDER = 20
MAX_COUNT = 4096
MAX_SEGMENTS = 8

# The words of a pattern, and those that have a number in them, with what each is.
FOLIOS: Mapping[str, str] = {
    "base": "a single page, which is a folio of order 0",
    "pmd_thp": "a THP that is mapped by a PMD",
    "pte_thp": "a THP of the size of a PMD that is mapped by PTEs",
    "hole": "a page that was never touched",
}
NUMBERED: Mapping[str, str] = {
    "orderN": f"a folio of 2^N pages; N is 1 to {MAX_ORDER}",
    "WORD*COUNT": f"so many of them side by side; COUNT is 1 to {MAX_COUNT}",
}

_TOKEN = re.compile(r"(base|order([0-9]{1,2})|pmd_thp|pte_thp|hole)(?:\*([0-9]{1,5}))?")
_TOKENS = f"base, order1 to order{MAX_ORDER}, pmd_thp, pte_thp or hole, optionally with *COUNT"

# Segments of the size of a PMD, which depends on the page size of the running system.
_PMD_SIZE = ("pmd_thp", "pte_thp")


@dataclass(frozen=True)
class Segment:
    """`count` folios of one kind side by side.

    `kind` is "folio", "pmd_thp", "pte_thp" or "hole"; `order` is the binary logarithm of a folio's pages, 0 for every
    other kind.
    """

    kind: str
    order: int
    count: int

    @property
    def token(self) -> str:
        """How a scenario writes it, such as ``order4*2``."""
        word = self.kind if self.kind != "folio" else f"order{self.order}" if self.order else "base"
        return word if self.count == 1 else f"{word}*{self.count}"

    @property
    def c(self) -> str:
        """The C initialiser of a struct segment, a macro of mprotect_area.h."""
        macros = {"pmd_thp": "SEG_PMD", "pte_thp": "SEG_PTE", "hole": "SEG_HOLES"}
        if self.kind in macros:
            return f"{macros[self.kind]}({self.count})"
        return f"SEG_ORDER({self.order}, {self.count})"


@dataclass(frozen=True)
class Layout:
    """The patterns of the two sides of the PMD boundary, under a name; `about` is what a layout of the library is."""

    name: str
    below: tuple[Segment, ...]
    above: tuple[Segment, ...]
    about: str = ""

    @property
    def has_hole(self) -> bool:
        """Whether it has pages that were never touched."""
        return any(segment.kind == "hole" for segment in (*self.below, *self.above))


@dataclass(frozen=True)
class Misfit:
    """Why a pattern cannot be repeated: the index of the segment at fault, and the reason."""

    index: int
    reason: str


def segment(token: str) -> Segment | str:
    """The segment that `token` describes, such as ``order4*2``, or what is wrong with the token."""
    match = _TOKEN.fullmatch(token)
    if not match:
        return f"is not a folio; allowed: {_TOKENS}"
    word, order, count = match.group(1), match.group(2), int(match.group(3) or 1)
    if order is not None and (str(int(order)) != order or not 1 <= int(order) <= MAX_ORDER):
        return f"has an order out of range; allowed: 1 to {MAX_ORDER}"
    if not 1 <= count <= MAX_COUNT:
        return f"has a count out of range; allowed: 1 to {MAX_COUNT}"
    return Segment("folio" if order or word == "base" else word, int(order or 0), count)


def misfit(pattern: Sequence[Segment]) -> Misfit | None:
    """Why `pattern` cannot be repeated to fill a side, None if it can."""
    if len(pattern) > MAX_SEGMENTS:
        return Misfit(MAX_SEGMENTS, f"too many segments; at most {MAX_SEGMENTS}")
    huge = [index for index, part in enumerate(pattern) if part.kind in _PMD_SIZE]
    if huge and len(huge) < len(pattern):
        reason = "a PMD-size THP beside other folios; its size differs between systems, so it must fill a side alone"
        return Misfit(huge[0], reason)
    offset = 0
    for index, part in enumerate(pattern):
        pages = 1 << part.order
        if offset % pages:
            reason = f"a folio of {pages} pages at page {offset} of the pattern; it must start at a multiple of {pages}"
            return Misfit(index, reason)
        offset += pages * part.count
    if offset & (offset - 1):
        return Misfit(0, f"the pattern is {offset} pages long; it must be a power of two, so that it can be repeated")
    return None
