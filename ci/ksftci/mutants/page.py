# SPDX-License-Identifier: GPL-2.0-only
"""The comparison as one HTML page that needs nothing beside it."""

from collections.abc import Mapping
from typing import Any

from ksftci.mutants.plan import KINDS
from ksftci.report import html


def render(told: Mapping[str, Any]) -> str:
    """The page of what `board.data` gives. The same data give the same bytes."""
    return html.template("mutants.html.j2").render(told=told, kinds=KINDS, suites=list(told["suites"]))
