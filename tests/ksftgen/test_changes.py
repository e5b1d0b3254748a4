# SPDX-License-Identifier: GPL-2.0-only
"""Which names of cases come and go when a program is rendered again."""

from __future__ import annotations

from pathlib import Path

import pytest

from ksftgen.cases import cases
from ksftgen.changes import case_names, changed_cases, describe
from ksftgen.render import render
from ksftgen.scenario import Scenario


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("", "", ""),
        ("abc", "cab", ""),
        ("abc", "abcd", "1 case came (d)"),
        ("d", "abc", "3 cases came (a, b, c), 1 went (d)"),
        ("abc", "a", "2 cases went (b, c)"),
        ("ab", "a", "1 case went (b)"),
        ("", "abcdefg", "7 cases came (a, b, c, d, e, and 2 more)"),
    ],
)
def test_describe(before: str, after: str, line: str) -> None:
    assert describe(before, after) == line


def test_names_of_a_rendered_program(sample: Scenario) -> None:
    source = render([sample])["mprotect_sample.c"]
    assert case_names(source) == [case.name for case in cases(sample)]


def test_a_name_on_a_line_of_its_own() -> None:
    assert case_names("FIXTURE_VARIANT_ADD(long,\n\t\t    longer)\n{\n};\n") == ["longer"]


def test_programs_of_a_folder(tmp_path: Path) -> None:
    def source(*names: str) -> str:
        return "".join(f"FIXTURE_VARIANT_ADD(p, {name})\n{{\n}};\n" for name in names)

    files = {"same.c": source("a"), "other.c": source("b"), "new.c": source("c"), "area.h": "int area;\n"}
    (tmp_path / "same.c").write_text("/* an older comment */\n" + source("a"))
    (tmp_path / "other.c").write_bytes(b"\xff\n" + source("a", "b").encode())
    (tmp_path / "area.h").write_text("")
    (tmp_path / "stale.c").write_text(source("d"))
    assert changed_cases(tmp_path, files) == ["other: 1 case went (a)"]
    assert changed_cases(tmp_path / "gone", files) == []
