# SPDX-License-Identifier: GPL-2.0-only
"""Numbers as values of options."""

import pytest
import typer

from plainprint.options import seconds, whole


def test_numbers() -> None:
    assert [whole(2)(given) for given in ("2", "007", 9)] == [2, 7, 9]
    assert [seconds(given) for given in ("1", "2.5", 1800)] == [1, 2.5, 1800]


@pytest.mark.parametrize("text", ["", "1", "-3", "2.0", "two", "\u0663", "9" * 5000, " 3"])
def test_other_words_are_no_whole_number(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="is not valid; allowed: a whole number from 2"):
        whole(2)(text)


@pytest.mark.parametrize("text", ["", "0.5", "nan", "inf", "1e999", "5m"])
def test_other_words_are_no_seconds(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="is not valid; allowed: seconds, a number from 1"):
        seconds(text)
