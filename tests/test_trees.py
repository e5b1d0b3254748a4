# SPDX-License-Identifier: GPL-2.0-only
"""The generated tests in real kernel trees, built by the trees' own Makefiles."""

import platform
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.conftest import NAMES, TOP, call

from ksftci import arch
from ksftci.host.cache import Cache
from ksftci.kernel.tree import Tree
from ksftci.programs.build import Builder

pytestmark = pytest.mark.tree
Trees = Callable[[str], Path]
MM = "tools/testing/selftests/mm"
ARCHES = sorted({"arm64", platform.machine().replace("aarch64", "arm64")})


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


@pytest.mark.parametrize("source", ["debian:7.3", "debian:7.2", "debian:6.12"])
@pytest.mark.parametrize("name", ARCHES)
@pytest.mark.parametrize("static", [True, False], ids=["static", "dynamic"])
def test_the_trees_make_builds_them_without_a_warning(tree: Trees, source: str, name: str, static: bool) -> None:
    told: list[str] = []
    builder = Builder(Cache.find(None), arch.find(name), say=told.append)
    built = builder.build(Tree.open(tree(source)), NAMES, static=static)
    assert [path.name for path in built] == NAMES
    assert [line for line in told if "warning" in line] == []


def test_twice_is_once(tree: Trees) -> None:
    before = contents(tree("debian:7.3") / MM)
    call("ksftgen", "install", "--tree", tree("debian:7.3"))
    assert contents(tree("debian:7.3") / MM) == before


@pytest.mark.parametrize("path", sorted((TOP / "generated").glob("*.[ch]")), ids=lambda path: path.name)
def test_checkpatch_has_nothing_to_say(tree: Trees, path: Path) -> None:
    script = tree("debian:7.3") / "scripts/checkpatch.pl"
    argv = ["perl", str(script), "--no-tree", "--strict", "--terse", "--no-summary", "-f", str(path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.stdout + done.stderr == ""


def test_a_tree_of_7_3_gets_what_is_committed(tree: Trees) -> None:
    for path in (TOP / "generated").glob("*.[ch]"):
        assert (tree("debian:7.3") / MM / path.name).read_bytes() == path.read_bytes()
