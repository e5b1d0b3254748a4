# SPDX-License-Identifier: GPL-2.0-only
"""The generated tests on real kernels: what a released kernel passes, and what an old one lacks."""

import os
import signal
import subprocess
import time
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.conftest import NAMES, call

from ksftci import arch
from ksftci.formats import record
from ksftci.host.cache import Cache
from ksftci.kernel.tree import Tree
from ksftci.machine import settings
from ksftci.programs.build import Builder

Trees = Callable[[str], Path]


def verdicts(xml: Path) -> Counter[str]:
    """How many test cases passed, failed, were skipped: by tag, and "pass"."""
    found: Counter[str] = Counter()
    for case in ET.parse(xml).getroot().iter("testcase"):
        tags = {inner.tag for inner in case} & {"failure", "error", "skipped"}
        found[tags.pop() if tags else "pass"] += 1
    return found


def reasons(xml: Path) -> set[str]:
    return {skip.get("message") or "" for skip in ET.parse(xml).getroot().iter("skipped")}


ALL = "mprotect and not perf"  # which has a test of its own
# What changes every other page of a PMD by a call of its own takes long, and minutes where a PMD has 2,048 of them.
LARGE = "(pte_thp or pmd_thp or mixed_thp or mixed_pmd)"
QUICK = f"{ALL} and (not {LARGE} or not (uffd_wp or rwp or guard or swap or lazyfree or pin or pairs))"
SMALL = f"{ALL} and not {LARGE}"
# A small window of 16K pages is a large one, too: two contpte blocks of 128 pages on each side.
SOME = f"{SMALL} and (cow_shared or mixed_folio or numa or uffd_wp or pairs)"


@pytest.mark.qemu
@pytest.mark.parametrize(
    ("kernel", "architecture", "chosen", "least"),
    [
        ("debian:7.3", "arm64", ALL, 600),
        ("debian:7.3-16k", "arm64", SOME, 250),
        pytest.param("debian:7.3-16k", "arm64", ALL, 650, marks=pytest.mark.nightly),
        ("debian:6.12", "arm64", SMALL, 300),
        pytest.param("debian:6.12", "arm64", ALL, 550, marks=pytest.mark.nightly),
        ("debian:6.1", "arm64", QUICK, 93),
        ("debian:7.3", "x86_64", SMALL, 500),
        pytest.param("debian:7.3", "x86_64", ALL, 600, marks=pytest.mark.nightly),
        pytest.param("debian:6.12", "x86_64", ALL, 298, marks=pytest.mark.nightly),
    ],
)
def test_all_of_it(tree: Trees, tmp_path: Path, kernel: str, architecture: str, chosen: str, least: int) -> None:
    xml = tmp_path / "out.xml"
    options = ("--kernel", kernel, "--arch", architecture, "--swap", "256", "-k", chosen, "--junit", xml)
    call("ksftci", "run", "--tree", tree("debian:7.3"), *options)
    count = verdicts(xml)
    assert count["pass"] >= least
    assert not count["failure"] and not count["error"]  # nor what the kernel complained of while it booted
    assert not [reason for reason in reasons(xml) if reason.startswith("needs")]


@pytest.mark.qemu
@pytest.mark.nightly
def test_riscv64_as_far_as_emulation_carries_it(tree: Trees, tmp_path: Path) -> None:
    xml = tmp_path / "out.xml"
    options = ("--arch", "riscv64", "--kernel", "debian:6.12", "-k", "not partial")  # for partial see KNOWN-ISSUES.md
    programs = ("mprotect_cow_shared", "mprotect_mixed_folio", "mprotect_numa_hint")
    call("ksftci", "run", "--tree", tree("debian:7.3"), *programs, *options, "--junit", xml)
    count = verdicts(xml)
    assert count["pass"] > 100
    assert not count["failure"] and not count["error"]


@pytest.mark.qemu
@pytest.mark.nightly
def test_all_pairs_of_values(tree: Trees, tmp_path: Path) -> None:
    xml, copy = tmp_path / "out.xml", tmp_path / "linux"
    call("ksftci", "tree", "get", "debian:7.3", "--to", copy)
    call("ksftgen", "install", "--tree", copy, "--cases", "2")
    call("ksftci", "run", "--tree", copy, "--kernel", "debian:7.3", "--timeout", "7000", "--junit", xml, timeout=7200)
    count = verdicts(xml)
    assert count["pass"] > 1500
    assert not count["failure"] and not count["error"]


@pytest.mark.qemu
def test_a_batch_costs_less_than_single_pages_since_6_17(tree: Trees, tmp_path: Path) -> None:
    xml = tmp_path / "out.xml"
    kernels = ("--kernel", "debian:6.16", "--kernel", "debian:6.17")
    options = ("-k", "mprotect_perf and read", "--icount", "--repeat", "2", "--junit", xml)
    call("ksftci", "run", "--tree", tree("debian:7.3"), "mprotect_perf", *kernels, *options)
    runs = record.read(xml)
    found = {
        run.label: {r.name.split(".")[1]: {m.name: m.value for m in r.measured} for r in run.results} for run in runs
    }
    old, new = found["debian:6.16"], found["debian:6.17"]
    for case in ("order4_read", "pte_thp_read"):
        assert old[case]["of_base"] > 1.2
        assert new[case]["of_base"] < 0.5
        assert new[case]["time"] == pytest.approx(found["debian:6.17 (run 2)"][case]["time"], rel=0.02)
    assert new["base_read"]["time"] > 1.2 * old["base_read"]["time"]
    assert new["base_read"]["of_base"] == pytest.approx(1, abs=0.02)


@pytest.fixture(scope="session")
def here(tree: Trees) -> list[Path]:
    """The programs, built for this machine."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    builder = Builder(Cache.find(None), arch.host())
    return builder.build(Tree.open(tree("debian:7.3")), NAMES)


@pytest.mark.native
def test_all_of_it_on_this_machine(here: list[Path], tmp_path: Path) -> None:
    xml = tmp_path / "out.xml"
    before = settings.snapshot()
    call("ksftci", "run", "--native", *here, "--junit", xml)
    assert settings.snapshot() == before
    found = verdicts(xml)
    assert not found["failure"] and not found["error"]


@pytest.fixture
def wants_memory() -> Iterator[None]:
    """The kernel splits what it may split, all the time."""
    loop = "while echo 2 > /proc/sys/vm/drop_caches; do :; done"
    with subprocess.Popen(["sh", "-c", loop]) as shell:
        yield
        shell.kill()


@pytest.mark.native
@pytest.mark.usefixtures("wants_memory")
def test_a_folio_that_is_mapped_in_part_may_be_split(here: list[Path], tmp_path: Path) -> None:
    xml = tmp_path / "out.xml"
    names = {f"mprotect_{name}" for name in ("cow_shared", "guard", "pairs", "poison")}
    call("ksftci", "run", "--native", *(path for path in here if path.name in names), "--junit", xml)
    found = verdicts(xml)
    assert found["pass"] and not found["failure"] and not found["error"]


@pytest.mark.native
def test_settings_are_put_back_after_sigkill(here: list[Path]) -> None:
    before = settings.snapshot()
    program = subprocess.Popen([here[0]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while settings.snapshot() == before:
        assert time.monotonic() < deadline, "the program changes no setting"
    time.sleep(1)
    program.send_signal(signal.SIGKILL)
    program.wait()
    while settings.snapshot() != before:
        assert time.monotonic() < deadline, "still changed"
        time.sleep(0.1)
