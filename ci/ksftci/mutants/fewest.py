# SPDX-License-Identifier: GPL-2.0-only
"""A small set of cases that kills every mutant that any case kills."""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ChosenCase:
    """A case, and the mutants that it kills and no case chosen before it does."""

    case: str
    kills: Sequence[str]


def case_of(test: str) -> str:
    """The case of a test: program.fixture.variant of program.fixture.variant.test."""
    return test.rpartition(".")[0] or test


def choose(failed: Mapping[str, Iterable[str]], seconds: Mapping[str, float]) -> list[ChosenCase]:
    """Cases that together kill every mutant in `failed`; the case with most new kills a second is chosen next.

    `failed` has the tests that failed on each mutant, `seconds` the duration of each case, 1 by default. Greedy
    choice takes at most ln(mutants) times the least possible duration (Chvátal 1979).
    """
    kills: dict[str, set[str]] = {}
    for mutant, tests in failed.items():
        for test in tests:
            kills.setdefault(case_of(test), set()).add(mutant)
    left = set().union(*kills.values())
    heap = [(-len(mutants) / seconds.get(case, 1.0), case) for case, mutants in kills.items()]
    heapq.heapify(heap)
    chosen: list[ChosenCase] = []
    while left:
        _, case = heapq.heappop(heap)
        current = (-len(kills[case] & left) / seconds.get(case, 1.0), case)
        if heap and heap[0] < current:  # cases chosen meanwhile kill some of its mutants
            heapq.heappush(heap, current)
        elif kills[case] & left:
            chosen.append(ChosenCase(case, sorted(kills[case] & left)))
            left -= kills[case]
    return chosen
