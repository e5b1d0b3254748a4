# SPDX-License-Identifier: GPL-2.0-only
"""What the tests of mutants share."""

from pathlib import Path

import pytest
from tests.ksftci.mutants.fakes import SOURCE

from ksftci.kernel.tree import Tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A tree of Linux 7.3.4 whose only source file is mm/x.c."""
    path = tmp_path / "linux"
    (path / "mm").mkdir(parents=True)
    (path / "Makefile").write_text("VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 4\nEXTRAVERSION =\n")
    (path / "tools/testing/selftests").mkdir(parents=True)
    (path / "tools/testing/selftests/lib.mk").touch()
    (path / "mm/x.c").write_text(SOURCE)
    return Tree.open(path)
