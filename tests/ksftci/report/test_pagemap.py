# SPDX-License-Identifier: GPL-2.0-only
"""Page maps are read from logs."""

from ksftci.report.pagemap import page_map, wrong_pages

MAP = [
    "# pages 13..63 of 64, the boundary before 32:",
    "#   folio    --][--][--]",
    "#   expected wwwwwwwwwww",
    "#   wrong       ^^^     ",
]


def test_only_the_first_map_is_read() -> None:
    log = ["# parent, write, page 45: 1 faults, expected 0", *MAP, "# mprotect_x.c:1:t:Expected", *MAP]
    assert page_map(log) == [line[2:] for line in MAP]


def test_a_log_without_a_map() -> None:
    assert page_map(["# pages and pages", "not ok 1 x"]) == []


def test_a_map_below_another_level_of_ktap() -> None:
    assert page_map([f"# {line}" for line in MAP]) == page_map(MAP)


def test_where_rows_have_wrong_pages() -> None:
    log = ["# wrong ^", *MAP, "# wrong"]
    assert wrong_pages(log) == {row: [(16, 19)] for row in (2, 3, 4)}
    assert wrong_pages(page_map(log)) == {row: [(14, 17)] for row in (1, 2, 3)}
