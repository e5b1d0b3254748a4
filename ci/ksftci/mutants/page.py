# SPDX-License-Identifier: GPL-2.0-only
"""The results of a hunt as one HTML page that needs no other file."""

from collections.abc import Mapping
from typing import Any

from ksftci.mutants.plan import MEANINGS
from ksftci.report import html


def render(data: Mapping[str, Any]) -> str:
    """The page of what `board.data` gives. The same data give the same bytes."""
    return html.template("mutants.html.j2").render(data=data, meanings=MEANINGS, suites=list(data["suites"]))
