# SPDX-License-Identifier: GPL-2.0-only
"""Unique names: when several things have the same name, the first keeps it, the others are name#2, name#3."""

from collections.abc import Container, Iterable

from ksftci.results.model import TestResult


def free_name(name: str, taken: Container[str], first: int = 2) -> str:
    """The name if it is not taken, else the first of name#FIRST, name#FIRST+1, ... that is not taken."""
    candidate, number = name, first
    while candidate in taken:
        candidate, number = f"{name}#{number}", number + 1
    return candidate


class Names:
    """Gives out unique names, and records which names are taken."""

    def __init__(self) -> None:
        self.taken: set[str] = set()
        self._next: dict[str, int] = {}  # name to the number to try first

    def unique(self, name: str) -> str:
        """The name, or the first numbered name that is free; it is taken from now on."""
        if name not in self.taken:
            self.taken.add(name)
            return name
        numbered = free_name(name, self.taken, self._next.get(name, 2))
        self._next[name] = int(numbered.rpartition("#")[2]) + 1
        self.taken.add(numbered)
        return numbered


def make_unique(results: Iterable[TestResult]) -> None:
    """Rename results so that each name is there once: the second and later results of a name get a number."""
    names = Names()
    for result in results:
        result.name = names.unique(result.name)
