# SPDX-License-Identifier: GPL-2.0-only
"""The rendered C: its content, its style, and that it depends on the scenario only."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ksftgen import helpers, spec
from ksftgen.cases import cases
from ksftgen.errors import RenderError
from ksftgen.render import paragraphs, render, wrap
from ksftgen.rooms import ROOMS, room_source
from ksftgen.scenario import Scenario
from ksftgen.template import MARK
from ksftgen.tree import LINUX_7_3
from ksftgen.vocabulary import CAPABILITIES, VERBS, capability
from ksftgen.words import TYPES

DATA = Path(__file__).parent / "data"
TEMPLATES = Path(__file__).parents[2] / "templates"


def test_sample_equals_its_recording(sample: Scenario) -> None:
    """After a change of the template, render data/mprotect_sample.yaml, copy its C to data/, and review the diff."""
    assert render([sample])["mprotect_sample.c"] == (DATA / "mprotect_sample.c").read_text()


def test_program_has_every_case_and_test(sample: Scenario) -> None:
    scenario = sample.with_strength(None)
    text = render([scenario])["mprotect_sample.c"]
    names = re.findall(r"^FIXTURE_VARIANT_ADD\(mprotect_sample,\s+(\w+)\) \{$", text, re.MULTILINE)
    assert names == [case.name for case in cases(scenario)]
    assert len(names) == 2 * 2 * (4 * 3 - 2)
    assert re.findall(r"^TEST_F_TIMEOUT\(mprotect_sample, (\w+), AREA_TIMEOUT\)$", text, re.MULTILINE) == list(
        sample.tests
    )


def test_kernel_coding_style(sample: Scenario) -> None:
    for name, text in render([sample]).items():
        assert MARK in text
        assert text.startswith(("// SPDX", "/* SPDX"))
        assert len(text) - len(text.rstrip("\n")) == 1, name
        for line in text.splitlines():
            assert line == line.rstrip(), name
            assert len(line.expandtabs(8)) <= 100 or '"' in line, name


@pytest.mark.parametrize("seed", ["0", "1", "4711"])
def test_output_does_not_depend_on_the_hash_seed(tmp_path: Path, site: Path, sample_path: Path, seed: str) -> None:
    run = [sys.executable, "-m", "ksftgen", "render", str(sample_path), "-o", str(tmp_path)]
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(site)}
    subprocess.run(run, check=True, env=environment, capture_output=True)
    assert (tmp_path / "mprotect_sample.c").read_bytes() == (DATA / "mprotect_sample.c").read_bytes()


def test_the_c_declares_the_vocabulary() -> None:
    """mprotect_area.h declares a function for each verb, and a constant for each word and capability."""
    header = (TEMPLATES / "mprotect_area.h").read_text()
    for kind in TYPES.values():
        for expression in map(kind.expression, kind.values or {}):
            is_elsewhere = expression.startswith(("PROT_", "&"))
            assert is_elsewhere or re.search(rf"^\t{expression},", header, re.MULTILINE), expression
    for name in CAPABILITIES:
        assert re.search(rf"^#define {capability(name)}\b", header, re.MULTILINE), name
    for verb in VERBS.values():
        pattern = rf"^const char \*area_{verb.name}\(struct area \*area((?:,[^;]*)?)\);"
        declaration = re.search(pattern, header, re.MULTILINE)
        assert declaration, verb.name
        types = [" ".join(part.split()).rpartition(" ")[0] for part in declaration.group(1).split(",")[1:]]
        assert types == [parameter.type.c.removesuffix("*").strip() for parameter in verb.parameters], verb.name


def test_each_room_is_a_file_with_the_objects_that_programs_name() -> None:
    files = {path.name: path.read_text() for path in TEMPLATES.glob("mprotect_*.c")}
    assert {name for name in files if name.startswith("mprotect_state_")} == set(map(room_source, ROOMS))
    assert {verb.source for verb in VERBS.values() if verb.source} <= set(files)
    for room in ROOMS:
        assert f"\nstruct area_state state_{room} = {{" in files[room_source(room)], room
    for kind in TYPES.values():
        for word, room in kind.rooms.items():
            name = kind.expression(word).removeprefix("&")
            verbs = [verb for verb in VERBS.values() if kind in (parameter.type for parameter in verb.parameters)]
            for verb in verbs:
                sources = (kind.sources.get(word), room_source(room), verb.source)
                text = "".join(files[source] for source in sources if source)
                assert f"\n{kind.c.removesuffix('*')}{name} = " in text, name


def test_render_from_an_installed_package(tmp_path: Path, site: Path) -> None:
    """A wheel has templates and scenarios inside the package; generated/ is below the current directory."""
    run = [sys.executable, "-m", "ksftgen", "render"]
    environment = {**os.environ, "PYTHONPATH": str(site)}
    subprocess.run(run, check=True, cwd=tmp_path, env=environment, capture_output=True)
    assert (tmp_path / "generated/mprotect_sample.c").read_bytes() == (DATA / "mprotect_sample.c").read_bytes()


@pytest.mark.parametrize(
    ("setup", "test", "values", "rooms", "sources"),
    [
        ("map: {layout: base}", "write: {range: $r}", "r: [whole]", "", ""),
        ("map: {layout: partial}", "write: {range: $r}", "r: [whole]", "zero", "mprotect_state_zero.c"),
        ("map: {layout: $l}", "write: {range: whole}", "l: [base, partial]", "zero", "mprotect_state_zero.c"),
        ("map_full: {layout: base}", "measure: {prot: $p}", "p: [none]", "", "mprotect_area_measure.c"),
        (
            "map_numa: {layout: base, kind: $k, folios: odd}",
            "check",
            "k: [ksm, exited, none]",
            "numa zero cow ksm",
            "mprotect_area_nodes.c mprotect_kind_cow.c mprotect_state_cow.c mprotect_state_ksm.c mprotect_state_numa.c "
            "mprotect_state_zero.c",
        ),
        (
            "map_numa: {layout: $l, kind: threaded, folios: odd}",
            "check",
            "l: [base]",
            "numa",
            "mprotect_area_nodes.c mprotect_area_thread.c mprotect_state_numa.c",
        ),
    ],
)
def test_a_program_has_the_rooms_that_it_needs(
    tmp_path: Path, setup: str, test: str, values: str, rooms: str, sources: str
) -> None:
    path = tmp_path / "mprotect_rooms.yaml"
    path.write_text(
        f"scenario: mprotect_rooms\nsummary: x\nmatrix: {{{values}}}\nstrength: 1\n"
        f"setup: [{{{setup}}}]\ntests: {{t: [{test if test == 'check' else f'{{{test}}}'}]}}\n"
    )
    scenario = spec.load(path)
    assert scenario.rooms == tuple(rooms.split())
    assert scenario.sources == tuple(sources.split())
    files = render([scenario])
    program = files.pop("mprotect_rooms.c")
    core = set(files) - set(sources.split())
    assert len(core) == len(files) - len(sources.split())
    assert core == {name for name in helpers.available() if helpers.is_core(name)}
    assert {"mprotect_area.h", "mprotect_area_map.c", "mprotect_area_tree.h", "mprotect_model.h"} <= core
    states = "".join(f"&state_{room}, " for room in rooms.split())
    assert f"states[] = {{\n\t{states}NULL\n}};\n" in program
    assert re.findall(r"DECLARE_STATE\((\w+)\);", program) == rooms.split()
    assert set(re.findall(r"DECLARE_KIND\((\w+)\);", program)) == set(re.findall(r"&kind_(\w+)", program))


@pytest.mark.parametrize("has_exit_code", [True, False])
def test_what_is_found_is_an_xfail_where_the_harness_knows_it(sample: Scenario, has_exit_code: bool) -> None:
    text = render([sample], replace(LINUX_7_3, has_exit_code=has_exit_code))["mprotect_sample.c"]
    assert [word in text for word in ("area_found", "_metadata->results->reason", "KSFT_XFAIL")] == [has_exit_code] * 3


@pytest.mark.parametrize(("values", "step"), [("[none, rw]", "prot: $p"), ("[none, read]", "prot: rw")])
def test_only_a_program_that_uses_prot_rw_defines_it(tmp_path: Path, values: str, step: str) -> None:
    path = tmp_path / "mprotect_rw.yaml"
    text = (
        f"scenario: mprotect_rw\nsummary: x\nmatrix: {{p: {values}}}\nstrength: 1\nsetup: [{{map: {{layout: base}}}}]\n"
        f"tests: {{t: [{{mprotect: {{range: whole, prot: $p}}}}, {{mprotect: {{range: whole, {step}}}}}, check]}}\n"
    )
    for is_used in (True, False):
        path.write_text(text if is_used else text.replace("rw]", "read]").replace("prot: rw", "prot: none"))
        assert ("PROT_RW" in render([spec.load(path)])["mprotect_rw.c"]) is is_used


def test_helpers_say_where_they_come_from(sample: Scenario) -> None:
    files = render([sample])
    for name, path in (
        ("mprotect_area_map.c", "mprotect_area_map.c"),
        ("mprotect_area_tree.h", "mprotect_area_tree.h.j2"),
    ):
        first, second = files[name].splitlines()[:2]
        assert first.endswith(("GPL-2.0", "GPL-2.0 */"))
        assert second == f"/* {MARK}templates/{path}: do not edit. */"


def test_a_room_that_is_missing(sample: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ksftgen.template.names", lambda: ["mprotect_area.h"])
    with pytest.raises(RenderError, match=r"templates/mprotect_state_cow\.c: is missing"):
        render([sample])


@pytest.mark.parametrize("name", ["mprotect_area", "mprotect_state_mine", "mprotect_model"])
def test_a_scenario_is_not_named_like_a_helper(sample: Scenario, name: str) -> None:
    with pytest.raises(RenderError, match="is named like a helper; rename the scenario"):
        render([replace(sample, name=name)])


def test_wrap_breaks_long_lines() -> None:
    assert wrap("\tf(", ["a", "b"], ");") == "\tf(a, b);"
    assert wrap("\tff(", ["a" * 40, "b" * 40], ");") == "\tff(" + "a" * 40 + ",\n\t   " + "b" * 40 + ");"


def test_paragraphs_keep_drawings() -> None:
    assert paragraphs("one\ntwo\n\n  x   y\nthree\n- a\n- b", 20) == ["one two", "", "  x   y", "three", "- a", "- b"]
