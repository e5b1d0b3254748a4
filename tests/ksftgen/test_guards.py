# SPDX-License-Identifier: GPL-2.0-only
"""Guards that a kernel tree does not have."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.ksftgen.test_install import make_tree

from ksftgen.guards import warnings
from ksftgen.scenario import Scenario

SOURCE = "static long\nchange_pte_range(int x)\n{\n}\n#define pte_batch(x) x\nSYSCALL_DEFINE3(mprotect, int, x)\n"


def test_a_guard_that_is_not_in_the_tree_is_warned_of(sample: Scenario, tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "linux", (7, 3))
    (tree / "mm").mkdir()
    (tree / "mm/mprotect.c").write_text(SOURCE)

    def warned(*guards: str) -> list[str]:
        return [text.partition(": Linux 7.3 ")[2] for text in warnings([replace(sample, guards=guards)], tree)]

    there = [f"mm/mprotect.c:{name}" for name in ("change_pte_range", "pte_batch", "mprotect")]
    assert warned(*there) == []
    end = "correct it, unless another kernel has it"
    assert warned("mm/mprotect.c:change_pte_rnge", "mm/gone.c:x") == [
        f'has no change_pte_rnge() there; did you mean "change_pte_range"? {end}',
        f"has no mm/gone.c; {end}",
    ]
