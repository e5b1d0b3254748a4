# SPDX-License-Identifier: GPL-2.0-only
"""What the tests of the plugin share."""

import pytest
from tests.ksftci.plugin.bench import Bench


@pytest.fixture
def bench(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(pytester, monkeypatch)
