# SPDX-License-Identifier: GPL-2.0-only
"""Unique names: the second and later bearers of a name are name#2, name#3."""

from collections.abc import Container, Iterable

from ksftci.results.model import TestResult


def free_name(name: str, taken: Container[str], first: int = 2) -> str:
    """The name, or the first of name#2, name#3, ... that is not taken. `first` is where the numbers begin."""
    found, number = name, first
    while found in taken:
        found, number = f"{name}#{number}", number + 1
    return found


class Names:
    """The names that are taken."""

    def __init__(self) -> None:
        self.taken: set[str] = set()
        self._next: dict[str, int] = {}  # the number to try first

    def unique(self, name: str) -> str:
        """Take the name, or the first numbered one that is free."""
        if name not in self.taken:
            self.taken.add(name)
            return name
        found = free_name(name, self.taken, self._next.get(name, 2))
        self._next[name] = int(found.rpartition("#")[2]) + 1
        self.taken.add(found)
        return found


def make_unique(results: Iterable[TestResult]) -> None:
    """Number the second and later results of one name."""
    names = Names()
    for result in results:
        result.name = names.unique(result.name)
