# SPDX-License-Identifier: GPL-2.0-only
"""Covering arrays: few cases that contain every feasible combination of the values of t axes.

Every case that is not excluded is a candidate, stored as a bitset of the combinations that it contains.  A combination
is feasible if a candidate contains it, so exclusions need no further handling.  A greedy algorithm takes the candidate
with the most uncovered combinations first; then random parts of the array are replaced, which makes it smaller.  The
random numbers have a fixed seed: the result depends on the arguments only.
"""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

MAX_PRODUCT = 65536

Axes = Mapping[str, Sequence[str]]
IsExcluded = Callable[[Mapping[str, str]], bool]
Stronger = Sequence[tuple[Sequence[str], int]]
Include = Sequence[Mapping[str, Collection[str]]]
# Axes, by index, whose combinations are required.  A collection limits an axis to these values, None allows them all.
Requirement = Mapping[int, Collection[str] | None]

# Limits of the search for a smaller array: rounds, and rounds times candidates.
_MAX_ROUNDS = 250
_MAX_WORK = 450_000


def product_size(axes: Axes) -> int:
    """The number of combinations of all axes, excluded ones too."""
    return math.prod(len(values) for values in axes.values())


def product(axes: Axes, is_excluded: IsExcluded | None = None) -> Iterator[tuple[str, ...]]:
    """Every combination of all axes that is not excluded, in the order of the axes and their values."""
    names = list(axes)
    for values in itertools.product(*axes.values()):
        if is_excluded is None or not is_excluded(dict(zip(names, values, strict=True))):
            yield values


def covering_array(
    axes: Axes,
    strength: int | None,
    stronger: Stronger = (),
    is_excluded: IsExcluded | None = None,
    include: Include = (),
) -> list[dict[str, str]]:
    """Cases that contain every feasible combination of any `strength` axes, in the order of `product`.

    With `strength` None they are the whole product.  Each (names, t) of `stronger` adds the combinations of any t of
    the named axes, each entry of `include` the combinations of the values that it names.
    """
    names = list(axes)
    candidates = list(product(axes, is_excluded))
    if strength is not None:
        groups = set(itertools.combinations(range(len(names)), min(strength, len(names))))
        for stronger_names, t in stronger:
            groups |= set(itertools.combinations(sorted(names.index(name) for name in stronger_names), t))
        requirements: list[Requirement] = [dict.fromkeys(group) for group in _maximal_groups(groups)]
        requirements += [{names.index(name): entry[name] for name in names if name in entry} for entry in include]
        bitsets, lower_bound = _bitsets(candidates, requirements)
        candidates = [candidates[index] for index in sorted(_small_array(bitsets, lower_bound))]
    return [dict(zip(names, case, strict=True)) for case in candidates]


def _maximal_groups(groups: set[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """The groups of axes that are not part of another group: covering them covers the others."""
    return sorted(group for group in groups if not any(set(group) < set(other) for other in groups))


def _bitsets(candidates: Sequence[tuple[str, ...]], requirements: Sequence[Requirement]) -> tuple[list[int], int]:
    """The required combinations in each candidate, as bits, and a lower bound for the size of an array.

    The bound is the largest number of combinations in one requirement, since a case has only one of them.
    """
    bitsets = [0] * len(candidates)
    used = lower_bound = 0
    for requirement in requirements:
        bits: dict[tuple[str, ...], int] = {}
        for number, case in enumerate(candidates):
            if any(values is not None and case[index] not in values for index, values in requirement.items()):
                continue
            combination = tuple(case[index] for index in requirement)
            bitsets[number] |= bits.setdefault(combination, 1 << (used + len(bits)))
        used += len(bits)
        lower_bound = max(lower_bound, len(bits))
    return bitsets, lower_bound


def _small_array(bitsets: Sequence[int], lower_bound: int) -> list[int]:
    """Indices of few bitsets that together have every bit; not always the fewest possible.

    The greedy array comes first.  Each round then removes a random part of the best array, completes the rest greedily,
    and keeps the result unless it is larger.
    """
    rng = random.Random(0)  # random() gives the same sequence in every version of Python
    all_bits = 0
    for bitset in bitsets:
        all_bits |= bitset
    best = _complete(bitsets, [], all_bits, rng)
    for _ in range(min(_MAX_ROUNDS, _MAX_WORK // max(len(bitsets), 1))):
        if len(best) <= lower_bound:
            break
        removed_share = 0.1 + 0.3 * rng.random()
        kept = [index for index in best if rng.random() > removed_share]
        array = _complete(bitsets, kept, all_bits, rng)
        if len(array) <= len(best):
            best = array
    return best


def _complete(bitsets: Sequence[int], kept: Sequence[int], all_bits: int, rng: random.Random) -> list[int]:
    """`kept` and further indices until all bits are there, the bitset with the most missing bits first.

    A gain, the number of missing bits that a bitset has, only shrinks as bits are covered, so an old gain is an upper
    bound: the first entry of the heap gets its present gain, and is taken if it still comes first.  Ties are broken at
    random.
    """
    chosen = list(kept)
    missing = all_bits
    for index in chosen:
        missing &= ~bitsets[index]
    gains = ((index, (bitset & missing).bit_count()) for index, bitset in enumerate(bitsets))
    heap = [(-gain, rng.random(), index) for index, gain in gains if gain]
    heapq.heapify(heap)
    while missing:
        _, tie, index = heap[0]
        entry = (-(bitsets[index] & missing).bit_count(), tie, index)
        if heapq.heapreplace(heap, entry) and heap[0] == entry:
            heapq.heappop(heap)
            chosen.append(index)
            missing &= ~bitsets[index]
    return _without_redundant(bitsets, chosen)


def _without_redundant(bitsets: Sequence[int], chosen: Sequence[int]) -> list[int]:
    """`chosen` without bitsets whose bits are all in others; the latest, which added least, are removed first."""
    once = twice = 0
    for index in chosen:
        twice |= once & bitsets[index]
        once |= bitsets[index]
    kept = list(chosen)
    for index in reversed(chosen):
        if bitsets[index] & ~twice == 0:
            kept.remove(index)
            once = twice = 0
            for other in kept:
                twice |= once & bitsets[other]
                once |= bitsets[other]
    return kept
