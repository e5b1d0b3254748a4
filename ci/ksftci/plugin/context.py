# SPDX-License-Identifier: GPL-2.0-only
"""What all nodes of one pytest session share."""

from functools import cached_property
from pathlib import Path

import pytest

from ksftci.plugin.boots import Boots
from ksftci.plugin.catalog import Catalog
from ksftci.plugin.settings import Settings

_NEEDS = "needs_"


class Context:
    """Where the tests of a program are known from, where they run, and how they are called."""

    def __init__(self, config: pytest.Config, settings: Settings, catalog: Catalog, boots: Boots) -> None:
        self.config, self.settings, self.catalog, self.boots = config, settings, catalog, boots
        self._markers = {"ksft"}

    def in_id(self, name: str, label: str) -> str:
        """A case's name in ids: with its kernel if there are several."""
        return f"{name}[{label}]" if len(self.settings.labels) > 1 else name

    def marker(self, name: str) -> str:
        """A marker, made known to --strict-markers."""
        if name not in self._markers:
            self._markers.add(name)
            lacks = name.removeprefix(_NEEDS)
            what = f"kernels must have {lacks}" if lacks != name else f"cases of the program {name}"
            self.config.addinivalue_line("markers", f"{name}: {what}")
        return name

    @cached_property
    def source_folders(self) -> list[Path]:
        """Where sources lie when the programs were built elsewhere."""
        tree = Path(self.settings.tree)
        return sorted((tree / "tools/testing/selftests").glob("*/")) if tree.is_dir() else []
