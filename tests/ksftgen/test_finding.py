# SPDX-License-Identifier: GPL-2.0-only
"""docs/found/: every entry has what a report needs, and its reproducer is small and builds."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from tests import found

from ksftgen import finding, paths, prose, spec
from ksftgen.errors import GenError

NAMES = finding.names()
LIMIT = 60  # lines of a reproducer are fewer


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_has_all_that_a_report_needs(name: str) -> None:
    entry = finding.load(name)
    assert re.fullmatch(r"(?:mm|fs/proc)/\w+: .+[^.]", entry.subject)
    assert len(f"Subject: {entry.subject}") <= 78  # else it is folded
    assert len(re.findall(r"[.!?](?=\s|$)", entry.summary)) <= 2
    assert entry.suspect.function in entry.sections["The code"]
    outputs = [block for block in entry.sections["The reproducer"].split("\n\n") if prose.is_code(block)]
    assert [re.search("^ *not ok", output, re.MULTILINE) is not None for output in outputs] == [True, False]
    broken, right = (re.findall(r"\bok (\d+) ", output) for output in outputs)
    assert broken == right
    assert f"[{name}.c]({name}.c)" in entry.sections["The reproducer"]


@pytest.mark.parametrize("name", NAMES)
def test_its_tests_are_there(name: str) -> None:
    tests = finding.load(name).facts["Tests"]
    scenarios = {path.stem: path for path in paths.scenarios()}
    for named in [] if tests == "none" else tests.split(", "):
        program, _, test = named.partition(": ")
        assert program in scenarios
        assert not test or test in spec.load(scenarios[program]).tests


@pytest.mark.parametrize("name", NAMES)
def test_its_reproducer_is_small(name: str) -> None:
    assert len(finding.load(name).source.splitlines()) < LIMIT


@pytest.mark.parametrize("name", NAMES)
def test_its_reproducer_builds(name: str, tmp_path: Path) -> None:
    compiler, *options = shlex.split(finding.load(name).build)
    if not shutil.which(compiler):
        pytest.skip(f"no {compiler}")
    folder = paths.folder("docs/found")
    options = [option for option in options if option not in ("-o", name, f"{name}.c", "-static")]
    command = [compiler, "-Wall", "-Wextra", *options, "-o", str(tmp_path / name), str(folder / f"{name}.c")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_name_that_is_not_known() -> None:
    with pytest.raises(GenError, match=r'unknown finding "ksm_ufd_wp"; did you mean "ksm_uffd_wp"\? allowed: clear'):
        finding.load("ksm_ufd_wp")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("## The code", "## Code", "must have these sections, in this order, and a text in each: Kernels, The code"),
        ("| Fix | none was written |\n", "", 'the table of facts has no "Fix"'),
        ("| Fix |", "| Repair |", r"\.md:9: must be a row of two cells that begins with Subject, Code"),
        ("| Right | none", "| Broken | none", 'the table of facts has no "Right"'),
        ("| Boundary | none;", "| Boundary | no:", '"Boundary" must begin with "none; " or "perhaps; "'),
        ("`replace_page()`: `", "replace_page: `", r'"Code" must be: FILE, `FUNCTION\(\)`: `LINE`'),
        ("# KSM", "KSM", "must begin with a title, a table of facts"),
    ],
)
def test_what_is_wrong_with_an_entry(
    old: str, new: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(paths.folder("docs/found"), tmp_path / "found")
    path = tmp_path / "found/ksm_uffd_wp.md"
    text = path.read_text()
    assert text.count(old) >= 1
    path.write_text(text.replace(old, new, 1))
    monkeypatch.setattr(paths, "folder", lambda name: tmp_path / "found")
    with pytest.raises(GenError, match=message):
        finding.load("ksm_uffd_wp")


def test_plain_text_has_no_marks() -> None:
    markdown = """Read `a | b` in [the text](text.md):

- one
  item
- another

    code  `as it is`

| head of a column | b |
|---|---|
| x \\| y | `z` |"""
    assert prose.plain(markdown) == (
        "Read a | b in the text:\n\n- one item\n- another\n\n    code  `as it is`\n\n"
        "head of a column  b\n----------------  -\nx | y             z"
    )


def test_a_wide_table_folds_its_headings_first() -> None:
    head, body = ("heading " * 9).strip(), "a cell of a table"
    lines = prose.plain(f"| {head} | {head} |\n|---|---|\n| {body} | {body} |").split("\n")
    assert max(map(len, lines)) <= prose.WIDTH
    assert lines[-1].split("  ")[0] == body


def test_the_list_of_all_findings() -> None:
    assert found.PAGE.read_text() == found.page(), "python -m tests.found"
