# SPDX-License-Identifier: GPL-2.0-only
"""Page maps are read from logs."""

from ksftci.report.pagemap import page_map

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
