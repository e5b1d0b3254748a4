# SPDX-License-Identifier: GPL-2.0-only
"""What must hold of pages: what a write costs, who shares what, and what is not known."""

from __future__ import annotations

import pytest

from ksftgen.library import library
from ksftgen.memory import ANON, EMPTY, GUARD, MERGED, ZERO, Memory
from ksftgen.rows import rows
from ksftgen.window import Window


def mapped(layout: str) -> Memory:
    memory = Memory(Window.of(library()[layout]))
    memory.map("a")
    return memory


def forked(layout: str, word: str) -> Memory:
    memory = mapped(layout)
    memory.fork("parent", "child", memory.chosen("parent", word))
    return memory


def row(memory: Memory, process: str, name: str) -> str:
    return rows(memory.of(process))[name][:8]


def test_fork_shares_what_it_hands_on() -> None:
    memory = forked("order2", "alternate")
    assert [row(memory, "parent", name) for name in ("is", "costs")] == ["S.S.S.S.", "10101010"]
    assert [row(memory, "child", name) for name in ("may", "costs")] == ["w~w~w~w~", "1~1~1~1~"]


def test_a_write_parts_those_who_share() -> None:
    memory = forked("order2", "alternate")
    memory.access("parent", range(4), "b")
    assert [row(memory, "parent", name) for name in ("is", "holds")] == ["....S.S.", "bbbbaaaa"]
    assert [row(memory, "child", name) for name in ("is", "holds", "costs")] == ["s~s~S~S~", "a~a~a~a~", "1~1~1~1~"]


def test_what_an_exited_child_has_shared_still_costs() -> None:
    memory = forked("order2", "alternate")
    memory.exit("child")
    assert [row(memory, "parent", name) for name in ("is", "costs")] == ["s.s.s.s.", "10101010"]
    assert list(memory.pages) == ["parent"]


def test_mprotect_leaves_out_what_is_not_mapped_and_nothing_else_changes() -> None:
    memory = forked("base", "alternate")
    memory.change("child", "whole", "none")
    assert [row(memory, "child", name) for name in ("may", "costs", "is")] == ["-~-~-~-~", ".~.~.~.~", "S~S~S~S~"]
    memory.change("child", "whole", "rw")
    assert row(memory, "child", "costs") == "1~1~1~1~"
    assert row(memory, "parent", "may") == "wwwwwwww"


def test_fork_copies_the_zero_page_only_where_a_page_of_ones_own_is() -> None:
    memory = mapped("holes")
    memory.access("parent", range(8))
    memory.fork("parent", "child", memory.chosen("parent", "all"))
    assert [row(memory, "parent", "is"), row(memory, "child", "is")] == ["zzzzzzzz", "________"]
    memory.access("parent", [20], "b")
    memory.fork("parent", "second_child", memory.chosen("parent", "all"))
    assert row(memory, "second_child", "is") == "zzzzzzzz"
    memory.exit("child")
    memory.exit("second_child")


def test_a_vma_that_is_merged_with_one_that_was_written_is_copied_too() -> None:
    memory = mapped("holes")
    memory.change("parent", "straddle_pmd", "read")
    memory.access("parent", range(64))
    memory.access("parent", [0], "b")
    memory.fork("parent", "child", memory.chosen("parent", "all"))
    boundary = memory.window.boundary
    assert rows(memory.of("child"))["is"][boundary - 5 : boundary] == "zz___"
    memory.change("parent", "whole", "rw")
    memory.fork("parent", "second_child", memory.chosen("parent", "all"))
    assert rows(memory.of("second_child"))["is"][boundary - 5 : boundary] == "zzzzz"


def test_untouched_and_zero_pages() -> None:
    memory = mapped("holes")
    assert memory.of("parent")[0].cost(is_write=False) == (1, 1)
    memory.access("parent", range(2))
    assert [page.what for page in memory.of("parent")[:3]] == [ZERO, ZERO, EMPTY]
    assert [row(memory, "parent", name) for name in ("holds", "costs")] == ["00000000", "11111111"]
    memory.access("parent", range(1, 3), "b")
    assert [row(memory, "parent", name) for name in ("is", "holds")] == ["z..____" + "_", "0bb00000"]


def test_a_guard_region_stays_where_pages_are_zapped() -> None:
    memory = mapped("base")
    memory.zap("parent", [0], GUARD)
    memory.zap("parent", [0, 1])
    memory.access("parent", range(3), "b")
    assert [row(memory, "parent", name) for name in ("is", "holds", "costs")] == ["g.......", "gbbaaaaa", ".0000000"]
    memory.unguard("parent", range(2))
    assert row(memory, "parent", "is") == "_......."


def test_a_pmd_that_nobody_else_maps_is_given_or_split() -> None:
    memory = forked("pmd_thp", "all")
    memory.exit("child")
    assert row(memory, "parent", "costs") == "11111111"
    memory.access("parent", [0], "b")
    assert row(memory, "parent", "costs") == "0+++++++"
    assert not memory.of("parent")[1].by_pmd
    assert memory.of("parent")[512].by_pmd


def test_a_pmd_that_somebody_maps_is_split() -> None:
    memory = forked("pmd_thp", "all")
    memory.access("parent", [0], "b")
    assert [row(memory, "parent", name) for name in ("is", "costs")] == [".SSSSSSS", "01111111"]


@pytest.mark.parametrize(("word", "stays"), [("whole", True), ("straddle_pmd", False)])
def test_a_vma_that_ends_inside_splits_a_pmd(word: str, stays: bool) -> None:
    memory = mapped("pmd_thp")
    memory.change("parent", word, "read")
    assert all(page.by_pmd is stays for page in memory.of("parent"))


def test_merged_pages_leave_their_frame() -> None:
    memory = mapped("base")
    memory.merge([0, 1])
    memory.access("parent", [1], "b")
    assert [page.what for page in memory.of("parent")[:3]] == [MERGED, ANON, ANON]
    assert row(memory, "parent", "costs") == "10000000"


def test_what_is_not_modelled_is_not_claimed() -> None:
    """Neither of the process nor of who shares the frame; a write may be refused, and content may be lost."""
    memory = forked("order2", "alternate")
    memory.mark("swap_out", "parent", [0, 1], has_lost=False)
    memory.mark("uffd_wp", "parent", [2], has_lost=False)
    memory.mark("lazyfree", "parent", [3], has_lost=True)
    assert [row(memory, "parent", name) for name in ("is", "holds", "costs")] == ["ooulS.S.", "aaa?aaaa", "????1010"]
    assert row(memory, "child", "costs") == "?~?~1~1~"
    memory.access("parent", range(4), "b")
    assert row(memory, "parent", "holds") == "bb?baaaa"


def test_fork_with_a_pin_is_not_modelled_for_all_of_a_folio() -> None:
    memory = mapped("order2")
    memory.mark("pin", "parent", [1], has_lost=False)
    memory.fork("parent", "child", range(64))
    assert [row(memory, process, "is") for process in ("parent", "child")] == ["ppppSSSS", "ppppSSSS"]


def test_wiped_memory_is_new_to_a_child() -> None:
    memory = mapped("base")
    memory.change("parent", "whole", vma="wipe_on_fork")
    memory.fork("parent", "child", range(64))
    assert row(memory, "parent", "is") == "........"
    assert row(memory, "child", "is") == "________"
