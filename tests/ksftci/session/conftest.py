# SPDX-License-Identifier: GPL-2.0-only
"""What the tests of sessions share."""

from pathlib import Path

import pytest
from tests.ksftci.session.fake_guest import write_jobs

from ksftci.machine.machine import Job


@pytest.fixture
def jobs(tmp_path: Path) -> list[Job]:
    """harness_a, plain, harness_b: see fake_guest.py."""
    return write_jobs(tmp_path)
