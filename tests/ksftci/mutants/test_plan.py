# SPDX-License-Identifier: GPL-2.0-only
"""The plan and the judgements."""

from pathlib import Path

import pytest

from ksftci.errors import CiError
from ksftci.mutants import plan

PLAN = "tree: debian:7.3\nsuites:\n  ours: {programs: [a]}\n  theirs: {programs: [b]}\ncurated: c.yaml\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "plan.yaml"
    file.write_text(PLAN)
    return file


def test_a_plan_names_the_programs_of_each_suite(file: Path) -> None:
    content = plan.read(file)
    assert plan.programs(file, content.suites["ours"]) == ["a"]
    (file.parent / "list.yaml").write_text("programs:\n  - run: mm:cow\n")
    assert plan.programs(file, plan.SuitePlan(list="list.yaml")) == ["mm:cow"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (PLAN.replace("ours:", "ours: {}\n  other:"), "suite ours has both of these, or neither"),
        (PLAN.replace("curated: c.yaml", ""), "there are no mutants in it"),
        (PLAN + "sampel: {}\n", r"plan.yaml:6:1: unknown key .sampel.; did you mean .sample.. allowed: tree, arch"),
        (PLAN + "sample: {file: x, first: a, last: b, seed: one, count: 3}\n", r"plan.yaml:6:.*seed .one."),
        ("- a\n", "must be a mapping"),
        ("", "is empty"),
    ],
)
def test_every_mistake_in_a_plan_has_a_place(file: Path, text: str, message: str) -> None:
    file.write_text(text)
    with pytest.raises(CiError, match=message):
        plan.read(file)


def test_suites_are_chosen_by_name(file: Path) -> None:
    content = plan.read(file)
    assert list(plan.suites(file, content, [])) == ["ours", "theirs"]
    assert list(plan.suites(file, content, ["theirs"])) == ["theirs"]
    with pytest.raises(CiError, match=r"plan.yaml: there is no suite our; there are ours, theirs"):
        plan.suites(file, content, ["our"])


def test_the_guest_is_as_the_plan_says(file: Path) -> None:
    file.write_text(PLAN + "memory: 512\nswap: 64\nappend: quiet\n")
    guest = plan.read(file).guest
    assert (guest.memory_mb, guest.swap_mb, guest.append) == (512, 64, "quiet")


def test_judgements_are_in_a_file_that_may_not_exist_yet(file: Path) -> None:
    file.write_text(PLAN + "verdicts: survivors.yaml\n")
    content = plan.read(file)
    assert plan.judgements(file, content) == {}
    (file.parent / "survivors.yaml").write_text("survivors:\n  - {name: m, verdict: slower, why: a flush}\n")
    assert plan.judgements(file, content)["m"].verdict == "slower"
    (file.parent / "survivors.yaml").write_text("survivors:\n  - {name: m, verdict: fast, why: a flush}\n")
    with pytest.raises(CiError, match=r'survivors.yaml:2:.*"fast" is unknown'):
        plan.judgements(file, content)
