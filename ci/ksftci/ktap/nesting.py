# SPDX-License-Identifier: GPL-2.0-only
"""Results inside results: what a level holds, and the names that its results get from the tests around them."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from ksftci.results.model import TestResult

_LONGEST_NAME = 1000  # characters; in the middle of longer names is a checksum


@dataclass(slots=True)
class Group:
    """A test with tests inside it."""

    name: str
    items: list[Item]
    own: TestResult | None = None  # its own result, if that says more than those inside it


Item = TestResult | Group


@dataclass(slots=True)
class Level:
    """The tests of one depth around which no result was reported yet."""

    depth: int  # characters of nesting at the beginning of its lines
    title: str = ""  # the name of the test around it, if a line announced it
    version: bool = False  # whether a version line announced it
    plan: int | None = None  # how many results are planned
    numbered: bool = False  # some result has a number
    again: bool = False  # the plan came again after as many results
    count: int = 0  # results reported so far
    items: list[Item] = field(default_factory=list)
    failed: bool = False  # some result in it is bad
    complained: bool = False  # the kernel logged a splat while a test in it ran
    expected: bool = False  # some result in it is XFAIL or XPASS
    excused: bool = False  # a "not ok" in it stood for such results alone
    upto: int = 0  # all numbers from 1 to this one were reported
    beyond: set[int] = field(default_factory=set)  # reported numbers after `upto`, and those below 1
    highest: int = 0  # of the reported numbers
    silent: dict[int, str] = field(default_factory=dict)  # number to name of tests that `[SKIP]` skipped

    def note(self, number: int | None) -> tuple[int, bool]:
        """Count a result. Gives its number, that after the highest for None, and whether it was reported before."""
        self.count += 1
        if number is None:
            number = self.highest + 1
        else:
            self.numbered = True
        if number == self.upto + 1:
            self.upto += 1
            while self.upto + 1 in self.beyond:
                self.upto += 1
                self.beyond.remove(self.upto)
        elif 0 < number <= self.upto or number in self.beyond:
            return number, True
        else:
            self.beyond.add(number)
        self.highest = max(self.highest, number)
        return number, False

    def missing(self, most: int) -> list[int]:
        """The planned numbers that were not reported: as many as results are missing, at most `most`, the last ones."""
        if self.plan is None or self.count >= self.plan:
            return []
        absent = (n for n in range(self.plan, self.upto, -1) if n not in self.beyond)
        return sorted(islice(absent, min(self.plan - self.count, most)))

    def gaps(self, most: int) -> list[int]:
        """The numbers from 1 to `count` that were not reported, at most `most`, the first ones."""
        absent = (n for n in range(self.upto + 1, self.count + 1) if n not in self.beyond)
        return list(islice(absent, most))

    def restart(self) -> None:
        """Begin another stream, which counts from 1 again."""
        self.plan, self.count, self.upto, self.highest = None, 0, 0, 0
        self.numbered = self.again = False
        self.beyond.clear()
        self.silent.clear()

    def goes_on_in(self, inner: Level) -> bool:
        """Whether the results of an inner level are this one's, by their numbers, and only their nesting is deeper."""
        if inner.version or inner.title or inner.plan is not None or not inner.count:
            return False
        if not self.count == self.upto == self.highest == inner.highest - inner.count:
            return False
        own = inner.upto if self.highest == 0 else len(inner.beyond)
        return own == inner.count and (self.highest == 0 or min(inner.beyond) > self.highest)

    def adopt(self, inner: Level) -> None:
        """Take over the results of an inner level in which this one goes on."""
        self.items += inner.items
        self.count += inner.count
        self.upto = self.highest = inner.highest
        self.know(inner)

    def know(self, inner: Level) -> None:
        """Keep in mind what happened in an inner level."""
        self.failed |= inner.failed
        self.complained |= inner.complained
        self.expected |= inner.expected
        self.excused |= inner.excused

    def take_in(self, inner: Level) -> None:
        """Put what an inner level holds at the end of this one, under the inner's title."""
        self.know(inner)
        if not inner.items:
            return
        if not self.items and not inner.title:
            self.items = inner.items
        elif inner.title or len(inner.items) > 1:
            self.items.append(Group(inner.title, inner.items))
        else:
            self.items += inner.items


def flat(items: Iterable[Item]) -> list[TestResult]:
    """All results, in their order, each renamed after the tests around it: "outer/inner"."""
    results: list[TestResult] = []
    waiting: list[tuple[str, Iterator[Item], TestResult | None]] = [("", iter(items), None)]
    while waiting:
        path, rest, own = waiting[-1]
        for item in rest:
            if isinstance(item, Group):
                waiting.append((_join(path, item.name), iter(item.items), item.own))
                break
            if path or len(item.name) > _LONGEST_NAME:
                item.name = _join(path, item.name)
            results.append(item)
        else:
            waiting.pop()
            if own is not None:
                own.name = path
                results.append(own)
    return results


def _join(path: str, name: str) -> str:
    joined = f"{path}/{name}" if path and name else path or name
    if len(joined) <= _LONGEST_NAME:
        return joined
    half = (_LONGEST_NAME - 10) // 2
    return f"{joined[:half]}~{zlib.crc32(joined.encode('utf-8', 'replace')):08x}~{joined[-half:]}"
