# SPDX-License-Identifier: GPL-2.0-only
"""The window that a layout makes with pages of 4K: its folios, and what ranges and page selections are of it.

mprotect_area_map.c and mprotect_area_step.c do the same when a test runs; a test holds the two together.  Pages are
counted from 0, the first one of the window.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ksftgen.layout import Layout, Segment

PMD = 512  # pages
CONTPTE = 16  # pages of a contpte block
_RUN = 8  # single pages that are taken at a time
_LEAST = 32  # pages of a side


@dataclass(frozen=True)
class Window:
    """`folios` has, for each page, the first page and the number of pages of its folio; `boundary` is a page."""

    folios: Sequence[tuple[int, int]]
    boundary: int

    @classmethod
    def of(cls, layout: Layout) -> Window:
        """The window of a layout, of which each side fits into a page table."""
        below, above = _side(layout.below), _side(layout.above)
        shifted = [(first + len(below), pages) for first, pages in above]
        return cls([*below, *shifted], len(below))

    def span(self, word: str) -> tuple[int, int]:
        """The first page of a range, and the page behind its last one."""
        end = len(self.folios)
        folio, size = self._largest_above()
        middle, after = folio + size // 2, folio + size
        block = self.boundary + CONTPTE
        straddled = after if after < end else folio - 1
        half = (self.folios[straddled][1] + 1) // 2
        spans: Mapping[str, tuple[int, int]] = {
            "whole": (0, end),
            "inside": (folio + 1, after - 1),
            "head": (folio, middle + 1),
            "tail": (middle - 1, after),
            "straddle": (middle, after + half) if after < end else (folio - half, middle),
            "straddle_pmd": (self.boundary - 3, self.boundary + 5),
            "straddle_contpte": (block - 3, block + 5),
            "one_page": (middle, middle + 1),
            "vma_end": (end - self.folios[-1][1] // 2 - 1, end),
        }
        return spans[word]

    def has(self, page: int, word: str) -> bool:
        """Whether a selection of pages has this one."""
        first, pages = self.folios[page]
        is_single = pages == 1
        at, size = (page % _RUN, _RUN) if is_single else (page - first, pages)
        chosen: Mapping[str, bool] = {
            "all": True,
            "none": False,
            "first_half": at < size // 2,
            "alternate": at % 2 == 0,
            "others": at % 2 == 1,
            "one": at == size // 2,
            "small": is_single and at % 2 == 0,
        }
        return chosen[word]

    def _largest_above(self) -> tuple[int, int]:
        """The first page and the pages of the largest folio above the boundary; a run of pages where all are single."""
        first, pages = max(self.folios[self.boundary :], key=lambda folio: (folio[1], -folio[0]))
        return (first, pages) if pages > 1 else (self.boundary, _RUN)


def _side(pattern: Sequence[Segment]) -> list[tuple[int, int]]:
    """The folio of each page of a side: the pattern, as often as it takes to fill it."""
    folios: list[tuple[int, int]] = []
    once = sum(_pages(segment) * segment.count for segment in pattern)
    while len(folios) < min(PMD, max(_LEAST, 2 * CONTPTE, 2 * once)):
        for segment in pattern:
            for _ in range(segment.count):
                folios += [(len(folios), _pages(segment))] * _pages(segment)
    return folios


def _pages(segment: Segment) -> int:
    """The pages of a folio of the segment; those of a hole are single ones."""
    return PMD if segment.kind in ("pmd_thp", "pte_thp") else 1 << segment.order
