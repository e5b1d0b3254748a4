# SPDX-License-Identifier: GPL-2.0-only
"""YAML blocks behind results: whole, nested, cut and without an end; and rules of dashes that begin none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ksftci.ktap.test_builder import parsed

from ksftci.ktap.yamlblock import YamlBlock

# What stands behind `ok 1 - first`, and what must come out.
BLOCKS = {
    "a block scalar with results": ("  ---\n  raw_output: |\n    ok 1 - a\n    not ok 2 - b\n  ...", []),
    "results alone": ("  ---\n  not ok 2 - b\n  ...", []),
    "a whole program's lines": ("  ---\n  out: |\n    TAP version 13\n    1..9\n    not ok 1 b\n    ...\n  ...", []),
    "not indented": ("---\nmessage: no\n...", []),
    "deeper": ("      ---\n      - not ok 1 b\n      ...", []),
    "kernel lines in it": ("  ---\n[    1.000000] usb 1-1: new\n  raw: |\n    not ok 2 b\n  ...", []),
    "stamps before all lines": ("[    1.000000]   ---\n[    1.000000]   not ok 2 b\n[    1.000000]   ...", []),
    "a block scalar that is cut": ("  ---\n  raw_output: |\n    ok 1 - a\n    not ok 2 - b", []),
    "no end": ("  ---\n  message: no", []),
    "no end, and nested results": ("  ---\n  message: no\n    1..1\n    not ok 1 - b", ["fail second/b"]),
    "no end, and nested results after a block scalar": (
        "  ---\n  message: |\n    words\n  not ok 1 - b",
        ["fail second/b"],
    ),
    "an end of another depth": ("  ---\n  not ok 1 - b\n    ...", ["fail second/b"]),
    "no end, nested results, and another": (
        "  ---\n  message: no\n  not ok 1 - b\n  ---\n  message: no",
        ["fail second/b"],
    ),
    "two beginnings": ("      ---\n  ---\n  not ok 2 c\n  ...", []),
    "a rule of dashes": ("  ------\n  not ok 1 - b\n  ...", ["fail second/b"]),
    "no end, not indented": ("---\n  not ok 1 - b", ["fail second/b"]),
    "longer than any": (f"  ---\n  {'x' * (1 << 20)}\n  not ok 1 - b\n  ...", ["fail second/b"]),
}


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("nesting", ["", "# ", "    ", "# # "])
def test_blocks(block: str, nesting: str) -> None:
    text, inside = BLOCKS[block]
    lines = ["1..2", "ok 1 - first", *text.split("\n"), f"{'not ' if inside else ''}ok 2 - second"]
    text = "\n".join(line if line[0] == "[" and not nesting else nesting + line for line in lines)
    results = [f"{result.verdict.value} {result.name}" for result in parsed(text).results]
    assert results == ["pass first", *(inside or ["pass second"])]


def test_what_is_cut_in_a_block_is_read_at_the_end() -> None:
    for end in ([], ["BUG: x"], ["Kernel panic - not syncing: x"]):
        text = "\n".join(["ok 1 first", "  ---", "  message: no", "  not ok 1 b", *end])
        assert "fail b" in [f"{result.verdict.value} {result.name}" for result in parsed(text).results]


def test_a_rule_without_a_result_before_it_is_no_block() -> None:
    for line in ("1..1", "TAP version 13", "# ---", "words"):
        assert "b" in [result.name for result in parsed(f"{line}\n---\n  not ok 1 b\n...").results]


def test_a_title_of_run_vmtests_between_short_rules() -> None:
    text = "# ok 1 a\n# # ---\n# # running ./cow\n# # ---\n# # not ok 1 b\n# not ok 2 cow\nnot ok 1 mm"
    assert [result.name for result in parsed(text).results] == ["mm/a", "mm/cow/b"]


@pytest.mark.parametrize(
    ("block", "told"),
    [
        ("message: 'no luck'\nseverity: fail", ("no luck", None, None)),
        ("error: |-\n  no luck\n  at all\nlocation: '/t/a.mjs:12:5'", ("no luck", "/t/a.mjs", 12)),
        ("file: a.c\nline: 12", ("", "a.c", 12)),
        ("at: a.c:12\nmessage: no", ("no", "a.c", 12)),
        ("stack: |\n  a.c:12: Expected 1", ("Expected 1", "a.c", 12)),
        ("line: 99999999999999999999\nfile: a.c", ("", "a.c", None)),
    ],
)
def test_a_block_tells_why_its_result_failed(block: str, told: tuple[str, str | None, int | None]) -> None:
    lines = ["not ok 1 a", "---", "duration_ms: 12.5", *block.split("\n"), "...", "ok 2 b"]
    first, second = parsed("\n".join(lines if lines[0] != "---" else [])).results
    assert (first.reason, first.file, first.line, first.seconds) == (*told, 0.0125)
    assert first.log == lines[1:-2] and second.log == []


def test_a_block_behind_a_test_that_has_no_result_of_its_own() -> None:
    parser = parsed("# 1..1\n# not ok 1 a\nnot ok 1 outer\n  ---\n  message: no\n  ...")
    assert [(result.name, result.reason) for result in parser.results] == [("outer/a", "")]


@given(st.lists(st.sampled_from(["  ---", "  x: |", "    not ok 1 {}", "  not ok 1 {}", "not ok 1 {}", "words"])))
def test_nothing_is_lost_where_no_block_ends(lines: list[str]) -> None:
    numbered = [line.format(f"leaf{number}") for number, line in enumerate(lines)]
    names = "".join(f"{result.name}/" for result in parsed("\n".join(["ok 1 first", *numbered])).results)
    block = YamlBlock(2, 0, None)
    assert block.holds(2) and not block.holds(0)
    for before, line in zip(["", *numbered], numbered, strict=False):
        if "leaf" in line and (not line.startswith("    ") or before.startswith("  not")):
            assert f"{line.split()[-1]}/" in names
