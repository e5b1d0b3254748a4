# SPDX-License-Identifier: GPL-2.0-only
"""What `ksftgen explain` tells of pages is what the C expects of them."""

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fuzz import memory

from ksftci.results.model import Verdict
from ksftgen import spec
from ksftgen.render import render

SMALL = Path(__file__).parent / "ksftgen/data/mprotect_small.yaml"


def test_a_program_compares_behind_each_step() -> None:
    scenario = spec.load(SMALL)
    program = memory.comparing(scenario, render([scenario])["mprotect_small.c"])
    # The child lives from the second step on, but in the last two.
    assert program.count("\tSTEP(area_") == len(scenario.steps) == 10
    assert program.count("\tSTEP(explained(area, PROCESS_PARENT,") == 10
    assert program.count("\tSTEP(explained(area, PROCESS_CHILD,") == 7


@pytest.mark.native
@pytest.mark.parametrize(
    ("seed", "count"), [(3, 40), pytest.param(None, 300, marks=pytest.mark.nightly)], ids=["known", "any"]
)
def test_what_is_told_is_what_the_c_expects(tree: Callable[[str], Path], seed: int | None, count: int) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root")
    seed = random.randrange(10**6) if seed is None else seed
    print(f"again: python -m tests.fuzz.memory --seed {seed} --count {count} --tree TREE")
    results = memory.compare(seed, count, tree("debian:7.3"), ["--native"])
    assert not memory.differences(results)
    assert sum(result.verdict is Verdict.PASS for result in results) >= count // 2
