# SPDX-License-Identifier: GPL-2.0-only
"""The window that a layout makes: its folios, and which pages a range or a selection names.

The rules are those of the C helpers: side_pages() in mprotect_area_map.c, area_find_range() and area_is_selected() in
mprotect_area_step.c.  Pages are counted from 0, the first one of the window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ksftgen.layout import Layout, Segment

# The sizes of a page, in bytes, by the words of an option.
PAGE_SIZES = {"4k": 4 << 10, "16k": 16 << 10, "64k": 64 << 10}
# Pages that arm64 maps by one contiguous block of PTEs; elsewhere just a run to straddle.
_CONTPTE = {4 << 10: 16, 16 << 10: 128, 64 << 10: 32}
_PTE = 8  # bytes
_RUN = 8  # single pages that are taken at a time
_LEAST = 32  # pages of a side


@dataclass(frozen=True)
class Window:
    """For each page, `folios` has the first page and the number of pages of its folio, `kinds` the kind of its segment.

    `boundary` is the first page above the PMD boundary; `pmd` and `contpte` are the pages that a PMD and a contiguous
    block map.
    """

    folios: Sequence[tuple[int, int]]
    kinds: Sequence[str]
    boundary: int
    pmd: int
    contpte: int

    @classmethod
    def of(cls, layout: Layout, page_size: int = PAGE_SIZES["4k"], is_full: bool = False) -> Window:
        """The window of a layout; with `is_full` each side fills its page table (map_full).

        Raises ValueError with the reason, in the words of the C, if there is none: then a test is skipped.
        """
        pmd, contpte = page_size // _PTE, _CONTPTE[page_size]
        sides = [[(_pages(part, pmd), part) for part in segments] for segments in (layout.below, layout.above)]
        patterns = [sum(pages * part.count for pages, part in side) for side in sides]
        if max(patterns) > pmd:
            raise ValueError(f"layout {layout.name}: {max(patterns)} pages, a page table has {pmd}")
        for pages, part in (*sides[0], *sides[1]):
            if part.kind == "folio" and pages >= pmd:
                raise ValueError(f"order {part.order}: a PMD or more, see pte_thp")
        folios: list[tuple[int, int]] = []
        kinds: list[str] = []
        boundary = 0
        for side, pattern in zip(sides, patterns, strict=True):
            boundary = len(folios)
            size = pmd if is_full else min(pmd, max(_LEAST, 2 * contpte, 2 * pattern))
            for pages, part in side * (size // pattern):
                for _ in range(part.count):
                    folios += [(len(folios), pages)] * pages
                    kinds += [part.kind] * pages
        return cls(folios, kinds, boundary, pmd, contpte)

    def span(self, word: str) -> tuple[int, int]:
        """The first page of a range, and the page behind its last one."""
        end, boundary = len(self.folios), self.boundary
        folio, size = self._largest_above()
        middle, after = folio + size // 2, folio + size
        block = boundary + self.contpte
        half = (self.folios[after if after < end else folio - 1][1] + 1) // 2
        spans = {
            "whole": (0, end),
            "inside": (folio + 1, after - 1),
            "head": (folio, middle + 1),
            "tail": (middle - 1, after),
            "straddle": (middle, after + half) if after < end else (folio - half, middle),
            "straddle_pmd": (boundary - 3, boundary + 5),
            "straddle_contpte": (block - 3, block + 5),
            "one_page": (middle, middle + 1),
            "vma_end": (end - self.folios[-1][1] // 2 - 1, end),
        }
        return spans[word]

    def has(self, page: int, word: str) -> bool:
        """Whether a selection (``pages``) has this page."""
        first, pages = self.folios[page]
        is_single = pages == 1
        at, size = (page % _RUN, _RUN) if is_single else (page - first, pages)
        selections = {
            "all": True,
            "none": False,
            "first_half": at < size // 2,
            "alternate": at % 2 == 0,
            "others": at % 2 == 1,
            "one": at == size // 2,
            "small": is_single and at % 2 == 0,
        }
        return selections[word]

    def _largest_above(self) -> tuple[int, int]:
        """The first page and the pages of the first of the largest folios above the boundary.

        Where all of them are single pages, it is a run of pages.
        """
        first, pages = max(self.folios[self.boundary :], key=lambda folio: (folio[1], -folio[0]))
        return (first, pages) if pages > 1 else (self.boundary, _RUN)


def _pages(segment: Segment, pmd: int) -> int:
    """The pages of a folio of the segment; those of a hole are single ones."""
    return pmd if segment.kind in ("pmd_thp", "pte_thp") else 1 << segment.order
