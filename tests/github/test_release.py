# SPDX-License-Identifier: GPL-2.0-only
"""A release: its tag, version and changelog agree, and its files are built by a script."""

import os
import re
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.conftest import TOP

import ksftci
import ksftgen

notes = runpy.run_path(str(TOP / "ci/github/release.py"))["notes"]
VERSION = ksftgen.__version__
CHANGELOG = "# Changes\n\n## [1.3.0] - 2026-12-31\n\n### Added\n\n- A verb.\n\n## [1.2.0] - 2026-11-30\n\n- All.\n"


def test_the_changelog_begins_with_the_version_of_both_commands() -> None:
    text = re.sub("^(## .* - )unreleased$", r"\g<1>2026-12-31", (TOP / "CHANGELOG.md").read_text(), flags=re.MULTILINE)
    assert ksftci.__version__ == VERSION
    assert notes(f"v{VERSION}", VERSION, text)


def test_notes_are_those_of_the_newest_version() -> None:
    assert notes("v1.3.0", "1.3.0", CHANGELOG) == "### Added\n\n- A verb."


@pytest.mark.parametrize(
    ("tag", "version", "changelog", "message"),
    [
        ("v1.3.0", "1.4.0", CHANGELOG, "CHANGELOG.md begins with 1.3.0, the version is 1.4.0"),
        ("1.3.0", "1.3.0", CHANGELOG, "the tag is 1.3.0, the version is 1.3.0; it is released by the tag v1.3.0"),
        ("v1.3.0", "1.3.0", "# Changes\n", "no line is like"),
        ("v2.0", "2.0", "## [2.0] - unreleased\n", "2.0 is unreleased; give the date of its release"),
    ],
)
def test_what_does_not_fit_is_not_released(tag: str, version: str, changelog: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        notes(tag, version, changelog)


def test_a_wrong_tag_is_an_error_that_github_shows() -> None:
    done = subprocess.run([TOP / "ci/github/release.py"], env={"KSFT_TAG": "v9"}, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"::error::the tag is v9")


@pytest.mark.tree
def test_the_script_builds_what_is_released(checkout: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(checkout, tmp_path / "checkout"))
    git = [
        "git",
        "-C",
        str(folder),
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@example.org",
        "-c",
        "commit.gpgsign=false",
    ]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
        subprocess.run([*git, *command], check=True)
    environment = {**os.environ, "RUNNER_TEMP": str(tmp_path), "PYTHONPATH": ""}
    subprocess.run([folder / "ci/github/dist.sh"], env=environment, check=True)
    built = {path.name for path in (folder / "dist").iterdir()}
    assert built == {f"ksftgen-{VERSION}.tar.gz", f"ksftgen-{VERSION}-py3-none-any.whl"}
