# SPDX-License-Identifier: GPL-2.0-only
"""Nodes: what they hold, and the way to each."""

import pytest

from plainyaml.node import Mapping, Node, Scalar, Sequence

WORD = Scalar(2, 8, "6.10")
LIST = Sequence(2, 5, [WORD, Scalar(3, 8, "7")])
ROOT = Mapping(1, 1, {"a": LIST, "b": Mapping(5, 1)}, {"a": Scalar(1, 1, "a"), "b": Scalar(4, 1, "b")})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("12", 12),
        ("999999999", 999999999),
        ("1000000000", "1000000000"),
        ("012", "012"),
        ("-1", "-1"),
        ("1.0", "1.0"),
        ("0x1", "0x1"),
        ("\u0663", "\u0663"),
        ("", None),
        ("~", None),
        ("null", None),
        ("no", "no"),
        ("true", "true"),
    ],
)
def test_value_of_a_scalar(text: str, value: object) -> None:
    assert Scalar(1, 1, text).value == value
    assert Scalar(1, 1, text, quoted=True).value == text


def test_plain_is_values_or_text() -> None:
    assert ROOT.plain() == {"a": ["6.10", 7], "b": {}}
    assert ROOT.plain(as_text=True) == {"a": ["6.10", "7"], "b": {}}


@pytest.mark.parametrize(
    ("way", "node", "key"),
    [
        ((), ROOT, None),
        (("a",), LIST, "a"),
        (("a", 0), WORD, "a"),
        (("a", "str", 0, "int"), WORD, "a"),
        (("a", 9), LIST, "a"),
        (("gone",), ROOT, None),
        (("b", "gone"), ROOT.items["b"], "b"),
        ((0,), ROOT, None),
    ],
)
def test_a_way_leads_as_far_as_it_goes(way: tuple[str | int, ...], node: Node, key: str | None) -> None:
    end, last = ROOT.follow(way)
    assert end is node
    assert last is (ROOT.keys[key] if key else None)


def test_a_problem_is_where_its_node_is() -> None:
    problem = WORD.problem("why")
    assert (problem.line, problem.column, problem.text) == (2, 8, "why")
