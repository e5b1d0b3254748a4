# SPDX-License-Identifier: GPL-2.0-only
"""Fixtures for the tests of ksftgen: a sample scenario, as a file and loaded."""

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
