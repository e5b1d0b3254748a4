# SPDX-License-Identifier: GPL-2.0-only
"""Covering arrays: few cases that contain every feasible combination of the values of t axes.

The names of cases must last: where an axis gets or loses a value, the cases without that value stay, nearly all.  So no
step looks for the smallest array; each depends on few values only:

- The first value of an axis is its default: it fills what no combination requires, and the second one fills a part.
- The combinations of the largest axes open a row each; these rows are the backbone.
- Each other combination of values that are not defaults, a new value's for example, has a row of its own, or it is
  hosted: it takes the place of defaults in a row of the backbone.  A hash decides which, and in which row.
- Combinations with defaults come last; most are in the array by then.

The hashes are of names of values (rendezvous hashing): each combination ranks the rows, and takes the first.  Another
value adds rows, and takes some, but the ranks of the others stay.  The result depends on the arguments only.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

MAX_PRODUCT = 65536

Axes = Mapping[str, Sequence[str]]
IsExcluded = Callable[[Mapping[str, str]], bool]
Stronger = Sequence[tuple[Sequence[str], int]]
Include = Sequence[Mapping[str, Collection[str]]]
# Axes by index, in ascending order; and a value for some axes, by index.
_Group = tuple[int, ...]
_Combination = Mapping[int, str]

# The share of combinations that are hosted: more make a smaller array, in which a new value renames more cases.
_HOSTED = 0.5
# The share of rows that get the second value of an axis for the first, where neither is required.
_SECOND = 0.25
# Part of every hash. Of some hundreds this one lets the scenarios of this repository keep most names; with another one
# they keep a little less, as do the scenarios of others.
_SALT = "549"


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
    cases = list(product(axes, is_excluded))
    if strength is not None and cases:
        groups = set(itertools.combinations(range(len(names)), min(strength, len(names))))
        for stronger_names, t in stronger:
            groups |= set(itertools.combinations(sorted(names.index(name) for name in stronger_names), t))
        # The largest first; of equals the last in the alphabet, so that their order in the matrix does not count.
        ordered = sorted(_maximal_groups(groups), key=lambda group: list(_part(axes, group)), reverse=True)
        ordered.sort(key=lambda group: product_size(_part(axes, group)), reverse=True)
        array = _Array(axes, ordered, set(cases))
        array.include(_included(cases, names, include))
        array.cover(cases)
        rows = {tuple(row.values) for row in array.rows}
        cases = [case for case in cases if case in rows]
    return [dict(zip(names, case, strict=True)) for case in cases]


def _part(axes: Axes, group: _Group) -> Axes:
    names = list(axes)
    return {names[index]: axes[names[index]] for index in group}


def _maximal_groups(groups: set[_Group]) -> list[_Group]:
    """The groups of axes that are not part of another group: covering them covers the others."""
    return [group for group in groups if not any(set(group) < set(other) for other in groups)]


def _included(cases: Sequence[tuple[str, ...]], names: Sequence[str], include: Include) -> list[_Combination]:
    """The feasible combinations of the entries of `include`; those that name more axes come first."""
    combinations: list[_Combination] = []
    for entry in sorted(include, key=len, reverse=True):
        group = [index for index, name in enumerate(names) if name in entry]
        found = dict.fromkeys(tuple(case[index] for index in group) for case in cases)
        for values in found:
            if all(value in entry[names[index]] for index, value in zip(group, values, strict=True)):
                combinations.append(dict(zip(group, values, strict=True)))
    return combinations


def _weight(*parts: str) -> float:
    """A number from 0 to 1 that depends on `parts` only."""
    digest = hashlib.blake2b("\0".join((_SALT, *parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


@dataclass(eq=False)
class _Row:
    """A case in the making: the values of the axes in `fixed` are required, the others are defaults."""

    key: str
    values: list[str]
    fixed: set[int]
    opened_with: frozenset[int]
    is_backbone: bool = False


class _Array:
    """The rows of an array, and which combinations they cover."""

    def __init__(self, axes: Axes, groups: Sequence[_Group], feasible: Collection[tuple[str, ...]]) -> None:
        self.rows: list[_Row] = []
        self._names = list(axes)
        self._axes = list(axes.values())
        self._groups = groups
        self._feasible = feasible
        self._backbone: list[_Row] = []
        self._requiring: dict[tuple[int, str], list[_Row]] = {}
        self._covered: set[tuple[_Group, tuple[str, ...]]] = set()

    def include(self, combinations: Iterable[_Combination]) -> None:
        """Open a row for each combination that is in none."""
        for combination in combinations:
            if not any(self._requires(row, combination) for row in self.rows):
                self._open(combination)

    def cover(self, cases: Sequence[tuple[str, ...]]) -> None:
        """Add what is missing until the combinations of all groups in `cases` are covered."""
        last: list[tuple[_Group, tuple[str, ...]]] = []
        for group in self._groups:
            is_backbone = group == self._groups[0]
            for values in self._combinations(group, cases):
                has_default = any(value == self._axes[index][0] for index, value in zip(group, values, strict=True))
                if has_default:
                    last.append((group, values))  # one that is covered may lose its default to a hosted combination
                if (is_backbone or not has_default) and (group, values) not in self._covered:
                    self._place(dict(zip(group, values, strict=True)), is_backbone)
            if is_backbone:
                self._backbone = list(self.rows)
                for row in self._backbone:
                    row.is_backbone = True
        self._covered.clear()
        for row in self.rows:
            self._note(row)
        for group, values in last:
            if (group, values) not in self._covered:
                self._place_default(dict(zip(group, values, strict=True)))

    def _combinations(self, group: _Group, cases: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
        """The combinations of a group, those of the first values first."""
        ranks = [{value: rank for rank, value in enumerate(self._axes[index])} for index in group]

        def age(values: tuple[str, ...]) -> tuple[int, list[int]]:
            own = [rank[value] for rank, value in zip(ranks, values, strict=True)]
            return max(own), own

        return sorted({tuple(case[index] for index in group) for case in cases}, key=age)

    def _place(self, combination: _Combination, is_backbone: bool) -> None:
        """Host a combination in a row, or open one for it."""
        row = None if is_backbone else self._host(combination)
        if row is None:
            self._open(combination)
        else:
            self._put(row, combination)

    def _host(self, combination: _Combination) -> _Row | None:
        """The row that hosts a combination, None if it has one of its own.

        A row that has the value of the smallest axis is taken at once: that value came with it, if it is new.
        """
        smallest = min(combination, key=lambda index: (len(self._axes[index]), -index))
        names = [f"{self._names[index]}={value}" for index, value in combination.items()]
        if len(combination) > 1:
            rows = [row for row in self._having(smallest, combination) if self._fits(row, combination)]
            if rows:
                return self._first(rows, names)
        if _weight("hosted", *names) >= _HOSTED:
            return None
        shared = next((index for index in self._groups[0] if index in combination), None)
        rows = self._backbone if shared is None else self._having(shared, combination)
        row = self._first((row for row in rows if row.is_backbone and self._could_fit(row, combination)), names)
        return row if row and self._fits(row, combination) else None

    def _having(self, index: int, combination: _Combination) -> list[_Row]:
        """The rows that require the value that a combination has for an axis."""
        return self._requiring.get((index, combination[index]), [])

    def _first(self, rows: Iterable[_Row], names: Sequence[str]) -> _Row | None:
        return max(rows, key=lambda row: (_weight("host", row.key, *names), row.key), default=None)

    def _fits(self, row: _Row, combination: _Combination) -> bool:
        """Whether the row has a combination's values, or defaults that they may replace."""
        if any(index in row.fixed and row.values[index] != value for index, value in combination.items()):
            return False
        return self._with(row, combination) in self._feasible

    def _could_fit(self, row: _Row, combination: _Combination) -> bool:
        """Whether the row would fit if it hosted nothing."""
        if any(index in row.opened_with and row.values[index] != value for index, value in combination.items()):
            return False
        return self._with(row, combination) in self._feasible

    def _requires(self, row: _Row, combination: _Combination) -> bool:
        return all(index in row.fixed and row.values[index] == value for index, value in combination.items())

    def _place_default(self, combination: _Combination) -> None:
        """Place a combination that has a default; what the rows cover stays covered.

        So it may replace the second value of an axis by the first, where neither is required.
        """
        names = [f"{self._names[index]}={value}" for index, value in combination.items()]
        required = next((index for index, value in combination.items() if value != self._axes[index][0]), None)
        candidates = self.rows if required is None else self._having(required, combination)
        rows = [row for row in candidates if self._fits_default(row, combination)]
        row = self._first(rows, names)
        if row is None:
            self._open(combination)
        else:
            self._put(row, combination)

    def _fits_default(self, row: _Row, combination: _Combination) -> bool:
        for index, value in combination.items():
            default = self._axes[index][0]
            if row.values[index] != value and (value != default or index in row.fixed):
                return False
            if value != default and index not in row.fixed:
                return False
        return self._with(row, combination) in self._feasible

    def _with(self, row: _Row, combination: _Combination) -> tuple[str, ...]:
        return tuple(combination.get(index, value) for index, value in enumerate(row.values))

    def _put(self, row: _Row, combination: _Combination) -> None:
        row.values = list(self._with(row, combination))
        self._require(row, combination)

    def _open(self, combination: _Combination) -> None:
        key = "_".join(combination.get(index, "") for index in range(len(self._axes)))
        values = next(case for case in self._filled(combination, key) if case in self._feasible)
        row = _Row(key, list(values), set(), frozenset(combination))
        self.rows.append(row)
        self._require(row, combination)

    def _require(self, row: _Row, combination: _Combination) -> None:
        for index in combination.keys() - row.fixed:
            self._requiring.setdefault((index, row.values[index]), []).append(row)
        row.fixed |= combination.keys()
        self._note(row)

    def _filled(self, combination: _Combination, key: str) -> Iterator[tuple[str, ...]]:
        """The cases with a combination, that with the most suitable defaults first.

        The defaults depend on the values of the backbone's axes: the row is the same, whichever value of another axis
        opened it.
        """
        backbone = self._groups[0]
        indices = range(len(self._axes))
        for values in itertools.product(*(self._choices(index, combination, key) for index in backbone)):
            known = {**combination, **dict(zip(backbone, values, strict=True))}
            yield from itertools.product(*(self._choices(index, known, "_".join(values)) for index in indices))

    def _choices(self, index: int, known: _Combination, key: str) -> Sequence[str]:
        """The values that an axis may have beside those that are known, the most suitable first."""
        if index in known:
            return [known[index]]
        values = self._axes[index]
        first, second = (_weight("default", key, self._names[index], value) < _SECOND for value in (*values, "")[:2])
        return [values[1], values[0], *values[2:]] if len(values) > 1 and first and not second else values

    def _note(self, row: _Row) -> None:
        """Note the combinations of required values and first values in a row."""
        ready = [index in row.fixed or value == self._axes[index][0] for index, value in enumerate(row.values)]
        for group in self._groups:
            if all(ready[index] for index in group):
                self._covered.add((group, tuple(row.values[index] for index in group)))
