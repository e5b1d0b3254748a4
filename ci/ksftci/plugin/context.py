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
    """The tests of all programs, the boots in which they run, and the names and markers of their items."""

    def __init__(self, config: pytest.Config, settings: Settings, catalog: Catalog, boots: Boots) -> None:
        self.config, self.settings, self.catalog, self.boots = config, settings, catalog, boots
        self._markers = {"ksft"}

    def item_name(self, name: str, label: str) -> str:
        """A test's name in node ids: with the kernel's label if there are several kernels."""
        return f"{name}[{label}]" if len(self.settings.labels) > 1 else name

    def marker(self, name: str) -> str:
        """The name of a marker, which is registered, as --strict-markers demands."""
        if name not in self._markers:
            self._markers.add(name)
            feature = name.removeprefix(_NEEDS)
            meaning = f"kernels must have {feature}" if feature != name else f"cases of the program {name}"
            self.config.addinivalue_line("markers", f"{name}: {meaning}")
        return name

    @cached_property
    def source_folders(self) -> list[Path]:
        """Folders of the tree's selftests: where sources lie when their programs were built elsewhere."""
        tree = Path(self.settings.tree)
        return sorted((tree / "tools/testing/selftests").glob("*/")) if tree.is_dir() else []
