# SPDX-License-Identifier: GPL-2.0-only
"""Scenarios of a user: ksftgen makes tests of them, in a copy of a kernel tree that belongs to one run."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from ksftci.errors import CiError
from ksftci.host.cache import Cache
from ksftci.host.digest import digest
from ksftci.kernel.tree import Tree
from ksftci.programs import shadow

COLLECTION = "mm"  # in which the tests of scenarios are
_SUFFIXES = (".yaml", ".yml")


def is_one(name: str) -> bool:
    """Whether a PROGRAM of the command line is the path of a scenario."""
    return name.endswith(_SUFFIXES)


def among(names: Sequence[str]) -> list[str]:
    """The scenarios among the PROGRAMs of the command line."""
    return [name for name in names if is_one(name)]


def program(name: str) -> str:
    """The name of the program of a scenario; any other PROGRAM is itself. A scenario is called as its file."""
    return f"{COLLECTION}:{Path(name).stem}" if is_one(name) else name


def check(scenarios: Sequence[str], say: Callable[[str], None]) -> None:
    """Say how many tests each scenario has. Raises CiError with the places of all mistakes, as ksftgen tells them."""
    say(ksftgen("check", say, "--", *scenarios).strip())


@contextmanager
def installed(cache: Cache, tree: Tree, scenarios: Sequence[str], say: Callable[[str], None]) -> Iterator[Tree]:
    """A copy of the tree with the tests of the scenarios in it, which no other run uses. It is removed after the block.

    The copy has folders and files of its own only where tests are installed, and links for all the rest. It is at one
    of few paths, so that a later run need not make the kernel's headers again. Raises CiError when ksftgen refuses a
    scenario or the tree.
    """
    with cache.place("scenarios", digest(str(tree.path))) as folder:
        say(f"installing {', '.join(scenarios)} into a copy of the tree of {tree.version}")
        _copy(tree, folder)
        ksftgen("install", say, "--tree", str(folder), "--", *scenarios)
        yield Tree.open(folder)


def _copy(tree: Tree, to: Path) -> None:
    collection = tree.collection(COLLECTION)
    source, target = tree.path, to
    for part in collection.relative_to(tree.path).parts:
        target.mkdir(exist_ok=True)
        for entry in source.iterdir():
            if entry.name != part:
                (target / entry.name).symlink_to(entry)
        source, target = source / part, target / part
    shutil.copytree(source, target, symlinks=True, ignore=shadow.built_files)


def ksftgen(command: str, say: Callable[[str], None], *arguments: str) -> str:
    """Run the ksftgen of this Python. Gives what it prints; `say` gets its warnings.

    Raises CiError with what it says is wrong.
    """
    if find_spec("ksftgen") is None:
        raise CiError(
            f"ksftgen, which makes tests of scenarios, is not installed for {sys.executable}; install it with pip"
        )
    argv = [sys.executable, "-m", "ksftgen", command, *arguments]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CiError(f"ksftgen {command} refuses it:\n{done.stderr.strip()}")
    if warnings := done.stderr.strip():
        say(warnings)
    return done.stdout
