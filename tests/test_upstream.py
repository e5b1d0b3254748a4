# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's own selftests, out of Debian's tree, on Debian's kernel: every result comes out."""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

from ksftci.formats import record
from ksftci.results.model import Run, Verdict

pytestmark = pytest.mark.qemu
PROGRAMS = [
    "cow",
    "guard-regions",
    "ksm_functional_tests",
    "madv_populate",
    "merge",
    "mkdirty",
    "split_huge_page_test",
]
TOTALS = re.compile(r"# # Totals: pass:(\d+) fail:(\d+) xfail:(\d+) xpass:(\d+) skip:(\d+) error:(\d+)")
COUNTED = (Verdict.PASS, Verdict.FAIL, Verdict.XFAIL, Verdict.XPASS, Verdict.SKIP, Verdict.ERROR)


def run(folder: Path, *programs: str) -> tuple[Run, str, str]:
    """What ksftci makes of the programs: results, the record, what was said."""
    ktap = folder / "out.ktap"
    argv = [
        sys.executable,
        "-m",
        "ksftci",
        "run",
        "--kernel",
        "debian:7.3",
        "--timeout",
        "2700",
        "--silence",
        "300",
        "--ktap",
        str(ktap),
        *programs,
    ]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=3000, check=False)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    (found,) = record.read(ktap)
    return found, ktap.read_text(), done.stdout + done.stderr


def totals(record_text: str) -> dict[str, list[int]]:
    """Program to the counts that it prints at its end, in the order of COUNTED."""
    found: dict[str, list[int]] = {}
    program = ""
    for line in record_text.splitlines():
        if match := re.fullmatch(r"# selftests: (\S+)", line):
            program = match[1]
        elif match := TOTALS.fullmatch(line):
            found[program] = [int(number) for number in match.groups()]
    return found


@pytest.mark.parametrize(
    "programs",
    [PROGRAMS, pytest.param(["uffd-unit-tests"], marks=pytest.mark.nightly)],  # the latter take a quarter of an hour
    ids=["most", "uffd-unit-tests"],
)
def test_every_result_of_the_mm_programs_comes_out(programs: list[str], tmp_path: Path) -> None:
    found, text, said = run(tmp_path, *(f"mm:{program}" for program in programs))
    expected = totals(text)
    assert sorted(expected) == programs, said
    counted = {
        program: [Counter(r.verdict for r in found.results if r.program == program)[verdict] for verdict in COUNTED]
        for program in expected
    }
    assert counted == expected, said


@pytest.mark.parametrize(
    ("category", "inner"),
    [
        pytest.param("ksm", ["ksm_tests -M -p 10", "ksm_functional_tests/"], marks=pytest.mark.nightly),  # minutes
        ("madv_populate", ["madv_populate/"]),
        ("mlock", ["sudo -u nobody sh -c ./on-fault-limit", "mlock2-tests/"]),
    ],
)
def test_a_category_of_run_vmtests_comes_out_leaf_by_leaf(category: str, inner: list[str], tmp_path: Path) -> None:
    found, _, said = run(tmp_path, f"mm:run_vmtests.sh -t {category}")
    assert {result.program for result in found.results} == {f"run_vmtests.sh -t {category}"}, said
    names = [result.name for result in found.results]
    for name in inner:
        assert any(known.startswith(name) for known in names), names


def test_a_whole_collection_and_one_within_another(tmp_path: Path) -> None:
    found, _, said = run(tmp_path, "size:", "mincore:", "futex/functional:futex_wait", "timers:posix_timers")
    verdicts = {(result.program, result.verdict) for result in found.results}
    assert {program for program, _ in verdicts} == {
        "size:get_size",
        "mincore:mincore_selftest",
        "futex/functional:futex_wait",
        "timers:posix_timers",
    }, said
    assert not any(verdict.infrastructure for _, verdict in verdicts), said


def test_what_a_tarball_holds_runs_by_its_own_script(tree: Callable[[str], Path], tmp_path: Path) -> None:
    make = ["make", "-C", str(tree("debian:7.3") / "tools/testing/selftests"), f"O={tmp_path}", "TARGETS=size mincore"]
    cross = ["ARCH=arm64", "CROSS_COMPILE=aarch64-linux-gnu-", "USERCFLAGS=-static"]
    subprocess.run([*make, *cross, "gen_tar"], capture_output=True, check=True, timeout=300)
    (tarball,) = tmp_path.rglob("kselftest.tar.gz")
    folder = tmp_path / "unpacked"
    folder.mkdir()
    subprocess.run(["tar", "-x", "-f", tarball], cwd=folder, check=True)
    found, _, said = run(tmp_path, str(folder))
    names = [result.name for result in found.results]
    ends = {
        "selftests: size: get_size/get runtime memory use",
        "selftests: mincore: mincore_selftest/global.basic_interface",
    }
    assert ends < set(names), said
    junit = subprocess.run(
        [sys.executable, "-m", "ksftci", "junit", str(tmp_path / "out.ktap")], capture_output=True, check=True
    )
    assert [case.get("name") for case in etree.fromstring(junit.stdout).iter("testcase")] == names
