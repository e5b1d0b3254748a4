# SPDX-License-Identifier: GPL-2.0-only
"""Splats: what the kernel logs when something is wrong in it. `headlines` has the lines with which one begins."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ksftci.ktap import prefix
from ksftci.ktap.headlines import BEGINNINGS, CUT, FIRST, GREP, PANIC, TRACE, Form, Part, form_of
from ksftci.ktap.line import may_be
from ksftci.ktap.testlog import TestLog
from ksftci.results.model import Complaint, TestResult, Verdict, reason_of

__all__ = ["BEGINNINGS", "FIRST", "GREP", "Finder", "Key", "Splat", "find", "result"]

_CUT = re.compile("|".join(CUT))
_HINTS = "-8C"  # the first characters of both
_TRACE = re.compile("|".join(TRACE))
_END = re.compile(r"-+\[ end trace |-+\[ end Kernel panic")
_MODULES = "Modules linked in:"  # printed with a warning and an oops, and not by dump_stack()
_RULE = re.compile(r"={20,}")
_ABOVE = re.compile(r"(CPU: \d|Hardware name: |Tainted: |Workqueue: |Sched_ext: |Modules linked in:|$)")
_MOST_ABOVE = 6  # lines that are above a stack, and the reason above them
_MEMCG = re.compile("Memory cgroup out of memory: Kill|oom-kill:constraint=CONSTRAINT_MEMCG")
_MANY = 100  # splats since the last result; more are kept only if they say something else
_LONGEST = 400  # lines of one splat
_PAUSE = 1.0  # seconds; a line that the kernel logs later is of another splat, or of none

Key = tuple[float | None, str]  # stamp and headline: the same on the console and in the kernel's log


@dataclass
class Splat:
    """One report of the kernel."""

    headline: str = ""  # the line that says what is wrong, else the first line
    stamp: float | None = None  # of the first line: seconds of the kernel log's clock
    lines: list[str] = field(default_factory=list)
    times: int = 1  # how often the same headline came, once there are many
    bare: bool = True  # it is a stack alone, as dump_stack() prints it: nothing in it says that something is wrong

    @property
    def key(self) -> Key:
        """The stamp and the headline, by which the console's copy of a splat is known from the log's."""
        return self.stamp, self.headline

    @property
    def complaint(self) -> Complaint:
        """What a result keeps of it."""
        return Complaint(self.headline, tuple(self.lines), self.times, self.bare)


@dataclass
class _Seen:
    """What the splat that is open has had so far."""

    form: Form | None = None  # of the headline
    cut: bool = False  # a "cut here" whose WARN() or BUG() did not come yet
    trap: int = 0  # the number of the line of its WARN() or BUG()
    intro: bool = False  # an oops may follow
    die: bool = False  # the oops
    trace: bool = False  # a stack
    oom: bool = False  # a report of the OOM killer, which has not yet said whom it killed

    def continues(self, part: Part, count: int) -> bool:
        """Whether a line that has the form of a headline belongs to the splat, which has `count` lines so far."""
        is_message = self.form is not None and self.form.part is Part.MESSAGE
        match part:
            case Part.TAIL:  # an OOM report may be expected, and then must not hide anything
                return self.form is None or self.form.part not in (Part.OOM, Part.VICTIM)
            case Part.VICTIM:
                return self.oom
            case Part.DIE:
                return not self.die and (self.intro or is_message)
            case Part.TRAP:
                return self.cut or (is_message and not self.trap and not self.trace)
            case Part.MESSAGE:
                return self.cut or (self.trap > 0 and count == self.trap)
            case Part.INTRO:
                return (self.cut and self.form is None) or (self.intro and not (self.die or self.trap or self.trace))
        return self.cut and self.form is None


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
        self._has = _Seen()
        self._kept: dict[tuple[str, bool], Splat] = {}  # by headline and whether it is bare: what counts more of many
        self._again: Splat | None = None  # what counts the splat that is open, if that is no more than a headline

    def feed(self, raw: str, text: str, stamp: str | None, above: Sequence[str] = ()) -> bool:
        """Take a line, its text without stamps, its stamp, and the lines before it.

        Gives whether the line is part of a splat.
        """
        at = float(stamp) if stamp else None
        if self._again is not None and text == self.splats[-1].headline and (at is not None) is self._stamped:
            self._again.times += 1
            self.splats[-1].stamp = self._last = at
            return True
        form = form_of(text)
        hinted = text[:1] in _HINTS
        if form is None and not self.open and not hinted:
            return False  # most lines
        if self.open:
            if self._stamped and stamp is None:
                return False  # a program printed it
            if self._is_late(at):
                self.close()
        cut = hinted and form is None and _CUT.match(text) is not None
        if not self.open and form is not None and self._resumes(form, at):
            self.open = True
        if not self.open or self._is_new(form, cut):
            if form is None and not cut and not _TRACE.match(text):
                return False
            self.close()
            self._begin(text, at)
            if form is None and not cut:
                self._take_above(above, at)
        self._add(raw, text, at, form, cut)
        return True

    def close(self) -> None:
        """End the splat that is open, if there is one."""
        if self.open:
            self.open, self._again = False, None
            self.splats[-1].lines = self._log.all()
            if len(self.splats) > _MANY:
                self._count_again()

    def take(self) -> list[Splat]:
        """Give the splats since the last `take`; an open splat ends."""
        self.close()
        splats, self.splats, self._kept = self.splats, [], {}
        self.seen.update(splat.key for splat in splats)
        return splats

    def _is_late(self, at: float | None) -> bool:
        return at is not None and self._last is not None and at - self._last > _PAUSE

    def _is_new(self, form: Form | None, cut: bool) -> bool:
        """Whether a line begins another splat than the one that is open."""
        if cut:
            is_message = self._has.form is not None and self._has.form.part is Part.MESSAGE
            return not (is_message and not (self._has.trap or self._has.trace or self._has.cut))
        return form is not None and not self._has.continues(form.part, self._count)

    def _resumes(self, form: Form, at: float | None) -> bool:
        """Whether a line belongs to the last splat, although that has ended: a panic after an oops, whom OOM killed."""
        if not self.splats or self._has.form is None or (at is None) is self._stamped:
            return False
        if form.part is Part.VICTIM:
            return self._has.oom
        return form.pattern == PANIC and not self._is_late(at)

    def _count_again(self) -> None:
        """Drop the last of many splats and count it, if there was one with its headline."""
        last = self.splats[-1]
        if not self._kept:
            self._kept = {(splat.headline, splat.bare): splat for splat in reversed(self.splats[:_MANY])}
        if kept := self._kept.get((last.headline, last.bare)):
            kept.times += 1
            del self.splats[-1]
            self._has = _Seen()

    def _begin(self, text: str, at: float | None) -> None:
        self.open, self._stamped, self._has = True, at is not None, _Seen()
        self._log, self._count = TestLog(), 0
        self.splats.append(Splat(text.strip(), at))

    def _take_above(self, above: Sequence[str], at: float | None) -> None:
        """Take what is above a stack: the kernel's version, and the line that says why there is a stack."""
        taken: list[str] = []
        for line in reversed(above[-_MOST_ABOVE:]):
            text, stamp = prefix.unstamped(line)
            if (stamp is None) is self._stamped or (at is not None and stamp and at - float(stamp) > _PAUSE):
                break
            if text[:1] == "#" or may_be(text.strip()):
                break
            taken.append(line)
            self.splats[-1].bare &= not text.startswith(_MODULES)
            self.splats[-1].headline = text.strip()
            if not _ABOVE.match(text):
                break
        for line in reversed(taken):
            self._log.add(line)

    def _add(self, raw: str, text: str, at: float | None, form: Form | None, cut: bool) -> None:
        """Add a line to the splat that is open."""
        splat, has = self.splats[-1], self._has
        self._last = at
        self._log.add(raw)
        self._count += 1
        if form is not None:
            is_message = form.part is Part.MESSAGE and has.form is not None and has.form.part is Part.TRAP
            if has.form is None or is_message or _MEMCG.match(text):
                splat.headline, has.form = text.strip(), form
            if has.form.part is Part.OOM or form.part is Part.VICTIM:
                has.oom = form.part is Part.OOM or text.startswith("oom-kill:")
            has.intro |= form.part in (Part.INTRO, Part.TRAP) and not text.startswith("WARNING: ")
            has.die |= form.part is Part.DIE
            if form.part is Part.TRAP:
                has.trap = self._count
            if form.part in (Part.TRAP, Part.DIE):
                has.cut = False
        has.cut |= cut
        hinted = text[:1] in _HINTS
        has.trace |= hinted and _TRACE.match(text) is not None
        ends = hinted and _END.match(text) is not None
        if form is not None or cut or ends or text.startswith(_MODULES):
            splat.bare = False
        if self._count >= _LONGEST or ends or (self._count > 2 and _RULE.match(text)):
            self.close()
        alone = self._count == 1 and form is not None and form.part is Part.HEAD
        self._again = self._kept.get((splat.headline, False)) if alone and self._kept else None


def find(lines: Iterable[str]) -> list[Splat]:
    """The splats in lines of the kernel's log, without the lines that are part of none."""
    finder = Finder()
    above: list[str] = []
    for line in lines:
        text, stamp = prefix.strip(line)
        if finder.feed(line, text, stamp, above):
            above.clear()
        else:
            above = [*above[1 - _MOST_ABOVE :], line]
    return finder.take()


def result(program: str, name: str, splats: Sequence[Splat]) -> TestResult:
    """The failed result that stands for splats. There is at least one."""
    log = TestLog()
    for splat in splats:
        for line in splat.lines:
            log.add(line)
    complaints = tuple(splat.complaint for splat in splats)
    made = TestResult(program, name, Verdict.FAIL, reason_of(complaints), log=log.all())
    made.complaints = complaints
    return made
