# SPDX-License-Identifier: GPL-2.0-only
"""Which lines of a block of text are worth a look: they may be KTAP, or begin with a stamp, or begin a splat.

One search passes over all other lines, which are most of a log, by their first few characters.
"""

import re

from ksftci.ktap import line, prefix, splat
from ksftci.ktap.headlines import hides_a_form
from ksftci.ktap.wrappers import may_hide


def _any(first: frozenset[str], *patterns: str) -> str:
    """One of the patterns, which begin with one of the characters."""
    return f"(?=[{re.escape(''.join(sorted(first)))}])(?:{'|'.join(patterns)})"


_NAME = r"(?P<name>(?![-\s])[^\n#\\\[<]*[^\n#\\\[<\s])(?<!\dms)"  # what bats prints behind a name ends in "12ms"
_PLAIN_RESULT = rf"(?P<no>not )?ok (?P<number>\d{{1,9}}) (?:- )?{_NAME}(?=\n|\Z)"
_PLAIN_RUNNING = r"RUN +(?P<running>\S+) \.\.\.(?=\n|\Z)"
_YAML = r"---[ \t]*(?=\n|\Z)"
_LINE = _any(
    line.FIRST | prefix.FIRST | {"-"}, _PLAIN_RESULT, _PLAIN_RUNNING, _YAML, *line.BEGINNINGS, *prefix.BEGINNINGS
)
_SPLAT = _any(splat.FIRST, *splat.BEGINNINGS)

# Matches a line end and the beginning of the line after it. The two forms that most lines of KTAP have are matched
# whole: a result without directive (groups no, number, name) and the harness's line of a test that begins (running).
# No form begins with nesting, of which nothing is given back therefore.
WORTH_A_LOOK = re.compile(rf"\n(?P<nesting>[# \t]*+)(?:{_LINE}|{_SPLAT})")


def is_odd(text: str) -> bool:
    """Whether a line of a text may be torn apart, or have a form of a complaint behind something else."""
    return "[" in text or hides_a_form(text)


def hides(text: str, odd: bool, early: bool) -> bool:
    """Whether a line of a text that is not worth a look by itself may hide one that is, or a form of a complaint.

    `odd` is what `is_odd` says of a text with this one in it, since most have nothing odd. `early` says that no KTAP
    came so far: then a version matters. A text that is neither odd nor early hides nothing without "ok ".
    """
    ktap = ("ok " in text and may_hide(text)) or (early and "TAP version" in text)
    return ktap or (odd and (prefix.split(text)[1] != "" or hides_a_form(text)))
