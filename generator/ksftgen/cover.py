# SPDX-License-Identifier: GPL-2.0-only
"""Covering arrays: few cases that still contain every feasible combination of t values.

All allowed full cases are candidates, each a bitset of the combinations ("tuples") it contains.  A tuple is feasible
exactly if a candidate contains it, so constraints need no reasoning of their own.  Candidates are taken greedily, the
one with most tuples not yet covered first, and the array is then improved by replacing random parts of it.  The random
numbers are seeded: the result depends on the arguments alone.
"""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

MAX_PRODUCT = 65536

Axes = Mapping[str, Sequence[str]]
Excluded = Callable[[Mapping[str, str]], bool]
Stronger = Sequence[tuple[Sequence[str], int]]
Include = Sequence[Mapping[str, Collection[str]]]
# The number of an axis to the values of it that are to be combined with those of the others, None for all.
Wanted = Mapping[int, Collection[str] | None]

# What the search for a smaller array may cost: rounds, and rounds times candidates.
_ROUNDS = 250
_WORK = 450_000


def size(axes: Axes) -> int:
    """The number of combinations, exclusions not looked at."""
    return math.prod(len(values) for values in axes.values())


def product(axes: Axes, excluded: Excluded | None = None) -> Iterator[tuple[str, ...]]:
    """Every combination that is not excluded, in the order of the axes and their values."""
    names = list(axes)
    for values in itertools.product(*axes.values()):
        if excluded is None or not excluded(dict(zip(names, values, strict=True))):
            yield values


def cover(
    axes: Axes,
    strength: int | None,
    stronger: Stronger = (),
    excluded: Excluded | None = None,
    include: Include = (),
) -> list[dict[str, str]]:
    """Cases that contain every feasible combination of `strength` axes, in the order of `product`.

    `strength` None asks for the whole product.  Each (names, t) of `stronger` asks for the feasible combinations of t
    of these axes, too; each entry of `include` for those of the values that it names.
    """
    names = list(axes)
    candidates = list(product(axes, excluded))
    if strength is not None:
        groups = set(itertools.combinations(range(len(names)), min(strength, len(names))))
        for some, t in stronger:
            groups |= set(itertools.combinations(sorted(names.index(name) for name in some), t))
        wanted: list[Wanted] = [dict.fromkeys(group) for group in _maximal(groups)]
        wanted += [{names.index(name): one[name] for name in names if name in one} for one in include]
        masks, floor = _masks(candidates, wanted)
        candidates = [candidates[index] for index in sorted(_smallest(masks, floor))]
    return [dict(zip(names, case, strict=True)) for case in candidates]


def _maximal(groups: set[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """The groups of axes that no other group contains: covering those covers the rest."""
    return sorted(one for one in groups if not any(set(one) < set(other) for other in groups))


def _masks(candidates: Sequence[tuple[str, ...]], wanted: Sequence[Wanted]) -> tuple[list[int], int]:
    """The tuples of each candidate, as bits; and the most tuples that one of `wanted` has: no array is smaller."""
    masks = [0] * len(candidates)
    used = floor = 0
    for group in wanted:
        bits: dict[tuple[str, ...], int] = {}
        for number, case in enumerate(candidates):
            if any(values is not None and case[index] not in values for index, values in group.items()):
                continue
            key = tuple(case[index] for index in group)
            masks[number] |= bits.setdefault(key, 1 << (used + len(bits)))
        used += len(bits)
        floor = max(floor, len(bits))
    return masks, floor


def _smallest(masks: Sequence[int], floor: int) -> list[int]:
    """Indices of masks that together have every bit that any has; few, though not proven to be the fewest.

    A greedy array first; then part of it is thrown away at random and filled up greedily again, over and over, and the
    result kept unless it is larger.
    """
    rng = random.Random(0)  # random() gives the same sequence in every Python
    everything = 0
    for mask in masks:
        everything |= mask
    best = _fill(masks, [], everything, rng)
    for _ in range(min(_ROUNDS, _WORK // max(len(masks), 1))):
        if len(best) <= floor:
            break
        share = 0.1 + 0.3 * rng.random()
        kept = [index for index in best if rng.random() > share]
        found = _fill(masks, kept, everything, rng)
        if len(found) <= len(best):
            best = found
    return best


def _fill(masks: Sequence[int], kept: Sequence[int], everything: int, rng: random.Random) -> list[int]:
    """`kept` and what it takes to have all bits of `everything`, the mask with most missing bits first.

    Gains only shrink as bits are covered, so a gain that was computed earlier is an upper bound: the heap's top is
    computed again and taken if it stays on top.  Ties fall at random.
    """
    chosen = list(kept)
    missing = everything
    for index in chosen:
        missing &= ~masks[index]
    heap = [(-gain, rng.random(), index) for index, mask in enumerate(masks) if (gain := (mask & missing).bit_count())]
    heapq.heapify(heap)
    while missing:
        _, tie, index = heap[0]
        entry = (-(masks[index] & missing).bit_count(), tie, index)
        if heapq.heapreplace(heap, entry) and heap[0] == entry:
            heapq.heappop(heap)
            chosen.append(index)
            missing &= ~masks[index]
    return _needed(masks, chosen)


def _needed(masks: Sequence[int], chosen: Sequence[int]) -> list[int]:
    """`chosen` without those whose bits the others have all; the latest, weakest, are tried first."""
    once = twice = 0
    for index in chosen:
        twice |= once & masks[index]
        once |= masks[index]
    kept = list(chosen)
    for index in reversed(chosen):
        if masks[index] & ~twice == 0:
            kept.remove(index)
            once = twice = 0
            for other in kept:
                twice |= once & masks[other]
                once |= masks[other]
    return kept
