# SPDX-License-Identifier: GPL-2.0-only
"""The shape of what a wrapper puts before the lines of a log: its words, with numbers and dates as places.

`18:56:54 DEBUG| [stdout] ok 1 a` and `18:57:03 DEBUG| [stdout] ok 2 b` have one shape, whichever wrapper that is.
"""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ksftci.ktap.prefix import NESTING, tidy

_TOKEN = re.compile(
    r"(?P<space>[ \t]+)"
    r"|(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?!\w)|\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,}(?!\w))"
    r"|(?P<number>\d+(?:[.,:]\d+(?!\d|\.\.))*)"  # the "1" in "99:1..4" is a plan's
    r"|(?P<date>(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?![^\W_]))"
    r"|(?P<word>[^\W\d_]+)"
    r"|(?P<other>\\+(?:u[0-9a-f]{4}|[tnr])|.)"  # in quotes, what is escaped is no letter
)
# Possessive: a line that does not fit is given up at once, however many numbers it has.
# Atomic groups: until Python 3.11.5 a possessive quantifier behind a group keeps the part of a match that failed.
_CLASSES = {"id": r"[0-9a-f]{8}[0-9a-f-]*+", "number": r"\d++(?>(?:[.,:]\d++(?!\.\.))*)", "date": r"[A-Z][a-z]{2}"}
_NO_CLOCK = r"\d++(?>(?:[.,]\d++(?!\.\.))*)"
_ANY_WORD = r"[^\W\d_]++"
_SIGN = re.compile(r"[^\w\s]")
_PRINTK = re.compile(r"\[ *\d+\.\d+\](?:\[ *[TC]\d+\])?")
_CLOCK = re.compile(r"(\d+\.\d+) \[\+\d+\.\d+\]")
_PROSE = re.compile(r"(?:^|.*[ \t])[^\W\d_]+[ \t]$|.*[,;.?!`(]\s*$")
# What a quote is behind that quotes a line of a log: a sign or a gap. A word before a quote is prose.
_QUOTE = re.compile(r"(?:^[^\w\"'`(]*|[]:=,{\[|>-][ \t]*|[ \t]{2}|\t)(?P<quote>[\"'])")
_QUOTED = {'"': re.compile(r'(?>(?:[^"\\]|\\.)*)'), "'": re.compile(r"(?>(?:[^']|'')*)")}
_TAG = re.compile(r"<(?P<name>[a-zA-Z]\w*)(?: [^<>]*)?>")
_NESTED = re.compile(r"[ \t]#[# \t]*(?=\S)")  # runner.sh's nesting, with another wrapper inside it
_LONGEST = 250  # characters
_MARKS = 3  # numbers and signs of a form that no sentence has


@dataclass(slots=True)
class Shape:
    """What the beginnings of lines have in common. `before` says which lines those are, as a regular expression."""

    before: str
    group: str  # the same with other words, for shapes that speak for each other
    marks: int  # how many numbers and signs it has
    space: str  # between the beginning and the line; what comes after that is the line's nesting
    ends: str  # what comes after the line: a quote, which quotes the line, or a bracket
    padded: bool  # whether blanks before the beginning pad its number
    clock: bool  # whether it is the seconds since the program began
    prose: bool  # whether it may be a sentence
    stamped: bool  # whether a time stamp of the kernel comes after it

    @property
    def key(self) -> str:
        """The same for all lines of the shape."""
        return f"{self.before}[" if self.stamped else self.before

    @property
    def pattern(self) -> str:
        """A regular expression for the beginning of a line, after nesting."""
        if self.stamped:
            return rf"{self.before}[ \t]*(?=\[ *\d)"
        return rf"{self.before}(?:{self.space}|[ \t]*$)" if self.space else self.before

    @property
    def rich(self) -> bool:
        """Whether its form alone, whatever the words, tells it from a sentence."""
        return not self.prose and self.marks >= _MARKS

    def bare(self, nesting: str, rest: str) -> str:
        """The line without its wrapper: `nesting` was before the wrapper, `rest` after it."""
        if self.padded:
            nesting = nesting[: nesting.rfind("#") + 2] if "#" in nesting else ""
        if self.ends in _QUOTED:
            rest = tidy(_unquoted(rest, self.ends))
        elif self.ends:
            line = rest.rstrip()
            rest = line.removesuffix(self.ends).rstrip()
            if self.ends.startswith("</") and rest != line:
                rest = html.unescape(rest)
        return nesting + rest


def shape_of(before: str) -> Shape | None:
    """The shape of what is before a line's KTAP. None: that is no wrapper, but nesting, source code or a sentence."""
    before = before[len(before) - len(before.lstrip(NESTING)) :]
    opened = _opened(before)
    if opened:  # what else is in it is a wrapper inside this one
        before = before[:opened]
    elif match := _NESTED.search(before):
        before = before[: match.start() + 1]
    core = before.rstrip(NESTING)
    if not core or len(core) > _LONGEST or core[0] == "+":  # a shell's trace: the line itself comes, too
        return None
    space = before[len(core) :].partition("#")[0]
    space = space[: 2 if space[:2] == "  " and core[-1].isdigit() else 1]  # the rest may be nesting
    ends = _closing(core)
    if core[-1] in _QUOTED and not opened:
        return None
    if stamped := not ends and (match := _PRINTK.search(core)) is not None:
        core = core[: match.start()].rstrip()
        if not core:
            return None
    prose = not stamped and _PROSE.match(f"{core}{space}") is not None
    strict, loose, marks = _patterns(core, prose)
    clock = _CLOCK.fullmatch(core) is not None
    return Shape(
        strict,
        loose,
        marks,
        space,
        ends,
        padded=core[0].isdigit() and not clock,
        clock=clock,
        prose=prose,
        stamped=stamped,
    )


def encloses(head: str, rest: str) -> bool:
    """Whether the rest of a line, which may have KTAP, is quoted there, or stands in a tag."""
    return ("ok " in rest or "TAP version" in rest or "1.." in rest) and bool(
        _open_quote(head) or ("</" in rest and rest.rstrip().endswith(">") and _opened(head))
    )


def _open_quote(text: str) -> int:
    """How many characters are before what the outermost quotes around the end of the text quote; 0: none do."""
    place = 0
    while match := _QUOTE.search(text, place):
        quoted = _QUOTED[match["quote"]].match(text, match.end())
        if quoted is None or quoted.end() == len(text):
            return match.end()
        place = quoted.end() + 1
    return 0


def _opened(text: str) -> int:
    """The same for the first tag in front of the quotes that is open, too."""
    quote = _open_quote(text)
    tags = (tag for tag in _TAG.finditer(text[:quote] or text) if f"</{tag['name']}>" not in text[tag.end() :])
    return next((tag.end() for tag in tags), quote)


def _closing(core: str) -> str:
    """What closes that which is open at the end of this: a quote, a tag, a brace."""
    if core[-1] in _QUOTED:
        return core[-1]
    if core[-1] == ">" and (tags := list(_TAG.finditer(core))) and tags[-1].end() == len(core):
        return f"</{tags[-1]['name']}>"
    return "}" if core.count("{") > core.count("}") else ""


def alike(one: str, other: str) -> tuple[int, int]:
    """How many characters of one line, and of another, are a beginning of the same shape that may be a wrapper."""
    found, marked = (0, 0), False
    for mine, its in _pairs(one, other):
        kind = mine.lastgroup
        if kind != its.lastgroup or (kind == "other" and mine[0] != its[0]):
            break
        if kind == "word" and mine[0] != its[0]:
            marked = False  # such as INFO and DEBUG, if a sign follows
        elif kind == "space" and marked:
            shared = min(len(mine[0]), len(its[0]))
            found = mine.start() + shared, its.start() + shared
        elif kind == "other":
            found, marked = (mine.end(), its.end()), True
        marked |= kind in ("number", "id", "date")
    return found


def _pairs(one: str, other: str) -> Iterator[tuple[re.Match[str], re.Match[str]]]:
    """The tokens of two texts in pairs. Blanks that only one of them has before a sign pad what is before."""
    ours, theirs = _TOKEN.finditer(one), _TOKEN.finditer(other)
    for mine, its in zip(ours, theirs, strict=False):
        if mine["space"] and its["other"]:
            mine = next(ours, mine)
        elif its["space"] and mine["other"]:
            its = next(theirs, its)
        yield mine, its


def seconds(before: str) -> float:
    """What the clock of a shape shows."""
    match = _CLOCK.search(before)
    return float(match[1]) if match else 0.0


def _patterns(core: str, prose: bool) -> tuple[str, str, int]:
    """(a regular expression for lines that begin so, one for those with other words, how many numbers and signs).

    What may be a sentence after the last sign is the same in both.
    """
    words = max((match.end() for match in _SIGN.finditer(core)), default=0) if prose else len(core)
    strict: list[str] = []
    loose: list[str] = []
    spaced, last, marks = False, "other", 0
    for match in _TOKEN.finditer(core):
        kind = match.lastgroup or "other"
        if kind == "space":
            spaced = True
            continue
        gap = r"[ \t]*+"
        if kind != "other" and last != "other":
            gap = r"[ \t]++" if spaced else ""
        text = _CLASSES.get(kind) or re.escape(match[0])
        if kind == "number" and ":" not in match[0]:
            text = _NO_CLOCK  # else the plan in "99:1..4" would lose its "1"
        strict += (gap if strict else "", text)
        loose += (gap if loose else "", _ANY_WORD if kind == "word" and match.start() < words else text)
        spaced, last, marks = False, kind, marks + (kind != "word")
    return "".join(strict), "".join(loose), marks


def _unquoted(text: str, quote: str) -> str:
    """The text up to the quote that ends it, without what YAML and JSON put in for some characters."""
    match = _QUOTED[quote].match(text)
    quoted = match[0] if match else text
    if quote == "'":
        return quoted.replace("''", "'")
    if "\\" not in quoted:
        return quoted
    try:
        return str(json.loads(f'"{quoted}"', strict=False)).encode("utf-8", "replace").decode().rstrip("\n")
    except ValueError:
        return quoted
