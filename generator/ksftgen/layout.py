# SPDX-License-Identifier: GPL-2.0-only
"""Layouts: which folios memory is made of, below and above a PMD boundary.

A side is a pattern of segments that the C repeats until the side is full, so that one layout serves every page size.
Folios are naturally aligned (mm/huge_memory.c: an anonymous folio of order N starts at a multiple of its size), hence a
pattern must be a power of two pages long and place each folio at a multiple of its own size.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

MAX_ORDER = 20
MAX_COUNT = 4096
MAX_SEGMENTS = 8

TOKEN = re.compile(r"(base|order([0-9]{1,2})|pmd_thp|pte_thp|hole)(?:\*([0-9]{1,5}))?")
TOKENS = "base, order1 to order20, pmd_thp, pte_thp or hole, each with *COUNT if wanted"

_PMD = ("pmd_thp", "pte_thp")


@dataclass(frozen=True)
class Segment:
    """`count` folios of one sort next to each other; `order` is log2 of a folio's pages, 0 but for orderN."""

    kind: str
    order: int
    count: int

    @property
    def c(self) -> str:
        """The C initialiser of a struct segment."""
        kinds = {"pmd_thp": "SEG_PMD_THP", "pte_thp": "SEG_PTE_THP", "hole": "SEG_HOLE"}
        if self.kind in kinds:
            return f"{{ .kind = {kinds[self.kind]}, .count = {self.count} }}"
        return f"{{ .order = {self.order}, .count = {self.count} }}"


@dataclass(frozen=True)
class Layout:
    """A named pair of patterns."""

    name: str
    below: tuple[Segment, ...]
    above: tuple[Segment, ...]


def segment(token: str) -> Segment | str:
    """The segment that `token` names, or what is wrong with it."""
    match = TOKEN.fullmatch(token)
    if not match:
        return f"is no folio; allowed: {TOKENS}"
    word, order, count = match.group(1), match.group(2), int(match.group(3) or 1)
    if order is not None and (str(int(order)) != order or not 1 <= int(order) <= MAX_ORDER):
        return f"has an order out of range; allowed: 1 to {MAX_ORDER}"
    if not 1 <= count <= MAX_COUNT:
        return f"has a count out of range; allowed: 1 to {MAX_COUNT}"
    return Segment("folio" if order or word == "base" else word, int(order or 0), count)


def misfit(pattern: Sequence[Segment]) -> tuple[int, str] | None:
    """Why `pattern` does not tile: the index of the segment at fault and the reason; None if it does."""
    if len(pattern) > MAX_SEGMENTS:
        return MAX_SEGMENTS, f"too many segments; at most {MAX_SEGMENTS}"
    huge = [index for index, part in enumerate(pattern) if part.kind in _PMD]
    if huge and len(huge) < len(pattern):
        return huge[
            0
        ], "a PMD-size THP mixed with other folios; its size differs between systems, it fills a side alone"
    offset = 0
    for index, part in enumerate(pattern):
        pages = 1 << part.order
        if offset % pages:
            return (
                index,
                f"a folio of {pages} pages at page {offset} of the pattern; it must start at a multiple of {pages}",
            )
        offset += pages * part.count
    if offset & (offset - 1):
        return 0, f"the pattern is {offset} pages long; it must be a power of two, so that it tiles"
    return None
