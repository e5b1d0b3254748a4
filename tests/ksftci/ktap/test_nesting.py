# SPDX-License-Identifier: GPL-2.0-only
"""The numbers of a level, beside a list of all that came, and the names of nested results."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from ksftci.ktap.nesting import Group, Item, Level, flat
from ksftci.results.model import TestResult, Verdict

NUMBERS = st.lists(st.none() | st.integers(0, 12), max_size=15)


@dataclass
class Model:
    """All numbers that came, and what follows from them."""

    count: int = 0
    numbers: set[int] = field(default_factory=set)

    def note(self, number: int | None) -> tuple[int, bool]:
        self.count += 1
        if number is None:
            number = max(self.numbers, default=0) + 1
        again = number in self.numbers
        self.numbers.add(number)
        return number, again

    def absent(self, last: int) -> list[int]:
        return [number for number in range(1, last + 1) if number not in self.numbers]

    def missing(self, plan: int | None, most: int) -> list[int]:
        short = (plan or 0) - self.count
        return self.absent(plan or 0)[-min(short, most) :] if short > 0 and most else []


@given(NUMBERS, st.none() | st.integers(0, 20), st.integers(0, 9))
def test_a_level_knows_its_numbers(numbers: list[int | None], plan: int | None, most: int) -> None:
    level, model = Level(0, plan=plan), Model()
    for number in numbers:
        assert level.note(number) == model.note(number)
        assert level.missing(most) == model.missing(plan, most)
        assert level.gaps(most) == model.absent(model.count)[:most]


@given(NUMBERS, NUMBERS)
def test_a_second_stream_has_numbers_of_its_own(first: list[int | None], second: list[int | None]) -> None:
    level, fresh = Level(0, plan=7), Level(0)
    for number in first:
        level.note(number)
    level.silent[3] = "silent"
    level.restart()
    assert [level.note(number) for number in second] == [fresh.note(number) for number in second]
    assert level == fresh


def result(name: str) -> TestResult:
    return TestResult("p", name, Verdict.PASS)


LEAF = st.builds(result, st.text("ab/", max_size=3))
TREES = st.lists(
    st.recursive(
        LEAF,
        lambda inner: st.builds(Group, st.text("xy", max_size=2), st.lists(inner, max_size=4), st.none() | LEAF),
        max_leaves=15,
    ),
    max_size=4,
)


def named(items: list[Item], path: tuple[str, ...] = ()) -> list[tuple[int, str]]:
    """(identity, name) of each result that `flat` must give."""
    pairs: list[tuple[int, str]] = []
    for item in items:
        inside = (*path, item.name)
        if isinstance(item, TestResult):
            pairs.append((id(item), "/".join(filter(None, inside))))
            continue
        pairs += named(item.items, inside)
        if item.own is not None:
            pairs.append((id(item.own), "/".join(filter(None, inside))))
    return pairs


@given(TREES)
def test_results_are_named_after_the_tests_around_them(items: list[Item]) -> None:
    expected = named(items)
    assert [(id(result), result.name) for result in flat(items)] == expected


@given(st.lists(st.integers(0, 2000), min_size=1, max_size=5))
def test_long_names_are_cut_and_stay_apart(lengths: list[int]) -> None:
    items: list[Item] = [result("a"), result("b")]
    for length in lengths:
        items = [Group("x" * length, items)]
    first, second = flat(items)
    assert first.name != second.name
    assert max(len(first.name), len(second.name)) <= 1000


def test_names_do_not_need_the_stack_of_python() -> None:
    items: list[Item] = [result("leaf")]
    for _ in range(5000):
        items = [Group("", items)]
    assert [inner.name for inner in flat(items)] == ["leaf"]


def level_of(title: str, *names: str) -> Level:
    return Level(2, title, items=[result(name) for name in names])


def test_an_inner_level_is_put_under_its_title() -> None:
    outer = Level(0)
    for inner in (level_of("t", "a", "b"), level_of("", "c"), level_of("", "d", "e"), level_of("u")):
        outer.take_in(inner)
    assert [item.name for item in outer.items] == ["t", "c", ""]
    assert [inner.name for inner in flat(outer.items)] == ["t/a", "t/b", "c", "d", "e"]


def test_an_outer_level_knows_what_happened_inside() -> None:
    for field_name in ("failed", "complained", "expected", "excused"):
        outer, inner = Level(0), Level(2)
        setattr(inner, field_name, True)
        outer.take_in(inner)
        outer.take_in(Level(2))
        flags = {name for name in ("failed", "complained", "expected", "excused") if getattr(outer, name)}
        assert flags == {field_name}
