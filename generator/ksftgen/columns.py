# SPDX-License-Identifier: GPL-2.0-only
"""Drawings: a row has a character for each page, and pages that look alike in every row are folded.

All drawings of a case have the same columns, so that they can be compared.  Lines are made of spans, which a terminal
and an SVG show in their own ways.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ksftgen.window import Window

# Columns of a terminal.
WIDTH = 80
INDENT = 2
LABEL = 11
BOUNDARY = "#"
TIMES = "\u00d7"
_ROOM = WIDTH - INDENT - LABEL
# The longest part that is folded, in pages, and the least number of columns that are worth it.
_UNIT = 32
_WORTH = 6


@dataclass(frozen=True)
class Span:
    """Text in one style; "" is plain text."""

    text: str
    style: str = ""


# Parts of a line, from left to right.
Line = tuple[Span, ...]


def text(words: str = "", style: str = "") -> Line:
    """A line of one span."""
    return (Span(words, style),)


@dataclass(frozen=True)
class _Item:
    """A column for each of the pages from `first` on, before `end`; `times` stands behind them if it is not 1.

    The boundary is an item without pages.
    """

    first: int
    end: int
    times: int = 1

    @property
    def mark(self) -> str:
        """What stands behind the pages in the topmost row."""
        return f"{TIMES}{self.times} " if self.times > 1 else ""

    @property
    def width(self) -> int:
        """Columns."""
        if self.first == self.end:
            return len(BOUNDARY)
        return self.end - self.first + len(self.mark) + (self.times > 1)


class Columns:
    """How the pages of a window are laid out in columns; `rows` are all rows that are to be drawn, in full length."""

    def __init__(self, window: Window, rows: Iterable[str], edges: Iterable[int] = ()) -> None:
        self.window = window
        self._edges = sorted({window.boundary, *edges})
        folios = folio_row(window)
        kinds: dict[tuple[str, ...], int] = {}
        looks = [kinds.setdefault(look, len(kinds)) for look in zip(folios, *set(rows), strict=True)]
        nr, boundary = len(folios), window.boundary
        fold = _Fold(window, looks).items if nr + len(BOUNDARY) > _ROOM else _singles
        below, above, middle = fold(0, boundary), fold(boundary, nr), _Item(boundary, boundary)
        self.blocks = _blocks(window, [*below, middle, *above])
        if len(self.blocks) > 1:
            self.blocks = [*_blocks(window, [*below, middle]), *_blocks(window, [middle, *above])]

    @property
    def is_folded(self) -> bool:
        """Whether some pages are folded."""
        return any(item.times > 1 for block in self.blocks for item in block)

    def head(self, block: int) -> list[Line]:
        """The rows that each drawing begins with: numbers of pages, and folios."""
        ruler = _labelled("page", (Span(self._ruler(block), "dim"),))
        return [ruler, *self.row(block, "folio", folio_row(self.window), "folio", is_top=True)]

    def contpte(self, block: int) -> list[Line]:
        """The row with a mark where a contpte block begins, if there is one among the pages that are not folded."""
        columns = [
            column for page, column, is_folded in self._places(block) if not is_folded and self._is_contpte(page)
        ]
        row = "".join("|" if column in columns else " " for column in range(max(columns, default=-1) + 1))
        return [_labelled("contpte", (Span(row, "dim"),))] if row else []

    def row(self, block: int, label: str, row: str, style: str, is_top: bool = False) -> list[Line]:
        """The part of a row that is in a block; the style of each page is `style` and its character."""
        spans: list[Span] = []
        for item in self.blocks[block]:
            if item.first == item.end:
                spans.append(Span(BOUNDARY, "boundary"))
                continue
            if item.times > 1:
                spans.append(Span(" "))
            spans += [Span(char, f"{style} {char}") for char in row[item.first : item.end]]
            if item.mark:
                spans.append(Span(item.mark if is_top else " " * len(item.mark), "dim"))
        if len(label) < LABEL:
            return [_labelled(label, spans)]
        return [text(f"{' ' * INDENT}{label}", "label"), _labelled("", spans)]

    def differs(self, block: int, row: str, other: str) -> bool:
        """Whether two rows differ in a block."""
        return any(row[item.first : item.end] != other[item.first : item.end] for item in self.blocks[block])

    def _is_contpte(self, page: int) -> bool:
        return (page - self.window.boundary) % self.window.contpte == 0

    def _places(self, block: int) -> list[tuple[int, int, bool]]:
        """Each page that has a column of its own in a block, that column, and whether the page is folded."""
        places, column = [], 0
        for item in self.blocks[block]:
            is_folded = item.times > 1
            places += [
                (page, column + is_folded + page - item.first, is_folded) for page in range(item.first, item.end)
            ]
            column += item.width
        return places

    def _ruler(self, block: int) -> str:
        """Numbers above their pages, as far as there is room: at edges, and where large folios and blocks begin."""
        columns = {page: column for page, column, _ in self._places(block)}
        folios = [page for page in columns if self.window.folios[page][0] == page and self.window.folios[page][1] > 1]
        ruler = [" "] * _ROOM
        for page in (min(columns), *self._edges, *folios, *filter(self._is_contpte, columns)):
            start, number = columns.get(page, _ROOM), str(page)
            around = "".join(ruler[max(0, start - 1) : start + len(number) + 1])
            if start + len(number) <= _ROOM and around.isspace():
                ruler[start : start + len(number)] = number
        return "".join(ruler).rstrip()


def folio_row(window: Window) -> str:
    """The folios: [--], single pages are dots, pages of holes underscores."""
    return "".join(
        "_" if kind == "hole" else "." if nr == 1 else "[" if page == first else "]" if page == first + nr - 1 else "-"
        for page, ((first, nr), kind) in enumerate(zip(window.folios, window.kinds, strict=True))
    )


def _labelled(label: str, spans: Iterable[Span]) -> Line:
    return (Span(" " * INDENT), Span(label.ljust(LABEL), "label"), *spans)


def _singles(first: int, end: int) -> list[_Item]:
    return [_Item(page, page + 1) for page in range(first, end)]


@dataclass
class _Fold:
    """Folds pages; two that look alike in every row have the same number in `looks`."""

    window: Window
    looks: Sequence[int]

    def items(self, first: int, end: int) -> list[_Item]:
        """The pages of a side: each by itself, or with those behind it where the same comes again and again."""
        items = []
        while first < end:
            found = (self._folded(first, end, unit) for unit in range(1, _UNIT + 1))
            best = max(found, key=_saved)
            items.append(best if _saved(best) >= _WORTH else _Item(first, first + 1))
            first += (items[-1].end - items[-1].first) * items[-1].times
        return items

    def _folded(self, first: int, end: int, unit: int) -> _Item:
        """The item of so many pages, as often as they come again: they are inside of a folio, or whole folios."""
        folio, pages = self.window.folios[first]
        if first + unit < folio + pages:
            end = folio + pages
        elif folio != first or (first + unit < end and self.window.folios[first + unit][0] != first + unit):
            return _Item(first, first + 1)
        times, part = 1, self.looks[first : first + unit]
        while (start := first + times * unit) + unit <= end and self.looks[start : start + unit] == part:
            times += 1
        return _Item(first, first + unit, times) if times > 1 else _Item(first, first + 1)


def _saved(item: _Item) -> int:
    """Columns that are saved."""
    return item.times * (item.end - item.first) - item.width


def _blocks(window: Window, items: Sequence[_Item]) -> list[list[_Item]]:
    """The items, cut where there is no room for more: before the last folio, unless that wastes much.

    The boundary stays beside a page, whatever is cut.
    """
    blocks: list[list[_Item]] = [[]]
    for item in items:
        block = blocks[-1]
        if _width(block) + item.width > _ROOM - len(BOUNDARY) and item.first != item.end:
            cut = max((i for i, each in enumerate(block) if window.folios[each.first][0] == each.first), default=0)
            cut = cut if _width(block[cut:]) <= _ROOM // 3 else len(block)
            blocks[-1:] = [block[:cut], block[cut:]]
        blocks[-1].append(item)
    return blocks


def _width(items: Iterable[_Item]) -> int:
    return sum(item.width for item in items)
