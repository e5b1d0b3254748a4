# SPDX-License-Identifier: GPL-2.0-only
"""A comparison as JSON."""

import json
from pathlib import Path

from tests.ksftci.coverage import toy

from ksftci.coverage import data


def test_lines_have_the_programs_that_execute_them(tmp_path: Path) -> None:
    lines = json.loads(data.lines(toy.comparison(tmp_path)))
    assert lines["programs"] == ["toys", "small", "smaller"]
    (entry,) = (entry for entry in lines["files"]["mm/toy.c"]["lines"] if 20 in entry["of"])
    assert 21 in entry["of"] and entry["run_by"] == ["toys"]


def test_everything_is_written(tmp_path: Path) -> None:
    document = json.loads(data.render(toy.comparison(tmp_path)))
    line = next(line for line in document["lines"] if line["line"] == 39)
    assert line["counts"] == {"ours": 2, "upstream": 2} and line["branches"]["ours"] == [0, 2]
    assert document["suites"]["upstream"] == {"programs": ["small", "smaller"], "lost": {"big": "it hung"}}
    clip = next(function for function in document["functions"] if function["name"] == "toy_clip")
    assert clip["lines"] == 3 and clip["ran"] == {"ours": 3, "upstream": 1}
