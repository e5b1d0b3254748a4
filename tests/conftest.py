# SPDX-License-Identifier: GPL-2.0-only
"""What the tests of the whole line share: checkouts, and real kernel trees with the generated tests in them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The tests must not depend on how busy the machine is. They draw the same examples each time: tests/fuzz/ looks for new
# ones. What they draw does not depend on the fixtures of a test.
settings.register_profile(
    "any machine",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("any machine")

TOP = Path(__file__).resolve().parent.parent
NAMES = sorted(path.stem for path in (TOP / "scenarios").glob("*.yaml"))


def call(*argv: object, status: int = 0, timeout: float = 1500) -> str:
    """Run a module of ours from the checkout's top; gives what it printed on both streams."""
    done = subprocess.run(
        [sys.executable, "-m", *map(str, argv)],
        cwd=TOP,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == status, f"{argv}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this project as a checkout has it: all files except those that git ignores."""
    folder = tmp_path_factory.mktemp("checkout")
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=TOP, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(TOP / name, folder / name, follow_symlinks=False)
    return folder


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A copy of a kernel tree, with the generated tests installed."""
    folder = tmp_path_factory.mktemp("trees")

    def get(source: str) -> Path:
        copy = folder / source.replace(":", "-")
        if not copy.exists():
            call("ksftci", "tree", "get", source, "--to", copy)
            call("ksftgen", "install", "--tree", copy)
        return copy

    return get


@pytest.fixture
def kernel_tree() -> str:
    """What kernels are built from; a whole tree that has been built from before saves minutes."""
    return os.environ.get("KSFTCI_TEST_TREE", "debian:7.3")
