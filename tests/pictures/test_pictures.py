# SPDX-License-Identifier: GPL-2.0-only
"""The pictures of README.md show what is printed today."""

import re

from tests.pictures import __main__ as pictures


def texts(svg: str) -> list[str]:
    return re.findall(r">([^<>\n]+)<", svg)


def test_the_failure_in_the_terminal() -> None:
    made = pictures.failure(pictures.recorded())
    assert texts(pictures.FAILURE.read_text()) == texts(made), "python -m tests.pictures"
    assert "@font-face" not in made
