# SPDX-License-Identifier: GPL-2.0-only
"""Puts the manual pages into a wheel: they are made of the help, so that nobody has to keep the two alike."""

import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.builders.utils import get_reproducible_timestamp


class ManualPages(BuildHookInterface[Any]):
    """Called by hatchling when it builds a wheel, in an environment that has what the commands need."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the pages, and have the wheel install them."""
        sys.path[:0] = [f"{self.root}/generator", f"{self.root}/ci"]
        from ksftci.cli import app as ksftci
        from ksftgen.cli import app as ksftgen
        from plainprint import man

        self.folder = Path(tempfile.mkdtemp())
        date = f"{datetime.fromtimestamp(get_reproducible_timestamp(), UTC):%Y-%m-%d}"
        for name, app, other in (("ksftgen", ksftgen, "ksftci"), ("ksftci", ksftci, "ksftgen")):
            page = self.folder / f"{name}.1"
            page.write_text(man.page(app, name, self.metadata.version, date, other))
            build_data["shared_data"][str(page)] = f"share/man/man1/{page.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the pages, which are in the wheel."""
        shutil.rmtree(self.folder)
