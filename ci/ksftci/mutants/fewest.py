# SPDX-License-Identifier: GPL-2.0-only
"""Which cases it takes to kill what all of them kill."""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ChosenCase:
    """A case, and the mutants that no case chosen before it kills."""

    case: str
    kills: Sequence[str]


def case_of(test: str) -> str:
    """program.fixture.variant of program.fixture.variant.test: what a scenario calls a case."""
    return test.rpartition(".")[0] or test


def choose(failed: Mapping[str, Iterable[str]], seconds: Mapping[str, float]) -> list[ChosenCase]:
    """Cases that kill all mutants that any test kills, greedily those with most kills a second first.

    `failed` has the tests that noticed each mutant, `seconds` what a case takes (1 if it is not there). Greedy is
    within a factor of ln(mutants) of the least time (Chvátal 1979).
    """
    kills: dict[str, set[str]] = {}
    for mutant, tests in failed.items():
        for test in tests:
            kills.setdefault(case_of(test), set()).add(mutant)
    left = set().union(*kills.values())
    heap = [(-len(found) / seconds.get(case, 1.0), case) for case, found in kills.items()]
    heapq.heapify(heap)
    chosen: list[ChosenCase] = []
    while left:
        _, case = heapq.heappop(heap)
        now = (-len(kills[case] & left) / seconds.get(case, 1.0), case)
        if heap and heap[0] < now:  # others have killed some of its mutants meanwhile
            heapq.heappush(heap, now)
        elif kills[case] & left:
            chosen.append(ChosenCase(case, sorted(kills[case] & left)))
            left -= kills[case]
    return chosen
