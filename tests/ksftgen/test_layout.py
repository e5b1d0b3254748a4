# SPDX-License-Identifier: GPL-2.0-only
"""Tokens of layouts, their C, and which patterns can be repeated."""

from __future__ import annotations

import pytest

from ksftgen.layout import Segment, misfit, segment


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("base", Segment("folio", 0, 1)),
        ("order4*2", Segment("folio", 4, 2)),
        ("order20", Segment("folio", 20, 1)),
        ("hole*4096", Segment("hole", 0, 4096)),
        ("pte_thp", Segment("pte_thp", 0, 1)),
    ],
)
def test_valid_token(token: str, expected: Segment) -> None:
    assert segment(token) == expected


@pytest.mark.parametrize("token", ["order0", "order21", "order", "base*", "base*-1", "base* 2", "", "order٤", "base\n"])
def test_invalid_token(token: str) -> None:
    assert isinstance(segment(token), str)


def test_c_initialiser() -> None:
    assert Segment("folio", 4, 2).c == "SEG_ORDER(4, 2)"
    assert [Segment(kind, 0, 1).c for kind in ("pmd_thp", "pte_thp", "hole")] == [
        "SEG_PMD(1)",
        "SEG_PTE(1)",
        "SEG_HOLES(1)",
    ]


@pytest.mark.parametrize(
    ("tokens", "fits"),
    [
        ("order5 order4 order3 order2 base*4", True),
        ("base*4 order2 order3 order4 order5", True),
        ("base order1 base", False),
        ("base*3", False),
        ("pmd_thp*2", True),
        ("pte_thp base", False),
    ],
)
def test_misfit(tokens: str, fits: bool) -> None:
    parts = [segment(token) for token in tokens.split()]
    assert (misfit([part for part in parts if isinstance(part, Segment)]) is None) is fits
