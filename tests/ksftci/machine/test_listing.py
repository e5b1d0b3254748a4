# SPDX-License-Identifier: GPL-2.0-only
"""The harness's list of tests."""

from ksftci.machine.listing import tests as listed

LISTING = """\
# FIXTURE            VARIANT                   TEST
cow                  base                      write
                     a_variant_name_longer_than_its_column read
                     mixed                     
--------------------------------------------------------------------------------
a_fixture_name_longer_than_its_column                           first
                                               second
"""


def test_every_test_runs_in_every_variant() -> None:
    long = "a_variant_name_longer_than_its_column"
    names = [f"cow.{variant}.{test}" for variant in ("base", long, "mixed") for test in ("write", "read")]
    other = "a_fixture_name_longer_than_its_column"
    assert listed(LISTING.splitlines()) == [*names, f"{other}.first", f"{other}.second"]


def test_without_a_listing_there_are_no_tests() -> None:
    assert listed(["ok 1 something", "", "1..1"]) == []
