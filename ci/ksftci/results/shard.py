# SPDX-License-Identifier: GPL-2.0-only
"""Parts of a run that take about the same time."""

import heapq
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ksftci.errors import CiError


@dataclass(frozen=True)
class Shard:
    """One of the parts of a run, I/N on the command line. Each part runs on a machine of its own."""

    number: int  # counts from 1
    total: int  # of parts

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """The shard I/N. Raises CiError for any other text."""
        shard = cls.try_parse(text)
        if shard is None:
            raise CiError(f"--shard {text}: is no shard; allowed: I/N with I from 1 to N, such as 3/8")
        return shard

    @classmethod
    def try_parse(cls, text: str) -> "Shard | None":
        """The shard I/N, with 1 <= I <= N; None for any other text."""
        match = re.fullmatch(r"([0-9]{1,4})/([0-9]{1,4})", text)
        if match is None or not 1 <= int(match[1]) <= int(match[2]):
            return None
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.total}"


def split(seconds: Sequence[float], number: int) -> list[list[int]]:
    """Split the indices of `seconds` into `number` parts: each index is in one part, in ascending order.

    The longest goes first, always to the part that has the smallest sum so far: the largest sum is at most 4/3 of the
    smallest possible (R. L. Graham, "Bounds on Multiprocessing Timing Anomalies", 1969). Equal ones keep their order,
    so that the same input gives the same parts. A part may be empty.
    """
    sums = [(0.0, part) for part in range(number)]  # a heap
    parts: list[list[int]] = [[] for _ in sums]
    for index in sorted(range(len(seconds)), key=lambda index: -seconds[index]):
        smallest, part = sums[0]
        heapq.heapreplace(sums, (smallest + seconds[index], part))
        parts[part].append(index)
    return [sorted(indices) for indices in parts]
