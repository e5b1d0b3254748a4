# SPDX-License-Identifier: GPL-2.0-only
"""The window as ksftgen draws it is the window that the C helpers make."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.conftest import TOP

from ksftgen import template
from ksftgen.layout import Layout
from ksftgen.library import library
from ksftgen.window import Window
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
size_t psize(void) { return 4096; }
size_t pmd_pages(void) { return 512; }
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


def lines(layout: Layout) -> list[str]:
    window, ranges, pages = Window.of(layout), TYPES["range"].values or {}, TYPES["pages"].values or {}
    selections = ("".join(".x"[window.has(page, word)] for page in range(len(window.folios))) for word in pages)
    return [*(f"{word} {first} {end}" for word in ranges for first, end in [window.span(word)]), *selections]


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
def test_ranges_and_pages_are_those_of_the_c(tmp_path: Path) -> None:
    (tmp_path / "window.c").write_text(program())
    subprocess.run(["gcc", f"-I{TOP}/templates", "-o", "window", "window.c"], cwd=tmp_path, check=True)
    shown = subprocess.run([tmp_path / "window"], capture_output=True, text=True, check=True).stdout
    assert shown.splitlines() == [line for layout in LAYOUTS.values() for line in lines(layout)]
