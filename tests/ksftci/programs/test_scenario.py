# SPDX-License-Identifier: GPL-2.0-only
"""Scenarios of a user, in a small kernel tree; ksftgen is the real one, and nothing is built."""

from pathlib import Path

import pytest
from tests.ksftci.programs.test_find import FakeBuilder
from tests.ksftgen.test_install import contents, make_tree

from ksftci.arch import ARM64
from ksftci.assembly import Options, Tools, assemble
from ksftci.errors import CiError
from ksftci.host.cache import Cache
from ksftci.kernel.image import KernelRef
from ksftci.kernel.tree import Tree
from ksftci.programs import find, makefile, scenario

SAMPLE = Path(__file__).parents[2] / "ksftgen/data/mprotect_sample.yaml"
TEXT = SAMPLE.read_text()


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    top = make_tree(tmp_path / "linux", (7, 3))
    (top / "tools/testing/selftests/lib.mk").touch()
    for name in ("cow", "cow.o"):  # as a build in the tree leaves them
        (top / "tools/testing/selftests/mm" / name).touch()
    return Tree.open(top)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def named(name: str, folder: Path) -> str:
    """The sample scenario under another name, as a file."""
    path = folder / f"{name}.yaml"
    path.write_text(TEXT.replace("mprotect_sample", name))
    return str(path)


def programs(tree: Tree) -> set[str]:
    return {name for name in makefile.programs(tree.collection("mm")) if name.startswith("mprotect_")}


def test_a_copy_of_the_tree_has_the_test_and_the_tree_does_not(tree: Tree, cache: Cache) -> None:
    before, said = contents(tree.path), list[str]()
    with scenario.installed(cache, tree, [str(SAMPLE)], said.append) as copy:
        assert programs(copy) == {"mprotect_sample"}
        folder = copy.collection("mm")
        assert (folder / "cow.c").is_file() and not {"cow", "cow.o"} & {path.name for path in folder.iterdir()}
        assert (copy.path / "tools/testing/selftests/lib.mk").is_symlink()
        assert copy.version == tree.version
    assert contents(tree.path) == before
    assert not copy.path.exists()
    assert said[0] == f"installing {SAMPLE} into a copy of the tree of 7.3.4"
    assert said[1].startswith("warning: mprotect_sample guards mm/mprotect.c:")  # of which this tree has none


def test_two_runs_at_once_have_a_copy_each_and_a_later_one_has_the_path_of_an_earlier(
    tree: Tree, cache: Cache, tmp_path: Path
) -> None:
    one, two = (named(name, tmp_path) for name in ("mprotect_one", "mprotect_two"))
    with scenario.installed(cache, tree, [one], print) as first:
        (first.path / "rest").touch()
        with scenario.installed(cache, tree, [two, one], print) as second:
            assert programs(second) == {"mprotect_one", "mprotect_two"}
        assert programs(first) == {"mprotect_one"}
    with scenario.installed(cache, tree, [two], print) as third:
        assert programs(third) == {"mprotect_two"}
        assert third.path == first.path != second.path
        assert not (third.path / "rest").exists()
    assert list((cache.root / "scenarios").iterdir()) == []


def test_a_mistake_is_shown_as_ksftgen_tells_it(tree: Tree, cache: Cache, tmp_path: Path) -> None:
    bad = tmp_path / "mprotect_sample.yaml"
    bad.write_text(TEXT.replace("  - fork:", "  - frok:"))
    line = next(number for number, text in enumerate(bad.read_text().splitlines(), 1) if "frok" in text)
    with pytest.raises(CiError, match=rf"\n{bad}:{line}:\d+: .*frok"):
        scenario.check([str(bad)], print)
    with pytest.raises(CiError, match="frok"), scenario.installed(cache, tree, [str(bad)], print):
        pass
    assert list((cache.root / "scenarios").iterdir()) == []


def test_a_scenario_says_how_many_tests_it_has(tmp_path: Path) -> None:
    said: list[str] = []
    scenario.check([str(SAMPLE)], said.append)
    assert [line.startswith("mprotect_sample: ") and " tests = " in line for line in said] == [True]
    with pytest.raises(CiError, match=r"absent\.yaml"):
        scenario.check([str(tmp_path / "absent.yaml")], said.append)


def test_without_ksftgen_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenario, "find_spec", lambda _: None)
    with pytest.raises(CiError, match="ksftgen, which makes tests of scenarios, is not installed"):
        scenario.check([str(SAMPLE)], print)


@pytest.fixture
def tools(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> Tools:
    """Tools of a machine that has all that is needed."""
    tools = assemble(Options(cache=cache.root))
    for tool in (type(tools.guests), type(tools.builder)):
        monkeypatch.setattr(tool, "check", lambda _: None)
    return tools


def test_a_scenario_is_a_program_like_others(tools: Tools, tree: Tree) -> None:
    names, source, kernels = ["cow", str(SAMPLE)], str(tree.path), {"k": KernelRef("k")}
    tools.check(names, source, kernels)
    with tools.prepared(names, source, kernels) as (programs, place):
        assert place is not None
        jobs = find.jobs(programs, Tree.open(Path(place)), ARM64, FakeBuilder())
        assert [job.name for job in jobs] == ["cow", "mprotect_sample"]
    with tools.prepared(["cow"], source, kernels) as unchanged:
        assert unchanged == (["cow"], source)


def test_what_cannot_be_is_said_before_anything_is_built(tools: Tools, tree: Tree, tmp_path: Path) -> None:
    kernels = {"k": KernelRef("k")}
    with pytest.raises(CiError, match=r"mprotect_sample\.yaml: its test is built in a kernel tree; give --tree TREE"):
        tools.check([str(SAMPLE)], None, kernels)
    with pytest.raises(CiError, match=r"there is no cwo\.c"):
        tools.check([str(SAMPLE), "cwo"], str(tree.path), kernels)
    with pytest.raises(CiError, match=r"absent\.yaml"):
        tools.check([str(tmp_path / "absent.yaml")], str(tree.path), kernels)
    with pytest.raises(CiError, match="no such folder"):
        tools.check([str(SAMPLE)], str(tmp_path / "absent"), kernels)
    with pytest.raises(CiError, match="a scenario; `ksftci run` takes it as it is"):
        find.jobs([str(SAMPLE)], tree, ARM64, FakeBuilder())
