# SPDX-License-Identifier: GPL-2.0-only
"""A hunt that is made of a plan."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.ksftci.mutants.fakes import BUG, FakeMachine, Silent, lines_file
from tests.ksftci.mutants.test_forge import FakeBuilder

from ksftci.errors import CiError
from ksftci.host.cache import Cache
from ksftci.kernel.tree import Tree
from ksftci.machine.machine import Job, Limits
from ksftci.machine.qemu import GuestOptions, Qemu
from ksftci.mutants import plan
from ksftci.mutants.campaign import Campaign, Selection
from ksftci.session.choice import Choice

PLAN = """\
tree: linux
prepare:
  - [touch, "{tree}/prepared"]
baseline: 3
suites:
  ours: {programs: [a, b], total: 70, silence: 7}
  theirs: {programs: [c]}
curated: curated.yaml
sample: {file: mm/x.c, first: length, last: change, seed: 1, count: 5}
lines: lines.json
verdicts: survivors.yaml
"""


@pytest.fixture
def campaign(tree: Tree, tmp_path: Path) -> Campaign:
    """A campaign with every file that a plan may name."""
    file = tmp_path / "plan.yaml"
    file.write_text(PLAN)
    (tmp_path / "curated.yaml").write_text(BUG.format(function="change", before="return pages;"))
    survivors = "survivors:\n  - {name: x, verdict: slower, why: y}\n  - {name: z, verdict: gap, why: y}\n"
    (tmp_path / "survivors.yaml").write_text(survivors)
    lines_file(tmp_path, {"22": ["a"]})
    trees: Any = SimpleNamespace(get=lambda _name, full: tree if full else None)
    return Campaign.read(file, plan.read(file), trees)


@pytest.fixture
def tools(tmp_path: Path) -> Any:
    class Builder(FakeBuilder):
        def identity(self, tree: Tree, config: list[str]) -> str:
            return "7.3.4-test"

    def qemu(label: str, image: Path, jobs: list[Job]) -> Qemu:
        assert jobs[0].name in ("a", "c")
        return Qemu(label, image, FakeBuilder.arch, Path("busybox"), None, Limits(), GuestOptions())

    return SimpleNamespace(
        cache=Cache(tmp_path / "cache"),
        kernel_builder=Builder(tmp_path / "build"),
        guests=SimpleNamespace(qemu=qemu),
        jobs=lambda programs, _tree, _kernels: [Job(name, Path("/bin/true")) for name in programs],
    )


def everything(campaign: Campaign, **fields: Any) -> Selection:
    return Selection(campaign.plan.suites, **fields)


def test_a_hunt_has_everything_that_the_plan_names(campaign: Campaign, tools: Any, tmp_path: Path) -> None:
    hunt = campaign.hunt(everything(campaign), tools, tmp_path / "results", Silent())
    ours, theirs = hunt.suites
    assert (ours.name, [job.name for job in ours.jobs], ours.limits) == ("ours", ["a", "b"], Limits(70, 7))
    assert (theirs.name, [job.name for job in theirs.jobs]) == ("theirs", ["c"])
    (bug,) = hunt.curated
    assert [job.name for job in ours.able(bug)] == ["a"]  # lines.json has a alone for line 22
    assert (hunt.sample_size, hunt.baseline_runs, hunt.at_once) == (5, 3, 2)
    assert len(hunt.sample) > 5
    assert hunt.indistinguishable == ["x"]
    assert hunt.ledger.kernel == "7.3.4-test" and not hunt.ledger.every_test
    assert hunt.ledger.journal.path == tmp_path / "results/journal.jsonl"
    guest = hunt.machine_for(Path("other"), Limits(1, 2))
    assert isinstance(guest, Qemu) and (guest.image, guest.limits) == (Path("other"), Limits(1, 2))


def test_a_selection_takes_a_part(campaign: Campaign, tools: Any, tmp_path: Path) -> None:
    chosen = Selection({"theirs": campaign.plan.suites["theirs"]}, Choice("length"), 1, True, 4)
    hunt = campaign.hunt(chosen, tools, tmp_path, Silent())
    assert [suite.name for suite in hunt.suites] == ["theirs"]
    assert list(hunt.curated) == [] and {mutant.function for mutant in hunt.sample} == {"length"}
    assert (hunt.sample_size, hunt.ledger.every_test, hunt.at_once) == (1, True, 4)


def test_mutants_are_chosen_by_name_file_function_and_group(campaign: Campaign) -> None:
    for text in ("one_more", "mm/x.c", "change", "curated"):
        assert len(everything(campaign, choice=Choice(text)).mutants(campaign.curated)) == 1
    assert everything(campaign, choice=Choice("sample")).mutants(campaign.curated) == []


def test_a_choice_of_no_mutant_is_said_before_anything_is_made(campaign: Campaign, tools: Any, tmp_path: Path) -> None:
    with pytest.raises(CiError, match=r"-k 'chnage': no mutant matches; the nearest of \d+ are\n    one_more"):
        campaign.hunt(everything(campaign, choice=Choice("chnage")), tools, tmp_path, Silent())
    assert not (tmp_path / "cache/mutants").exists()


def test_the_commands_of_the_plan_change_the_copy_of_the_tree(campaign: Campaign, tools: Any, tmp_path: Path) -> None:
    hunt = campaign.hunt(everything(campaign), tools, tmp_path, Silent())
    assert (hunt.forge.tree.path / "prepared").exists()
    assert not (campaign.tree.path / "prepared").exists()
    campaign.plan.prepare = [["false"]]
    with pytest.raises(CiError, match="putting tests into the tree"):
        campaign.hunt(everything(campaign), tools, tmp_path, Silent())


def test_ksftgen_is_that_of_this_python(
    campaign: Campaign, tools: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr("ksftci.mutants.campaign.run", lambda command, what: commands.append(command))
    campaign.plan.prepare = [["ksftgen", "install", "--tree", "{tree}"]]
    hunt = campaign.hunt(everything(campaign), tools, tmp_path, Silent())
    assert commands == [[sys.executable, "-m", "ksftgen", "install", "--tree", str(hunt.forge.tree.path)]]


def test_a_plan_with_curated_mutants_alone_has_no_sample(tree: Tree, tmp_path: Path, tools: Any) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text("tree: linux\nsuites:\n  ours: {programs: [a]}\ncurated: curated.yaml\n")
    (tmp_path / "curated.yaml").write_text(BUG.format(function="change", before="return pages;"))
    trees: Any = SimpleNamespace(get=lambda _name, full: tree)
    campaign = Campaign.read(file, plan.read(file), trees)
    hunt = campaign.hunt(everything(campaign), tools, tmp_path, Silent())
    hunt.machine_for = lambda _image, _limits: FakeMachine({"a.a"})
    hunt.run()
    outcome = hunt.ledger.suite_outcome(hunt.suites[0], hunt.curated[0])
    assert (hunt.sample_size, list(hunt.sample)) == (0, [])
    assert outcome is not None and outcome.kill is None  # a fails on the unchanged kernel, too
