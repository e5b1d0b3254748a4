# SPDX-License-Identifier: GPL-2.0-only
"""What to do about a file that cannot be read or written."""

from pathlib import Path

import pytest

from plainprint.reason import reason


def why(path: Path) -> str:
    """The reason why a file cannot be read."""
    with pytest.raises(OSError) as caught:
        path.read_bytes()
    return reason(caught.value, path).partition("; ")[2]


def test_a_missing_file_has_near_ones(tmp_path: Path) -> None:
    (tmp_path / "known-issues.yaml").touch()
    near = f'did you mean "{tmp_path}/known-issues.yaml"?'
    for name in ("known_issues.yaml", "known-issue.yml", "known-issues"):
        assert why(tmp_path / name) == near
    for name in ("other.yaml", "yaml"):
        assert why(tmp_path / name) == "check the path"
    assert why(tmp_path / "gone/x") == f"there is no folder {tmp_path}/gone; check the path"


def test_each_error_has_its_advice(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    assert why(tmp_path) == "name a file"
    assert why(tmp_path / "file/x") == "a part of this path is a file; name another one"
    assert why(tmp_path / "loop") == "the links lead in a circle; name the file itself"
    assert why(tmp_path / ("x" * 300)) == "choose a shorter name"
    assert reason(OSError(5, "Input/output error")) == "Input/output error"
