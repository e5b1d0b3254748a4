# SPDX-License-Identifier: GPL-2.0-only
"""Names that are like words of a user, who may have mistyped one."""

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from functools import cache

_MARKS = re.compile(r"[\W_]+")  # what stands between the words of a name


def nearest(words: Sequence[str], names: Iterable[str], most: int, least: float = 0.0) -> list[str]:
    """At most `most` of the names, those most like the words first; the order of equally good ones stays.

    A name is as good as its parts are like the words, from 0 to 1 for each word. It must be better than `least` for
    all words together.
    """

    @cache
    def likeness(word: str, part: str) -> float:
        return SequenceMatcher(None, word, part, autojunk=False).ratio()

    def score(name: str) -> float:
        parts = {name.lower(), *_MARKS.split(name.lower())}
        return sum(max(likeness(word.lower(), part) for part in parts) for word in words)

    scores = {name: score(name) for name in names}
    return [name for name in sorted(scores, key=lambda name: -scores[name]) if scores[name] >= least][:most]
