# SPDX-License-Identifier: GPL-2.0-only
"""Lines that the kernel tore apart: it logs in the middle of a line of a program, whose rest comes afterwards."""

import re
from dataclasses import dataclass

from ksftci.ktap.line import may_be
from ksftci.ktap.prefix import NESTING
from ksftci.ktap.shape import alike

_COMPLETE = re.compile(r"(?:not )?ok(?: \d+| -) *\S")
_DIRECTIVE = re.compile(r"# ?(?:SKIP|TODO|XFAIL|XPASS|TIMEOUT|ERROR|exit=)", re.IGNORECASE)
_BEFORE_KTAP = ("", "not", "not ", "K")  # halves of lines whose rest looks whole
_LONGEST = 4096  # characters of a half


@dataclass(slots=True)
class Torn:
    """The first half of a line."""

    line: str
    at: float | None  # when it came

    def joined(self, rest: str, least: int) -> str | None:
        """The line whose other half is `rest`. None: that is a line of its own.

        All lines of the log have at least so much nesting, which may be what a wrapper ends with.
        """
        begun = self.line.lstrip(NESTING)
        nesting = self.line[: len(self.line) - len(begun)][:least]
        if "##" in nesting or nesting.isspace():
            rest = rest.removeprefix(nesting)
        text = rest.lstrip(NESTING)
        if len(self.line) > _LONGEST:
            return None
        if text and may_be(text):  # else the rest is a line of its own
            return self.line + rest if begun in _BEFORE_KTAP and may_be((begun + rest).lstrip(NESTING)) else None
        if rest.startswith("#") and not _DIRECTIVE.match(rest):
            return None
        rule = set(begun + text) == {"-"}
        if not (rule or may_be(begun) or may_be(begun + rest)):  # a wrapper may be before both, and not yet known
            ours, its = alike(begun, text)
            if ours == len(begun) or (begun[-1:].isspace() and text.startswith(begun)):  # "stdout F " is words alone
                return None
            rest = text[its:] if its else rest
        return self.line + rest
