# SPDX-License-Identifier: GPL-2.0-only
"""Units in parts, and the results of all parts in the order of a single boot."""

from itertools import chain
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ksftci.machine.machine import Job
from ksftci.results.model import TestResult, Verdict
from ksftci.session.durations import Durations
from ksftci.session.parts import sort_results, split_units
from ksftci.session.unit import Unit

A, B, C = (Job(name, Path(f"/{name}")) for name in "abc")
UNITS = [Unit(A, "f.one"), Unit(A, "f.two"), Unit(B), Unit(C, "f.one"), Unit(C, "f.two"), Unit(C, "f.three")]
ANY_UNITS = st.lists(
    st.builds(Unit, st.sampled_from([A, B, C]), st.sampled_from(["", *(f"f.{n}" for n in range(12))])), unique=True
)
SECONDS = st.floats(0.001, 1000)
ANY_DURATIONS = st.builds(
    Durations,
    st.dictionaries(st.builds("{}.f.{}".format, st.sampled_from("abc"), st.integers(0, 11)), SECONDS),
    st.dictionaries(st.sampled_from("abc"), SECONDS),
)


def result(identifier: str, verdict: Verdict = Verdict.PASS) -> TestResult:
    program, _, name = identifier.partition(".")
    return TestResult(program, name, verdict)


@given(ANY_UNITS, st.integers(1, 9), ANY_DURATIONS)
def test_each_unit_is_in_one_part(units: list[Unit], count: int, durations: Durations) -> None:
    parts = split_units(units, count, durations)
    assert len(parts) == count
    assert sorted(chain(*parts), key=units.index) == units
    assert all(part == sorted(part, key=units.index) for part in parts)


@given(ANY_UNITS, st.integers(1, 9), ANY_DURATIONS)
def test_the_same_units_give_the_same_parts(units: list[Unit], count: int, durations: Durations) -> None:
    """Shards run on different machines, each of which splits the units by itself."""
    copies = [Unit(Job(unit.job.name, unit.job.program), unit.test) for unit in units]
    same_durations = Durations(dict(reversed(durations.tests.items())), dict(reversed(durations.programs.items())))
    assert split_units(copies, count, same_durations) == split_units(units, count, durations)


def test_parts_take_about_the_same_time() -> None:
    durations = Durations(
        {"a.f.one": 9.0, "a.f.two": 1.0, "c.f.one": 4.0, "c.f.two": 2.0, "c.f.three": 1.5}, {"b": 7.0}
    )
    parts = split_units(UNITS, 3, durations)
    assert parts == [[Unit(A, "f.one")], [Unit(A, "f.two"), Unit(B)], UNITS[3:]]
    assert [sum(unit.seconds(durations) for unit in part) for part in parts] == [9.0, 8.0, 7.5]


@given(st.permutations([*(f"{unit.job.name}.{unit.test}" for unit in UNITS if unit.test), "b.x", "b.exit"]))
def test_results_are_sorted_as_one_boot_gives_them(identifiers: list[str]) -> None:
    results = [result(identifier) for identifier in identifiers]
    of_b = [identifier for identifier in identifiers if identifier.startswith("b.")]  # not units: in their order
    expected = ["a.f.one", "a.f.two", *of_b, "c.f.one", "c.f.two", "c.f.three"]
    assert [r.id for r in sort_results(results, UNITS)] == expected


def test_results_about_a_program_are_its_last_and_those_of_unknown_programs_the_last_of_all() -> None:
    identifiers = ["other.x", "c.f.two", "a.kernel_log", "a.settings", "a.f.two", "c.f.one"]
    expected = ["a.f.two", "a.kernel_log", "a.settings", "c.f.one", "c.f.two", "other.x"]
    assert [r.id for r in sort_results([result(identifier) for identifier in identifiers], UNITS)] == expected
