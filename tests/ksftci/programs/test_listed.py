# SPDX-License-Identifier: GPL-2.0-only
"""Programs in the Makefile of a collection, and in a YAML file."""

from pathlib import Path

import pytest

from ksftci.errors import CiError
from ksftci.programs import listed, makefile


@pytest.mark.parametrize(
    ("text", "programs"),
    [
        ("TEST_GEN_FILES = cow", {"cow"}),
        ("TEST_GEN_FILES := cow merge", {"cow", "merge"}),
        ("TEST_GEN_FILES = cow\nTEST_GEN_FILES += merge\n", {"cow", "merge"}),
        ("TEST_GEN_FILES ?= cow", {"cow"}),
        ("TEST_GEN_PROGS=cow", {"cow"}),
        ("TEST_GEN_PROGS_EXTENDED := helper", {"helper"}),
        ("TEST_GEN_FILES_32 += protection_keys_32", {"protection_keys_32"}),
        ("ifeq ($(ARCH),x86)\n\tTEST_GEN_FILES += cow\nendif", {"cow"}),
        ("TEST_GEN_FILES = cow \\\n\tmerge \\\n  mremap\nOTHER = x", {"cow", "merge", "mremap"}),
        ("TEST_GEN_FILES = \\\ncow\\\nmerge\n", {"cow", "merge"}),
        ("TEST_GEN_FILES += $(OUTPUT)/cow", {"cow"}),
        ("TEST_PROGS = run_vmtests.sh\nTEST_FILES = a.txt\n", set()),
        ("MY_TEST_GEN_FILES = cow", set()),
        ("# TEST_GEN_FILES = cow", set()),
        ("TEST_GEN_FILES =\n", set()),
        ("", set()),
    ],
)
def test_the_programs_of_a_makefile(text: str, programs: set[str], tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(text)
    assert makefile.programs(tmp_path) == programs


def test_a_folder_without_a_makefile_has_no_programs(tmp_path: Path) -> None:
    assert makefile.programs(tmp_path) == set()
    assert makefile.mprotect_tests(tmp_path) == []


def test_mprotect_tests_are_sorted(tmp_path: Path) -> None:
    names = "mprotect_numa mprotect_cow cow my_mprotect_x mprotect_ mprotect-x"
    (tmp_path / "Makefile").write_text(f"TEST_GEN_FILES = {names}\n")
    assert makefile.mprotect_tests(tmp_path) == ["mprotect_cow", "mprotect_numa"]


def yaml(folder: Path, text: str) -> Path:
    path = folder / "list.yaml"
    path.write_text(text)
    return path


def test_the_programs_of_a_yaml_file_keep_their_order_and_arguments(tmp_path: Path) -> None:
    text = """\
programs:
  - run: mm:merge
    seconds: 0.8
  - run: "mm:ksm_tests -M -p 10"
left_out:
  - run: mm:cow
    reason: needs swap
"""
    assert listed.read(yaml(tmp_path, text)) == ["mm:merge", "mm:ksm_tests -M -p 10"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "programs:\n  - run: a\n    second: 1\n",
            ':3:5: unknown key "second"; did you mean "seconds"?',
        ),
        ("programs:\n  - seconds: 1\n", ':2:5: "run" is missing'),
        ("programs:\n  - run: a\n    seconds: long\n", ':3:14: seconds "long"'),
        ("programs:\n  - run: ''\n", ':2:10: run ""'),
        ("programs: []\n", ":1:11: programs"),
        ("left_out: []\n", ':1:1: "programs" is missing'),
        ("programs:\n  - run: a\nleft_out:\n  - run: b\n", ':4:5: "reason" is missing'),
        ("- run: a\n", ":1:1: must be a mapping"),
        ("", ": is empty"),
    ],
)
def test_errors_have_line_and_column(text: str, problem: str, tmp_path: Path) -> None:
    path = yaml(tmp_path, text)
    with pytest.raises(CiError) as caught:
        listed.read(path)
    assert str(caught.value).startswith(f"{path}{problem}")


def test_every_error_of_a_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(CiError) as caught:
        listed.read(yaml(tmp_path, "programs:\n  - run: a\n    x: 1\n  - seconds: 1\n"))
    assert len(str(caught.value).splitlines()) == 2
