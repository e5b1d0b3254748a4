# SPDX-License-Identifier: GPL-2.0-only
"""The tests that are inside no other test: programs, as runner.sh reports them."""

from typing import NamedTuple

from ksftci.ktap.nesting import Group, Item, Level, flat
from ksftci.results.model import KERNEL_LOG, TestResult


class Ended(NamedTuple):
    """A test that ended, and the results inside it under their names there; its own result has no name."""

    name: str
    results: list[TestResult]


class Outermost:
    """The tests of the lowest level whose names have a beginning in common. Each is given once, when it has ended."""

    def __init__(self, lowest: Level, beginning: str) -> None:
        self._lowest, self._beginning = lowest, beginning
        self._kept = 0  # items of other names, which stay in the level

    def take(self) -> list[Ended]:
        """Remove from the level the tests that ended since the last `take`, and give them."""
        items = self._lowest.items
        taken: list[Ended] = []
        kept: list[Item] = []
        for item in items[self._kept :]:
            if not item.name.startswith(self._beginning):
                kept.append(item)
            elif isinstance(item, Group):
                taken.append(Ended(item.name, flat([Group("", item.items, item.own)])))
            elif taken and item.name == f"{taken[-1].name}/{KERNEL_LOG}":
                taken[-1].results.append(item)
                item.name = KERNEL_LOG
            else:
                taken.append(Ended(item.name, [item]))
                item.name = ""
        if taken:
            items[self._kept :] = kept
        self._kept = len(items)
        return taken
