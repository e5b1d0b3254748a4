# SPDX-License-Identifier: GPL-2.0-only
"""Drawings of a window, a column for each page: its folios, and what ranges and page selections take of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ksftgen.columns import BOUNDARY, folio_row
from ksftgen.layout import Layout
from ksftgen.window import Window

_GAP = 2  # columns behind the names of rows


def folios(layout: Layout, first: int, end: int) -> str:
    """The folios of the pages from `first` to before `end`, counted from the boundary; ``#`` is the boundary."""
    window = Window.of(layout)
    pages = range(window.boundary + first, window.boundary + end)
    row = folio_row(window)
    return "".join(f"{BOUNDARY * (page == window.boundary)}{row[page]}" for page in pages)


def ranges(layout: Layout, words: Iterable[str], below: int) -> str:
    """The last `below` pages below the boundary and all above it, and under them the pages of each range."""
    window = Window.of(layout)
    first, end = window.boundary - below, len(window.folios)
    rows = {"": folios(layout, -below, end - window.boundary)}
    for word in words:
        marks = _marks(page in range(*window.span(word)) for page in range(first, end))
        rows[word] = f"{marks[:below]}{BOUNDARY}{marks[below:]}"
    return _rows(rows)


def selections(layout: Layout, words: Iterable[str], nr: int) -> str:
    """The first `nr` pages of the window, and under them the pages of each selection."""
    window = Window.of(layout)
    marks = {word: _marks(window.has(page, word) for page in range(nr)) for word in words}
    return _rows({"": folios(layout, -window.boundary, nr - window.boundary), **marks})


def _marks(pages: Iterable[bool]) -> str:
    return "".join("x" if is_marked else "." for is_marked in pages)


def _rows(rows: Mapping[str, str]) -> str:
    width = max(map(len, rows)) + _GAP
    return "\n".join(f"{name:{width}}{row}" for name, row in rows.items())
