# SPDX-License-Identifier: GPL-2.0-only
"""Fixtures for the tests of ksftgen: a sample scenario, as a file and loaded, and an installed ksftgen."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import plainprint
import plainyaml
from ksftgen import paths, spec
from ksftgen.scenario import Scenario

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="session")
def sample_path() -> Path:
    return DATA / "mprotect_sample.yaml"


@pytest.fixture(scope="session")
def sample(sample_path: Path) -> Scenario:
    return spec.load(sample_path)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, sample_path: Path) -> Path:
    """A folder for PYTHONPATH with ksftgen as a wheel installs it, and with the sample as its only scenario."""
    folder = tmp_path_factory.mktemp("site")
    ignored = shutil.ignore_patterns("__pycache__", "templates", "scenarios", "docs")
    shutil.copytree(Path(paths.__file__).parent, folder / "ksftgen", ignore=ignored)
    for package in map(str, (plainprint.__file__, plainyaml.__file__)):
        shutil.copytree(Path(package).parent, folder / Path(package).parent.name, ignore=ignored)
    shutil.copytree(paths.folder("templates"), folder / "ksftgen/templates")
    shutil.copytree(paths.folder("docs/found"), folder / "ksftgen/docs/found")
    (folder / "ksftgen/scenarios").mkdir()
    shutil.copy(sample_path, folder / "ksftgen/scenarios")
    return folder
