# SPDX-License-Identifier: GPL-2.0-only
"""Values of options: numbers, with messages that say which are allowed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import typer

_SHOWN = 40  # characters of a user's word


def whole(least: int) -> Callable[[Any], int]:
    """A parser of whole numbers from `least`, for ``typer.Option(parser=...)``."""

    def number(given: Any) -> int:
        text = str(given)
        if text.isascii() and text.isdigit() and len(text) < 10 and int(text) >= least:
            return int(text)
        raise _refused(text, f"a whole number from {least}")

    return number


def seconds(given: Any) -> float:
    """A parser of seconds, from 1."""
    text = str(given)
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if 1 <= number < math.inf:  # nan is not
        return number
    raise _refused(text, "seconds, a number from 1")


def _refused(text: str, allowed: str) -> typer.BadParameter:
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    return typer.BadParameter(f'"{shown}" is not valid; allowed: {allowed}')
