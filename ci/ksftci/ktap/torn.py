# SPDX-License-Identifier: GPL-2.0-only
"""Lines that the kernel tore apart: it logs in the middle of a line of a program, whose rest comes afterwards."""

import re
from dataclasses import dataclass

from ksftci.ktap.line import may_be
from ksftci.ktap.prefix import NESTING

_COMPLETE = re.compile(r"(?:not )?ok(?: \d+| -) *\S")
_DIRECTIVE = re.compile(r"# ?(?:SKIP|TODO|XFAIL|XPASS|TIMEOUT|ERROR|exit=)", re.IGNORECASE)
_LONGEST = 4096  # characters of a half


@dataclass(slots=True)
class Torn:
    """The first half of a line."""

    line: str
    at: float | None  # when it came

    def joined(self, rest: str) -> str | None:
        """The line whose other half is `rest`. None: that is a line of its own."""
        begun, text = self.line.lstrip(NESTING), rest.lstrip(NESTING)
        if len(self.line) > _LONGEST:
            return None
        if text and may_be(text):  # "not " may stand before an "ok" that would pass for a result
            return self.line + rest if begun in ("", "not", "not ") and may_be((begun + rest).lstrip(NESTING)) else None
        if rest.startswith("#") and not _DIRECTIVE.match(rest):
            return None
        if not may_be(begun) and not may_be(begun + rest) and text.startswith(begun):
            return None  # a wrapper, which every line has
        return self.line + rest
