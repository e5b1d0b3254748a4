# SPDX-License-Identifier: GPL-2.0-only
"""The window as ksftgen draws it is the window that the C helpers make, whatever the size of a page."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import TOP

from ksftgen import template
from ksftgen.layout import Layout, Segment
from ksftgen.library import library
from ksftgen.window import PAGE_SIZES, Window
from ksftgen.words import TYPES

FUNCTIONS = {  # that know where things are, each after those that it calls
    "mprotect_area_map.c": [
        "size_t contpte_pages",
        "size_t segment_folio",
        "size_t segment_pages",
        "static size_t pattern_pages",
        "static size_t max",
        "static size_t side_pages",
        "const struct segment \\*area_segment",
    ],
    "mprotect_area_step.c": [
        "static size_t layout_folio",
        "static size_t the_folio",
        "struct range area_find_range",
        "bool area_is_selected",
    ],
}
HEAD = """
#include <stdio.h>
#include "mprotect_area.h"
struct range { const char *name; size_t first, end; };
size_t psize(void) { return PSIZE; }
size_t pmd_pages(void) { return PSIZE / 8; }
const char *area_skipped(const struct area *area) { (void)area; return NULL; }
"""
MAIN = """
static void print(struct area area)
{
	area.boundary = side_pages(&area, pattern_pages(area.layout->below));
	area.nr_pages = area.boundary + side_pages(&area, pattern_pages(area.layout->above));
	for (int range = 0; range <= RANGE_VMA_END; range++) {
		struct range found = area_find_range(&area, range);

		printf("%s %zu %zu\\n", found.name, found.first, found.end);
	}
	for (int pages = 0; pages <= PAGES_SMALL; pages++) {
		for (size_t i = 0; i < area.nr_pages; i++)
			putchar(area_is_selected(&area, i, pages) ? 'x' : '.');
		putchar('\\n');
	}
}
"""
LAYOUTS = {name: layout for name, layout in library().items() if name not in ("order9", "order10")}
RANGES, SELECTIONS = (list(TYPES[name].values or ()) for name in ("range", "pages"))

windows = st.builds(Window.of, st.sampled_from(list(LAYOUTS.values())), st.sampled_from(list(PAGE_SIZES.values())))


def program() -> str:
    """A C program that prints what is where in each layout."""
    parts = [HEAD]
    for file, heads in FUNCTIONS.items():
        text = template.text(file)
        for head in heads:
            found = re.search(rf"^{head}\(.*?^}}\n", text, re.MULTILINE | re.DOTALL)
            assert found, head
            parts.append(found[0])
    calls = []
    for name, layout in LAYOUTS.items():
        below, above = (", ".join(segment.c for segment in side) for side in (layout.below, layout.above))
        parts.append(f"static LAYOUT_SIDES({name}, SIDE({below}), SIDE({above}));\n")
        calls.append(f"\tprint((struct area){{ .layout = &layout_{name} }});\n")
    return "".join([*parts, MAIN, "int main(void)\n{\n", *calls, "}\n"])


def lines(window: Window) -> list[str]:
    selections = ("".join(".x"[window.has(page, word)] for page in range(len(window.folios))) for word in SELECTIONS)
    return [*(f"{word} {first} {end}" for word in RANGES for first, end in [window.span(word)]), *selections]


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
@pytest.mark.parametrize("size", PAGE_SIZES.values(), ids=list(PAGE_SIZES))
def test_ranges_and_pages_are_those_of_the_c(tmp_path: Path, size: int) -> None:
    (tmp_path / "window.c").write_text(program())
    compiler = ["gcc", f"-DPSIZE={size}", f"-I{TOP}/templates", "-o", "window", "window.c"]
    subprocess.run(compiler, cwd=tmp_path, check=True)
    shown = subprocess.run([tmp_path / "window"], capture_output=True, text=True, check=True).stdout
    assert shown.splitlines() == [line for layout in LAYOUTS.values() for line in lines(Window.of(layout, size))]


@pytest.mark.parametrize(
    ("layout", "size", "pages", "boundary"),
    [
        ("base", "4k", 64, 32),
        ("base", "16k", 512, 256),
        ("base", "64k", 128, 64),
        ("mixed", "4k", 256, 128),
        ("mixed_thp", "16k", 2304, 2048),
        ("pmd_thp", "4k", 1024, 512),
        ("order8", "4k", 1024, 512),
        ("order10", "64k", 4096, 2048),
    ],
)
def test_known_windows(layout: str, size: str, pages: int, boundary: int) -> None:
    window = Window.of(library()[layout], PAGE_SIZES[size])
    assert (len(window.folios), window.boundary) == (pages, boundary)


@pytest.mark.parametrize(
    ("layout", "size", "word", "span"),
    [
        ("mixed", "4k", "straddle", (176, 193)),  # as in README.md
        ("mixed", "4k", "inside", (161, 191)),
        ("mixed", "4k", "vma_end", (239, 256)),
        ("pmd_thp", "4k", "straddle", (256, 768)),  # the largest folio is the last one
        ("base", "4k", "head", (32, 37)),  # a run of single pages
        ("base", "4k", "straddle_pmd", (29, 37)),
        ("order4", "4k", "straddle_contpte", (45, 53)),
        ("order4", "16k", "straddle_contpte", (381, 389)),
        ("order4", "64k", "straddle_contpte", (93, 101)),
        ("order2", "4k", "one_page", (34, 35)),
    ],
)
def test_known_ranges(layout: str, size: str, word: str, span: tuple[int, int]) -> None:
    assert Window.of(library()[layout], PAGE_SIZES[size]).span(word) == span


@pytest.mark.parametrize(
    ("word", "row"),
    [
        ("first_half", "xx..xx..xxxx....xxxx...."),
        ("alternate", "x.x.x.x.x.x.x.x.x.x.x.x."),
        ("others", ".x.x.x.x.x.x.x.x.x.x.x.x"),
        ("one", "..x...x.....x.......x..."),
        ("small", "........x.x.x.x.x.x.x.x."),
        ("none", "........................"),
    ],
)
def test_known_selections(word: str, row: str) -> None:
    """Two folios of 4 pages, and single pages, which are taken eight at a time from the start of the window."""
    pattern = (Segment("folio", 2, 2), Segment("folio", 0, 24))
    window = Window.of(Layout("", pattern, pattern))
    assert "".join(".x"[window.has(page, word)] for page in range(24)) == row


def test_map_full_fills_both_page_tables() -> None:
    window = Window.of(library()["order2"], is_full=True)
    assert (len(window.folios), window.boundary) == (1024, 512)


@pytest.mark.parametrize(
    ("layout", "reason"),
    [
        ("order9", "order 9: a PMD or more, see pte_thp"),
        ("order10", "layout order10: 1024 pages, a page table has 512"),
    ],
)
def test_what_is_skipped_with_4k_pages(layout: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Window.of(library()[layout])
    assert Window.of(library()[layout], PAGE_SIZES["16k"])


@given(windows)
def test_folios_are_whole_and_aligned(window: Window) -> None:
    for page, (first, pages) in enumerate(window.folios):
        assert first <= page < first + pages
        assert (first - window.boundary) % pages == 0
        assert window.folios[first] == window.folios[first + pages - 1] == (first, pages)


@given(windows, st.sampled_from(RANGES))
def test_a_range_is_in_the_window(window: Window, word: str) -> None:
    first, end = window.span(word)
    assert 0 <= first < end <= len(window.folios)


@given(windows)
def test_selections_fit_together(window: Window) -> None:
    for page in range(len(window.folios)):
        chosen = {word for word in SELECTIONS if window.has(page, word)}
        assert "all" in chosen
        assert "none" not in chosen
        assert ("alternate" in chosen) != ("others" in chosen)
        assert "small" not in chosen or "alternate" in chosen


def test_there_is_no_other_word() -> None:
    window = Window.of(library()["base"])
    with pytest.raises(KeyError):
        window.span("all")
    with pytest.raises(KeyError):
        window.has(0, "whole")
