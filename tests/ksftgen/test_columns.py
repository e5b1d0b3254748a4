# SPDX-License-Identifier: GPL-2.0-only
"""Drawings: what is folded can be unfolded, and fits into a terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ksftgen.columns import INDENT, LABEL, TIMES, WIDTH, Columns, Line
from ksftgen.library import library
from ksftgen.window import Window

LAYOUTS = [library()[name] for name in ("base", "order2", "order5", "mixed", "mixed_pmd", "partial", "pte_thp")]
windows = st.builds(Window.of, st.sampled_from(LAYOUTS))


@st.composite
def rows(draw: st.DrawFn) -> tuple[Window, str]:
    """A window, and a row in which some runs of pages look otherwise than the others, every other one or all."""
    window = draw(windows)
    nr = len(window.folios)
    row = ["."] * nr
    for _ in range(draw(st.integers(0, 4))):
        first, end = sorted((draw(st.integers(0, nr)), draw(st.integers(0, nr))))
        for page in range(first, end, draw(st.sampled_from([1, 2]))):
            row[page] = draw(st.sampled_from("Sw"))
    return window, "".join(row)


def shown(line: Line) -> str:
    return "".join(span.text for span in line)[INDENT + LABEL :]


@given(rows())
def test_no_page_is_lost(drawn: tuple[Window, str]) -> None:
    window, row = drawn
    columns = Columns(window, [row])
    items = [item for block in columns.blocks for item in block]
    assert "".join(row[item.first : item.end] * item.times for item in items) == row
    assert all(item.times == 1 or item.end <= item.first + 32 for item in items)


@given(rows())
def test_every_line_fits(drawn: tuple[Window, str]) -> None:
    window, row = drawn
    columns = Columns(window, [row])
    for block in range(len(columns.blocks)):
        lines = [*columns.head(block), *columns.contpte(block), *columns.row(block, "is", row, "is")]
        assert all(len("".join(span.text for span in line)) <= WIDTH for line in lines)


def test_a_small_window_is_not_folded() -> None:
    columns = Columns(Window.of(library()["order4"]), ["S." * 32])
    assert [shown(line) for line in columns.head(0)] == [
        "0               16               32              48",
        "[--------------][--------------]#[--------------][--------------]",
    ]
    assert [shown(line) for line in columns.row(0, "is", "S." * 32, "is")] == ["S." * 16 + "#" + "S." * 16]


def test_a_large_window_is_folded_where_it_looks_alike() -> None:
    window = Window.of(library()["pte_thp"])
    row = "." * 255 + "S" * 514 + "." * 255
    columns = Columns(window, [row])
    assert columns.is_folded
    assert len(columns.blocks) == 1
    assert [shown(line).rstrip() for line in columns.head(0)] == [
        "0                512",
        f"[ -{TIMES}254  -{TIMES}256 ]#[ -{TIMES}256  -{TIMES}254 ]",
    ]
    assert [shown(line).rstrip() for line in columns.row(0, "is", row, "is")] == [". .      S     S#S S      .     ."]


def test_a_long_label_has_a_line_of_its_own() -> None:
    columns = Columns(Window.of(library()["base"]), [])
    label, row = columns.row(0, "straddle_contpte", "^" * 64, "mark")
    assert [span.text.strip() for span in label] == ["straddle_contpte"]
    assert shown(row) == "^" * 32 + "#" + "^" * 32
