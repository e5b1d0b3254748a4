# SPDX-License-Identifier: GPL-2.0-only
"""Splats: what the kernel logs when something is wrong in it. BUG, WARNING, Oops, stalls, a stack."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ksftci.ktap import prefix
from ksftci.ktap.testlog import TestLog
from ksftci.results.model import TestResult, Verdict

# Extended regular expressions that grep -E and re read alike, anchored at the line's beginning.
_HEADLINES = (
    r"WARNING: (CPU: [0-9]|[^ ]+:[0-9]+ at |possible |inconsistent |suspicious |bad unlock|held lock|lock held)",
    r"WARNING: (nested lock|(SOFT|HARD)IRQ-)",
    r"((rcu|watchdog|NMI watchdog|sched): )?(BUG: |INFO: .*(stall|blocked for more than))",
    r"watchdog: .*(LOCKUP|lockup)",
    r"kernel BUG at ",
    r"Internal error: ",
    r"Oops: .*\[#[0-9]",
    r"general protection fault, ",
    r"(UBSAN|KASAN|KCSAN|KMSAN): ",
    r"Unable to handle kernel ",
    r"refcount_t: ",
    r"Kernel panic - not syncing",
    r".* invoked oom-killer: ",
    r".*page allocation failure: order",
)
_HINTS = (r"-+\[ cut here \]-+", r"Call [Tt]race:")  # something is wrong; such a line does not say what
GREP = f"({'|'.join((*_HEADLINES, *_HINTS))})"  # for `grep -E`, after the stamps of a line

_HEADLINE = re.compile("|".join(_HEADLINES))
_HINT = re.compile("|".join(_HINTS))
_END = re.compile(r"-+\[ end trace |-+\[ end Kernel panic")
_RULE = re.compile(r"={20,}")
_LONGEST = 400  # lines of one splat
_PAUSE = 1.0  # seconds; a line that the kernel logs later is of another splat, or of none

# What the first line of a splat begins with that has no stamp, and the first characters of them all.
BEGINNINGS = tuple(pattern for pattern in (*_HEADLINES, *_HINTS) if not pattern.startswith(".*"))
FIRST = frozenset("WBrwNskIOgUKC-")

Key = tuple[float | None, str]  # stamp and headline: the same on the console and in the kernel's log


@dataclass
class Splat:
    """One report of the kernel."""

    headline: str = ""  # the line that says what is wrong, else the first line
    stamp: float | None = None  # of the first line: seconds of the kernel log's clock
    lines: list[str] = field(default_factory=list)

    @property
    def key(self) -> Key:
        """The stamp and the headline, by which the console's copy of a splat is known from the log's."""
        return self.stamp, self.headline


def may_begin(text: str) -> bool:
    """Whether a line, without stamps, is the first of a splat."""
    return (_HEADLINE.match(text) or _HINT.match(text)) is not None


class Finder:
    """Collects splats out of lines that come one by one."""

    def __init__(self) -> None:
        self.open = False  # the next lines may be part of the last splat
        self.splats: list[Splat] = []  # since the last `take`
        self.seen: set[Key] = set()  # the keys of all splats before the last `take`
        self._log = TestLog()  # of the last splat, as are all that follow
        self._count = 0  # lines
        self._stamped = False  # whether its first line has a stamp
        self._last: float | None = None  # the stamp of its last line
        self._has_headline = False

    def feed(self, raw: str, text: str, stamp: str | None) -> bool:
        """Take a line, its text without stamps, and its stamp. Gives whether the line is part of a splat."""
        at = float(stamp) if stamp else None
        if self.open and at is not None and self._last is not None and at - self._last > _PAUSE:
            self.close()
        if not self.open:
            if not may_begin(text):
                return False
            self._begin(text, at)
        elif self._stamped and stamp is None:
            return False  # a program printed it
        splat = self.splats[-1]
        self._last = at
        self._log.add(raw)
        self._count += 1
        if not self._has_headline and _HEADLINE.match(text):
            splat.headline, self._has_headline = text.strip(), True
        if self._count >= _LONGEST or _END.match(text) or (self._count > 2 and _RULE.match(text)):
            self.close()
        return True

    def close(self) -> None:
        """End the splat that is open, if there is one."""
        if self.open:
            self.open = False
            self.splats[-1].lines = self._log.all()

    def take(self) -> list[Splat]:
        """Give the splats since the last `take`; an open splat ends."""
        self.close()
        splats, self.splats = self.splats, []
        self.seen.update(splat.key for splat in splats)
        return splats

    def _begin(self, text: str, at: float | None) -> None:
        self.open, self._stamped, self._has_headline = True, at is not None, False
        self._log, self._count = TestLog(), 0
        self.splats.append(Splat(text.strip(), at))


def find(lines: Iterable[str]) -> list[Splat]:
    """The splats in lines of the kernel's log, without the lines that are part of none."""
    finder = Finder()
    for line in lines:
        text, stamp = prefix.strip(line)
        finder.feed(line, text, stamp)
    return finder.take()


def result(program: str, name: str, splats: Sequence[Splat]) -> TestResult:
    """The failed result that stands for splats. There is at least one."""
    more = f" (and {len(splats) - 1} more)" if len(splats) > 1 else ""
    log = TestLog()
    for splat in splats:
        for line in splat.lines:
            log.add(line)
    return TestResult(program, name, Verdict.FAIL, splats[0].headline + more, log=log.all())
