# SPDX-License-Identifier: GPL-2.0-only
"""The comparison as one HTML page that needs nothing beside it."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from ksftci.mutants.plan import KINDS


def render(told: Mapping[str, Any]) -> str:
    """The page of what `board.data` gives. The same data give the same bytes."""
    return _template().render(told=told, kinds=KINDS, suites=list(told["suites"]))


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("ksftci", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("mutants.html.j2")
