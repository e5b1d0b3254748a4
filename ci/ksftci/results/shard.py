# SPDX-License-Identifier: GPL-2.0-only
"""Work in parts of about the same length."""

import heapq
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ksftci.errors import CiError


@dataclass(frozen=True)
class Shard:
    """One of several parts of a run, each of which runs on a machine of its own."""

    number: int  # counts from 1
    total: int  # of parts

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Raises CiError for what is not I/N with 1 <= I <= N."""
        shard = cls.find(text)
        if shard is None:
            raise CiError(f"--shard {text}: not a part of a whole; allowed: I/N with I from 1 to N, such as 3/8")
        return shard

    @classmethod
    def find(cls, text: str) -> "Shard | None":
        """As parse; None for what is no shard."""
        match = re.fullmatch(r"([0-9]{1,4})/([0-9]{1,4})", text)
        if match is None or not 1 <= int(match[1]) <= int(match[2]):
            return None
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.total}"


def split(seconds: Sequence[float], parts: int) -> list[list[int]]:
    """The places in `seconds` in so many parts: each place in one part, in ascending order.

    The longest goes first, always to the part that has the least: at worst 4/3 of the best there is.
    Equal ones go in their order, so the same input gives the same parts. A part may be empty.
    """
    loads = [(0.0, part) for part in range(parts)]
    found: list[list[int]] = [[] for _ in loads]
    for place in sorted(range(len(seconds)), key=lambda place: -seconds[place]):
        load, part = loads[0]
        heapq.heapreplace(loads, (load + seconds[place], part))
        found[part].append(place)
    return [sorted(places) for places in found]
