# SPDX-License-Identifier: GPL-2.0-only
"""-k, and the harness's list of tests."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ksftci.errors import CiError
from ksftci.machine.listing import tests as listed
from ksftci.session.choice import parse


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cow", {"cow.a", "cow.b"}),
        ("not cow", {"merge.a"}),
        ("cow and a", {"cow.a"}),
        ("merge or b", {"merge.a", "cow.b"}),
        ("not (merge or b)", {"cow.a"}),
        ("a and not cow or b", {"merge.a", "cow.b"}),
        ("COW.B", {"cow.b"}),
        ("not not b", {"cow.b"}),
    ],
)
def test_expressions(expression: str, expected: set[str]) -> None:
    choice = parse(expression)
    assert {test for test in ("cow.a", "cow.b", "merge.a") if choice(test)} == expected


@pytest.mark.parametrize("expression", ["", "and", "a b", "(a", "a)", "a and", "not", "a or or b", "()"])
def test_what_is_no_expression(expression: str) -> None:
    with pytest.raises(CiError, match="-k"):
        parse(expression)


@given(st.text())
def test_any_text_is_an_expression_or_an_error(text: str) -> None:
    with contextlib.suppress(CiError):
        parse(text)("some.test")


LISTING = """\
# FIXTURE            VARIANT                   TEST
cow                  base                      write
                     a_variant_name_longer_than_its_column read
                     mixed                     
--------------------------------------------------------------------------------
a_fixture_name_longer_than_its_column                           first
                                               second
"""


def test_listing_is_a_product() -> None:
    long = "a_variant_name_longer_than_its_column"
    names = [f"cow.{variant}.{test}" for variant in ("base", long, "mixed") for test in ("write", "read")]
    other = "a_fixture_name_longer_than_its_column"
    assert listed(LISTING.splitlines()) == [*names, f"{other}.first", f"{other}.second"]


def test_no_listing_is_no_tests() -> None:
    assert listed(["ok 1 something", "", "1..1"]) == []
