# SPDX-License-Identifier: GPL-2.0-only
"""Learns from the lines of a log what stands before their KTAP: of collectors, loggers and other programs around it.

Nobody lists the wrappers. A line that has KTAP behind something else shows a shape; when lines of one shape make sense
as KTAP (a version line; a plan and a result; results that count), the shape is a wrapper, and the lines are read again
without it. There may be several wrappers, one after the other or inside each other.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile

from ksftci.ktap.prefix import NESTING, unstamped
from ksftci.ktap.shape import Shape, seconds, shape_of

Waiting = tuple[str, float | None]  # a line, and the time at which it came

_STATEMENT = re.compile(
    r"(?<![\w.])(?:(?P<version>K?TAP version \d{1,3})(?!\w)|1\.\.(?P<plan>\d{1,9})(?![\w.]))"
    r"|(?<!\w)(?:not )?ok(?: (?P<number>\d{1,9})(?![\w.,:;%/)])| +-(?= ))"
    r"(?P<program> (?:- )?selftests: [^ :]+: )?"
)
_ESCAPED = re.compile(  # what a quoted line may have before its KTAP
    r"\\+(?:u001b(?:\[[\d;]*[A-Za-z]|_[^\\]*\\+u0007)?|u[0-9a-f]{4}|[tnr])", re.IGNORECASE
)
_RESULT = re.compile(r"ok +[-\d]")
_ENDS = re.compile(r"(?:[^\w\s]|</?\w+>){0,20}")  # what a wrapper may put after a line
_FURTHEST = 400  # characters before the KTAP of a line
_VERSION, _PLAN, _PLAN_OF_PROSE = 2, 1, 2  # points; a result that follows one of its shape is one
_PROOF, _PROOF_OF_PROSE = 2, 3  # points that make a wrapper of a shape
_MOST_SHAPES = 100  # wrappers of one log
_MOST_GUESSES = 1000  # shapes that are no wrappers yet
_MOST_WAITING = 1000  # lines with KTAP that wait for their wrapper
_DEEPEST = 4  # wrappers and stamps around one line
_SHOWN = 200  # characters of such a line that are shown


def may_hide(text: str) -> bool:
    """Whether some line of a text may have a result or a version behind something else."""
    return "TAP version" in text or ("ok " in text and _RESULT.search(text) is not None)


def may_announce(line: str) -> bool:
    """Whether a line may have a version or a plan behind something else."""
    return "1.." in line or "TAP version" in line


@dataclass(slots=True)
class _Guess:
    """What speaks for shapes that differ in their words alone."""

    space: str  # what all of the lines have between wrapper and KTAP
    shapes: dict[str, Shape] = field(default_factory=dict)
    points: int = 0
    last: int | None = None  # the number of the last result
    planned: bool = False
    proven: bool = False


@dataclass(slots=True)
class Unread:
    """Lines that look like results behind a wrapper, which was not learned."""

    count: int = 0
    first: str = ""


class Wrappers:
    """The wrappers of one log. Lines are without the kernel's stamps, which are no wrappers."""

    def __init__(self) -> None:
        self.known = False  # whether there is any
        self.varied = False  # whether the one that was learned last is another one with other words
        self.unread = Unread()
        self._shapes: dict[str, Shape] = {}
        self._places: list[Shape] = []
        self._pattern = re.compile("(?!)")
        self._guesses: dict[str, _Guess] = {}
        self._waiting: deque[Waiting] = deque()

    def worth_a_look(self, text: str) -> bool:
        """Whether `learn` may find something in a line."""
        return may_hide(text) or (self.known and may_announce(text))

    def bare(self, line: str) -> tuple[str, float | None, Shape] | None:
        """A line without its wrapper, the seconds that the wrapper shows, its shape. None: it has none known."""
        match = self._pattern.match(line)
        if match is None or match.lastgroup is None:
            return None
        shape = self._places[int(match.lastgroup[1:])]
        at = seconds(match[0]) if shape.clock else None
        return shape.bare(match["nesting"], line[match.end() :]), at, shape

    def peel(self, line: str) -> tuple[str, str | None, float | None]:
        """A line without any wrapper, the kernel's stamp inside of them, and the outermost wrapper's seconds."""
        stamp = clock = last = None
        for _ in range(_DEEPEST):
            inner = self.bare(line)
            if inner is None or (inner[2] is last and last.padded):  # a line may begin with a number, too
                break
            line, seconds, last = inner
            clock = clock if seconds is None else seconds
            line, printk = unstamped(line)
            stamp = printk or stamp
        return line, stamp, clock

    def learn(
        self,
        line: str,
        at: float | None,
        follows: Callable[[int], bool],
        above: Iterable[str] = (),
        read: bool = False,
    ) -> bool:
        """Look at a line that is `worth_a_look`. Gives whether it was the proof of a wrapper.

        `follows` says whether a result of this number would be the next one; `above` are lines before this one that
        nobody has read. `read` says that the line's KTAP is read in any case; else the line waits for its wrapper.
        """
        found = _look(line)
        if found is None:
            return False
        match, shape = found
        guess = self._guesses.get(key := shape.group)
        if guess is None:
            if len(self._guesses) >= _MOST_GUESSES:
                del self._guesses[next(iter(self._guesses))]
            guess = self._guesses[key] = _Guess(shape.space)
            for other, its in _alike(above, key):
                guess.space = _common(guess.space, its.space)
                _weigh(guess, its, other, follows)
        proven, space, guess.space = guess.proven, guess.space, _common(guess.space, shape.space)
        fresh = shape.key not in self._shapes or space != guess.space
        _weigh(guess, shape, match, follows)
        if guess.proven and not proven:
            for _, its in _alike(above, key):
                guess.space = _common(guess.space, its.space)
                guess.shapes.setdefault(its.key, its)
        if not (fresh and guess.proven and shape.key in guess.shapes) or len(self._shapes) >= _MOST_SHAPES:
            comment = line.lstrip()[:1] == "#" and shape.before[0].isalpha()  # of a program, about its results
            if not read and match["number"] and not shape.prose and not comment:
                self._waiting.append((line, at))
                if len(self._waiting) > _MOST_WAITING:
                    self._give_up()
            return False
        for same in guess.shapes.values():
            same.space = guess.space
        self.varied = not self._shapes.keys().isdisjoint(guess.shapes)
        self._shapes |= guess.shapes
        self._places = sorted(self._shapes.values(), key=lambda shape: -shape.marks)  # "0.1 [+0.1] " before "0.1 "
        patterns = "|".join(f"(?P<s{place}>{shape.pattern})" for place, shape in enumerate(self._places))
        self._pattern = re.compile(rf"(?P<nesting>[{NESTING}]*)(?:{patterns})")
        self.known = True
        return True

    def wraps(self, line: str) -> bool:
        """Whether a line has a wrapper that is known."""
        return self._pattern.match(line) is not None

    def take(self) -> list[Waiting]:
        """The lines that waited for the wrapper that was learned last, in their order."""
        taken = [waiting for waiting in self._waiting if self.wraps(waiting[0])]
        self._waiting = deque(waiting for waiting in self._waiting if not self.wraps(waiting[0]))
        return taken

    def end(self) -> None:
        """Count the lines that still wait as unread."""
        while self._waiting:
            self._give_up()

    def _give_up(self) -> None:
        line, _ = self._waiting.popleft()
        self.unread.count += 1
        self.unread.first = self.unread.first or line[:_SHOWN].strip()


def _look(line: str) -> tuple[re.Match[str], Shape] | None:
    """The statement of KTAP in a line, and the shape of what is before it."""
    text = line[:_FURTHEST]
    if "\\" in text:
        text = _ESCAPED.sub(lambda escape: " " * len(escape[0]), text)
    match = _STATEMENT.search(text, 1)
    shape = shape_of(line[: match.start()]) if match else None
    if match is None or shape is None:
        return None
    after = line[match.end() :]
    if (match["version"] or match["plan"]) and not shape.ends and not after.lstrip().startswith("#"):
        if not _ENDS.fullmatch(after.strip()):
            return None  # a sentence goes on
        shape.ends = after.strip()
    return match, shape


def _alike(lines: Iterable[str], group: str) -> Iterator[tuple[re.Match[str], Shape]]:
    """The versions and plans in lines of shapes of a group."""
    found = (_look(line) for line in lines if may_announce(line))
    return ((match, shape) for match, shape in filter(None, found) if shape.group == group)


def _weigh(guess: _Guess, shape: Shape, match: re.Match[str], follows: Callable[[int], bool]) -> None:
    """Add what a statement of KTAP in a line of this shape says for the guess."""
    number = int(match["number"]) if match["number"] else None
    if match["version"]:
        points = _VERSION
    elif match["plan"]:
        points = 0 if guess.planned else _PLAN_OF_PROSE if shape.prose else _PLAN
        guess.planned, guess.last = True, None
    elif match["program"]:
        points = _VERSION
    elif guess.proven:
        points = int(number is not None and follows(number))
    else:
        points = int(guess.last is None or number is None or number == guess.last + 1)
        guess.last = number or 0
    guess.points += points
    guess.proven |= guess.points >= (_PROOF_OF_PROSE if shape.prose else _PROOF)
    if points or shape.rich:
        same = guess.shapes.setdefault(shape.key, shape)
        same.ends = same.ends or shape.ends


def _common(one: str, other: str) -> str:
    """What two texts begin with."""
    return "".join(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
