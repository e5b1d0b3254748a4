# SPDX-License-Identifier: GPL-2.0-only
"""Results within results: what is open at each depth, and the names that come of it."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from ksftci.results.model import TestResult

_LONGEST_NAME = 1000  # characters; of longer ones the middle is a checksum


@dataclass(slots=True)
class Group:
    """A test with tests inside it. `own` says what none of them does."""

    name: str
    items: list[TestResult | Group]
    own: TestResult | None = None


Item = TestResult | Group


@dataclass(slots=True)
class Level:
    """What is open at one depth."""

    depth: int
    title: str = ""  # of a "Subtest:" line and its like
    plan: int | None = None
    count: int = 0
    items: list[Item] = field(default_factory=list)
    failed: bool = False  # something in it has
    complained: bool = False  # the kernel has, while something in it ran
    expected: bool = False  # something in it failed, or passed, as kselftest's XFAIL and XPASS
    excused: bool = False  # a "not ok" in it only said so
    upto: int = 0  # numbers 1..upto have come
    beyond: set[int] = field(default_factory=set)  # and these
    highest: int = 0
    silent: dict[int, str] = field(default_factory=dict)  # number to name of what may be skipped

    def note(self, number: int | None) -> tuple[int, bool]:
        """Count a result. Gives its number, and whether that has come before."""
        self.count += 1
        if number is None:
            number = self.highest + 1
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
        """At most so many of the numbers that were planned and never came, the last ones."""
        if self.plan is None or self.count >= self.plan:
            return []
        absent = (n for n in range(self.plan, self.upto, -1) if n not in self.beyond)
        return sorted(islice(absent, min(self.plan - self.count, most)))

    def gaps(self, most: int) -> list[int]:
        """At most so many of the numbers that were left out."""
        absent = (n for n in range(self.upto + 1, self.count + 1) if n not in self.beyond)
        return list(islice(absent, most))

    def restart(self) -> None:
        """Another stream begins: count from 1 again."""
        self.plan, self.count, self.upto, self.highest = None, 0, 0, 0
        self.beyond.clear()
        self.silent.clear()

    def take_in(self, inner: Level) -> None:
        """Put what an inner level holds at the end of this one, under the inner's title."""
        self.failed |= inner.failed
        self.complained |= inner.complained
        self.expected |= inner.expected
        self.excused |= inner.excused
        if not inner.items:
            return
        if not self.items and not inner.title:
            self.items = inner.items
        elif inner.title or len(inner.items) > 1:
            self.items.append(Group(inner.title, inner.items))
        else:
            self.items += inner.items


def flat(items: Iterable[Item]) -> list[TestResult]:
    """All results, in their order, called after the tests that they are in: "outer/inner"."""
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
