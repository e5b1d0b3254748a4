# SPDX-License-Identifier: GPL-2.0-only
"""The list that kselftest_harness.h prints, and jobs that run some of its tests."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ksftci.machine.listing import chosen, has_harness, only
from ksftci.machine.listing import tests as listed
from ksftci.machine.machine import Job

LISTING = """\
# FIXTURE            VARIANT                   TEST
cow                  base                      write
                     a_variant_name_longer_than_its_column read
                     mixed                     
--------------------------------------------------------------------------------
a_fixture_name_longer_than_its_column                           first
                                               second
"""
NAMES = st.text("abc_9", min_size=1, max_size=30)  # longer than the columns, too
JOB = Job("h", Path("/h"))


def test_each_test_runs_in_each_variant() -> None:
    long = "a_variant_name_longer_than_its_column"
    names = [f"cow.{variant}.{test}" for variant in ("base", long, "mixed") for test in ("write", "read")]
    other = "a_fixture_name_longer_than_its_column"
    assert listed(LISTING.splitlines()) == [*names, f"{other}.first", f"{other}.second"]


def test_lines_before_the_listing_and_line_ends_of_a_terminal_do_not_matter() -> None:
    lines = ["-" * 80, "a line of another program", *LISTING.splitlines()]
    assert listed(f"{line}\r" for line in lines) == listed(LISTING.splitlines())


def test_no_listing_is_no_tests() -> None:
    assert listed(["ok 1 something", "", "1..1"]) == []


def printed(fixtures: dict[str, tuple[list[str], list[str]]]) -> list[str]:
    """What test_harness_list_tests() prints of fixtures with their variants and tests."""
    lines = [f"{'# FIXTURE':20} {'VARIANT':25} TEST"]
    for fixture, (variants, tests) in fixtures.items():
        lines += ["-" * 80] if len(lines) > 1 else []
        for row in range(max(len(variants), len(tests))):
            variant, test = (names[row] if row < len(names) else "" for names in (variants, tests))
            lines.append(f"{'' if row else fixture:20} {variant:25} {test}")
    return lines


@given(
    st.dictionaries(
        NAMES,
        st.tuples(st.lists(NAMES, max_size=4, unique=True), st.lists(NAMES, min_size=1, max_size=4, unique=True)),
        max_size=4,
    )
)
def test_what_the_harness_prints_is_read_again(fixtures: dict[str, tuple[list[str], list[str]]]) -> None:
    assert listed(printed(fixtures)) == [
        f"{fixture}.{variant}.{test}" if variant else f"{fixture}.{test}"
        for fixture, (variants, tests) in fixtures.items()
        for variant in variants or [""]
        for test in tests
    ]


@given(st.lists(NAMES))
def test_the_tests_of_a_job_are_those_that_were_chosen(names: list[str]) -> None:
    assert chosen(only(JOB, names)) == names


def test_only_leaves_the_rest_of_a_job_alone() -> None:
    job = Job("h", Path("/h"), ("-x",), Path("/"), 5.0)
    assert only(job, iter(["f.a", "f.b"])) == Job("h", Path("/h"), ("-r", "f.a", "-r", "f.b"), Path("/"), 5.0)


@pytest.mark.parametrize("args", [(), ("-l",), ("-r",), ("-r", "a", "-r"), ("-r", "a", "-v", "b"), ("a", "-r")])
def test_other_arguments_choose_no_tests(args: tuple[str, ...]) -> None:
    assert chosen(Job("h", Path("/h"), args)) == []


@pytest.mark.parametrize(
    ("data", "harness"), [(b"\0# FIXTURE\0VARIANT\0", True), (b"\0# FIXTURE\0", False), (b"", False)]
)
def test_a_program_with_the_texts_of_the_listing_has_the_harness(data: bytes, harness: bool, tmp_path: Path) -> None:
    program = tmp_path / "h"
    program.write_bytes(data)
    assert has_harness(program) is harness
