# SPDX-License-Identifier: GPL-2.0-only
"""The random sample."""

import pytest
from tests.ksftci.mutants.fakes import SOURCE

from ksftci.errors import CiError
from ksftci.kernel.tree import Tree
from ksftci.mutants import sample


def test_the_same_seed_draws_the_same_sample(tree: Tree) -> None:
    first = sample.draw(tree, "mm/x.c", "length", "change", 1)
    assert first == sample.draw(tree, "mm/x.c", "length", "change", 1)
    assert first != sample.draw(tree, "mm/x.c", "length", "change", 2)
    assert len({mutant.name for mutant in first}) == len(first)
    for mutant in first:
        assert mutant.apply(SOURCE).count("\n") == SOURCE.count("\n")


def test_a_sample_is_of_the_functions_from_first_to_last(tree: Tree) -> None:
    assert {mutant.function for mutant in sample.draw(tree, "mm/x.c", "length", "length", 1)} == {"length"}
    with pytest.raises(CiError, match=r"there is no function gone\(\) in mm/x.c"):
        sample.draw(tree, "mm/x.c", "length", "gone", 1)
