# SPDX-License-Identifier: GPL-2.0-only
"""The fewest cases that kill everything."""

from hypothesis import given
from hypothesis import strategies as st

from ksftci.mutants.fewest import case_of, choose


def test_a_case_is_all_tests_of_a_variant() -> None:
    assert case_of("mprotect_ksm.mprotect_ksm.base_all.stays_merged") == "mprotect_ksm.mprotect_ksm.base_all"


def test_a_case_that_kills_nothing_of_its_own_is_not_chosen() -> None:
    failed = {"one": ["p.f.a.x", "p.f.b.x"], "two": ["p.f.a.y"], "three": ["p.f.c.x", "p.f.b.x"]}
    chosen = choose(failed, {"p.f.a": 1.0, "p.f.b": 1.0, "p.f.c": 0.5})
    assert [(choice.case, list(choice.kills)) for choice in chosen] == [("p.f.a", ["one", "two"]), ("p.f.c", ["three"])]


_CASES = st.sampled_from([f"p.f.{letter}.t" for letter in "abcdefgh"])


@given(st.dictionaries(st.text(min_size=1, max_size=3), st.lists(_CASES, max_size=5)))
def test_everything_that_any_case_kills_is_killed_once(failed: dict[str, list[str]]) -> None:
    chosen = choose(failed, {"p.f.a": 3.0, "p.f.b": 0.2})
    killed = [mutant for choice in chosen for mutant in choice.kills]
    assert sorted(killed) == sorted(mutant for mutant, tests in failed.items() if tests)
    assert all(choice.kills for choice in chosen)
