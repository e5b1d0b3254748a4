# SPDX-License-Identifier: GPL-2.0-only
"""The rendered C: its content, its style, and that it depends on the scenario only."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import plainyaml
from ksftgen import paths
from ksftgen.cases import cases
from ksftgen.render import MARK, paragraphs, render, wrap
from ksftgen.scenario import Scenario
from ksftgen.vocabulary import CAPABILITIES, TYPES, VERBS, capability

DATA = Path(__file__).parent / "data"


def test_sample_equals_its_recording(sample: Scenario) -> None:
    """After a change of the template, render data/mprotect_sample.yaml, copy its C to data/, and review the diff."""
    assert render([sample])["mprotect_sample.c"] == (DATA / "mprotect_sample.c").read_text()


def test_program_has_every_case_and_test(sample: Scenario) -> None:
    scenario = sample.with_strength(None)
    text = render([scenario])["mprotect_sample.c"]
    names = re.findall(r"^FIXTURE_VARIANT_ADD\(mprotect_sample,\s+(\w+)\)$", text, re.MULTILINE)
    assert names == [case.name for case in cases(scenario)]
    assert len(names) == 2 * 2 * (4 * 3 - 2)
    assert re.findall(r"^TEST_F\(mprotect_sample, (\w+)\)$", text, re.MULTILINE) == list(sample.tests)


def test_kernel_coding_style(sample: Scenario) -> None:
    for name, text in render([sample]).items():
        assert MARK in text
        assert text.startswith(("// SPDX", "/* SPDX"))
        assert len(text) - len(text.rstrip("\n")) == 1, name
        for line in text.splitlines():
            assert line == line.rstrip(), name
            assert len(line.expandtabs(8)) <= 100 or '"' in line, name


@pytest.mark.parametrize("seed", ["0", "1", "4711"])
def test_output_does_not_depend_on_the_hash_seed(tmp_path: Path, sample_path: Path, seed: str) -> None:
    run = [sys.executable, "-m", "ksftgen", "render", str(sample_path), "-o", str(tmp_path)]
    subprocess.run(run, check=True, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True)
    assert (tmp_path / "mprotect_sample.c").read_bytes() == (DATA / "mprotect_sample.c").read_bytes()


def test_header_declares_the_vocabulary() -> None:
    """mprotect_area.h declares a function for each verb, and a constant for each value and capability."""
    header = (paths.folder("templates") / "mprotect_area.h.j2").read_text()
    for kind in TYPES.values():
        for expression in (kind.values or {}).values():
            assert expression.startswith("PROT_") or re.search(rf"^\t{expression},", header, re.MULTILINE), expression
    for name in CAPABILITIES:
        assert re.search(rf"^#define {capability(name)}\b", header, re.MULTILINE), name
    for verb in VERBS.values():
        declaration = re.search(rf"^bool area_{verb.name}\(struct area \*area((?:,[^;]*)?)\);", header, re.MULTILINE)
        assert declaration, verb.name
        types = [" ".join(part.split()).rpartition(" ")[0] for part in declaration.group(1).split(",")[1:]]
        assert types == [parameter.type.c.removesuffix("*").strip() for parameter in verb.parameters], verb.name


def test_render_from_an_installed_package(tmp_path: Path, sample_path: Path) -> None:
    """A wheel has templates and scenarios inside the package; generated/ is below the current directory."""
    package = tmp_path / "site" / "ksftgen"
    shutil.copytree(
        Path(paths.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__", "templates", "scenarios")
    )
    shutil.copytree(Path(plainyaml.__file__).parent, package.with_name("plainyaml"))
    shutil.copytree(paths.folder("templates"), package / "templates")
    (package / "scenarios").mkdir()
    shutil.copy(sample_path, package / "scenarios")
    run = [sys.executable, "-m", "ksftgen", "render"]
    environment = {**os.environ, "PYTHONPATH": str(package.parent)}
    subprocess.run(run, check=True, cwd=tmp_path, env=environment, capture_output=True)
    assert (tmp_path / "generated/mprotect_sample.c").read_bytes() == (DATA / "mprotect_sample.c").read_bytes()


def test_wrap_breaks_long_lines() -> None:
    assert wrap("\tf(", ["a", "b"], ");") == "\tf(a, b);"
    assert wrap("\tff(", ["a" * 40, "b" * 40], ");") == "\tff(" + "a" * 40 + ",\n\t   " + "b" * 40 + ");"


def test_paragraphs_keep_drawings() -> None:
    assert paragraphs("one\ntwo\n\n  x   y\nthree\n- a\n- b", 20) == ["one two", "", "  x   y", "three", "- a", "- b"]
