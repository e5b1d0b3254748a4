# SPDX-License-Identifier: GPL-2.0-only
"""The patch series in docs/series/ is the one that ksftgen makes today."""

from pathlib import Path

import pytest
from tests import series


@pytest.mark.tree
def test_series_in_docs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in series._ENVIRONMENT:
        monkeypatch.setenv(name, "")  # put back after the test
    series.write(tmp_path / "out")
    assert series.changes(tmp_path / "out") == series.changes(series.DOCS), "run: python -m tests.series"
