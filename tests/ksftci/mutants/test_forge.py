# SPDX-License-Identifier: GPL-2.0-only
"""Builds of mutants, with a compiler that copies."""

from pathlib import Path

import pytest
from tests.ksftci.mutants.fakes import SOURCE, mutant

from ksftci.arch import ARM64
from ksftci.errors import CiError
from ksftci.host.cache import Cache
from ksftci.kernel.tree import Tree
from ksftci.mutants.forge import Forge, delete


class FakeBuilder:
    """Object code is the source without a doubled semicolon, which a compiler would not see either."""

    arch = ARM64

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def build(self, tree: Tree, config: list[str]) -> Path:
        image = self.image(self.folder)
        image.parent.mkdir(parents=True, exist_ok=True)
        image.touch()
        return image

    def image(self, build: Path) -> Path:
        return build / "arch/arm64/boot/Image"

    def make_target(self, tree: Tree, build: Path, target: str) -> None:
        if target.endswith(".o"):
            (build / "mm").mkdir(exist_ok=True)
            text = (tree.path / target).with_suffix(".c").read_text()
            if "int error;" in text:
                raise CiError("mm/x.c:7: error: no")
            (build / target).write_text(text.replace(";;", ";"))


@pytest.fixture
def forge(tree: Tree, tmp_path: Path) -> Forge:
    forge = Forge(Cache(tmp_path / "cache"), tree, FakeBuilder(tmp_path / "build"), [])  # type: ignore[arg-type]
    forge.build_baseline()
    return forge


def test_object_code_is_compared_within_each_group(forge: Forge) -> None:
    results = [
        forge.build(mutant(name, group=group, after=after))
        for name, group, after in [
            ("listed", "curated", "int j;"),
            ("drawn", "sample", "int j;"),
            ("again", "sample", "int j;;"),
            ("nothing", "sample", "int i;;"),
            ("other", "sample", "int k;"),
        ]
    ]
    assert [(result.status, result.why) for result in results] == [
        ("built", ""),
        ("built", ""),
        ("same code", "the same object code as drawn"),
        ("same code", "the same object code as the unchanged kernel"),
        ("built", ""),
    ]


def test_the_tree_is_as_before_when_all_is_done(forge: Forge, tree: Tree) -> None:
    result = forge.build(mutant())
    assert "int j;" in (forge.tree.path / "mm/x.c").read_text()
    assert (tree.path / "mm/x.c").read_text() == SOURCE
    forge.restore()
    assert (forge.tree.path / "mm/x.c").read_text() == SOURCE
    assert result.image is not None
    delete(result.image)
    delete(result.image)
    assert not result.image.exists()


def test_a_mutant_that_an_interrupted_run_left_is_taken_out(forge: Forge, tree: Tree, tmp_path: Path) -> None:
    forge.build(mutant())
    later = Forge(Cache(tmp_path / "cache"), tree, forge.builder, [])
    later.build_baseline()
    assert (later.tree.path / "mm/x.c").read_text() == SOURCE


def test_a_mutant_that_does_not_compile_has_the_compilers_message(forge: Forge) -> None:
    result = forge.build(mutant(after="int error;"))
    assert (result.status, result.image, result.why) == ("not compiled", None, "mm/x.c:7: error: no")
