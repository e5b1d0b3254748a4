# SPDX-License-Identifier: GPL-2.0-only
"""Lines and tables that are printed whole, however narrow the terminal is: they can be searched and copied."""

from io import StringIO

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

_ENDLESS = Console(file=StringIO(), width=100_000)


def width(table: Table) -> int:
    """How many characters wide a table is in which nothing is broken."""
    return _ENDLESS.measure(table).maximum


def show(part: RenderableType, console: Console) -> None:
    """Print a part of a report; a text and a table go beyond the edge of the terminal if need be."""
    if isinstance(part, Table):
        part.width = width(part)
    console.print(part, soft_wrap=isinstance(part, Text), crop=False)
