# SPDX-License-Identifier: GPL-2.0-only
"""What the kernel logs when something is wrong in it: BUG, WARNING, Oops, stalls, a stack."""

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
_HINTS = (r"-+\[ cut here \]-+", r"Call [Tt]race:")  # that something is wrong, not what
GREP = f"({'|'.join((*_HEADLINES, *_HINTS))})"  # for `grep -E` behind a line's stamps

_HEADLINE = re.compile("|".join(_HEADLINES))
_HINT = re.compile("|".join(_HINTS))
_END = re.compile(r"-+\[ end trace |-+\[ end Kernel panic")
_RULE = re.compile(r"={20,}")
_LONGEST = 400  # lines of one splat
_PAUSE = 1.0  # seconds; what the kernel says after one is another matter


@dataclass
class Splat:
    """One report of the kernel's."""

    headline: str = ""
    stamp: float | None = None  # seconds, the kernel log's time of its first line
    lines: list[str] = field(default_factory=list)


FIRST = frozenset("WBrwNskIOgUKC-")  # what a first line begins with when there is no stamp
BEGINNINGS = tuple(begin for begin in (*_HEADLINES, *_HINTS) if not begin.startswith(".*"))


def may_begin(text: str) -> bool:
    """Whether a line, without stamps, is the first of a splat."""
    return (_HEADLINE.match(text) or _HINT.match(text)) is not None


class Finder:
    """Collects splats out of lines that come one by one."""

    def __init__(self) -> None:
        self.open = False  # lines to come may be part of a splat
        self.found: list[Splat] = []
        self._log = TestLog()
        self._count = 0
        self._stamped = False
        self._last: float | None = None
        self._titled = False

    def feed(self, raw: str, text: str, stamp: str | None) -> bool:
        """Take a line as it was, its text without stamps, and its stamp. Tells if it is of a splat."""
        at = float(stamp) if stamp else None
        if self.open and at is not None and self._last is not None and at - self._last > _PAUSE:
            self.close()
        if not self.open:
            if not may_begin(text):
                return False
            self._begin(text, at)
        elif self._stamped and stamp is None:
            return False  # the program's
        splat = self.found[-1]
        self._last = at
        self._log.add(raw)
        self._count += 1
        if not self._titled and _HEADLINE.match(text):
            splat.headline, self._titled = text.strip(), True
        if self._count >= _LONGEST or _END.match(text) or (self._count > 2 and _RULE.match(text)):
            self.close()
        return True

    def close(self) -> None:
        """The splat, if there is one, is over."""
        if self.open:
            self.open = False
            self.found[-1].lines = self._log.all()

    def take(self) -> list[Splat]:
        """What was found since the last `take`; an open splat is over."""
        self.close()
        found, self.found = self.found, []
        return found

    def _begin(self, text: str, at: float | None) -> None:
        self.open, self._stamped, self._titled = True, at is not None, False
        self._log, self._count = TestLog(), 0
        self.found.append(Splat(text.strip(), at))


def find(lines: Iterable[str]) -> list[Splat]:
    """The splats in lines of the kernel's log; lines that belong to none are left out."""
    finder = Finder()
    for line in lines:
        text, stamp = prefix.strip(line)
        finder.feed(line, text, stamp)
    return finder.take()


def result(program: str, name: str, splats: Sequence[Splat]) -> TestResult:
    """The failure that splats are."""
    more = f" (and {len(splats) - 1} more)" if len(splats) > 1 else ""
    log = TestLog()
    for found in splats:
        for line in found.lines:
            log.add(line)
    return TestResult(program, name, Verdict.FAIL, splats[0].headline + more, log=log.all())
