# SPDX-License-Identifier: GPL-2.0-only
"""What the tests of ksftgen share."""

from __future__ import annotations

from pathlib import Path

import pytest

from ksftgen import spec
from ksftgen.scenario import Scenario

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="session")
def sample_path() -> Path:
    return DATA / "mprotect_sample.yaml"


@pytest.fixture(scope="session")
def sample(sample_path: Path) -> Scenario:
    return spec.load(sample_path)
