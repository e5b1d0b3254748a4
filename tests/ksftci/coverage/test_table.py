# SPDX-License-Identifier: GPL-2.0-only
"""A comparison in a terminal."""

from dataclasses import replace
from io import StringIO
from pathlib import Path

from rich.console import Console
from tests.ksftci.coverage import toy

from ksftci.coverage import table
from ksftci.coverage.compare import Comparison


def printed(comparison: Comparison) -> str:
    console = Console(file=StringIO(), width=200)
    table.show(comparison, console)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_the_tables(tmp_path: Path) -> None:
    text = printed(toy.comparison(tmp_path))
    assert ["toy_clip", "3", "3", "1", "0", "0", "0"] in [line.split() for line in text.splitlines()]
    assert "big: counters incomplete: it hung" in text
    assert "no lines that no suite executes" in text
    assert (
        "2 lines that only ours executes\n"
        "mm/toy.c:20-21 toy_clip()  a large toy: none of the small ones is clipped" in text
    )
    assert f"mm/toy.c:39-41 toy_sum()  {table.UNEXPLAINED}" in text


def test_lines_that_no_suite_executes_are_listed_with_the_reason(tmp_path: Path) -> None:
    comparison = toy.comparison(tmp_path)
    small = {"small": comparison.suites[1].profiles["small"]}
    comparison.suites = [replace(suite, profiles=small) for suite in comparison.suites]
    assert "2 lines that no suite executes\nmm/toy.c:20-21 toy_clip()  a large toy" in printed(comparison)
