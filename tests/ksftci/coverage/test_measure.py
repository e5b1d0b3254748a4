# SPDX-License-Identifier: GPL-2.0-only
"""Counters of programs, from the events of a machine to a measured suite."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from io import StringIO
from pathlib import Path
from threading import Event as Flag
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console
from tests.ksftci.coverage import toy

from ksftci.arch import ARM64
from ksftci.coverage import gcov, measure
from ksftci.coverage.measure import CountingKernel, CoveragePlan, Recorder
from ksftci.coverage.source import Target
from ksftci.errors import CiError
from ksftci.kernel.tree import Tree
from ksftci.machine.machine import Begin, Booted, Cause, Counted, End, Event, Job, Line, Stopped
from ksftci.results.model import Run
from ksftci.session.collect import Collector
from ksftci.session.unit import Lister

BUILD = Path("/build")


def kernel(*files: str) -> CountingKernel:
    image = BUILD / "arch/arm64/boot/Image"
    return CountingKernel(image, Tree(toy.TREE), [Target(file) for file in files], "gcov")


def test_make_counts_only_the_objects_of_the_targets() -> None:
    targets = [Target.parse(text) for text in ("mm/a.c", "mm/internal.h:f", "arch/arm64/mm/b.c:g,h")]
    assert measure.make_variables(targets) == ["GCOV_PROFILE_a.o=y", "GCOV_PROFILE_b.o=y"]


class Silent:
    """A watcher that does nothing."""

    def progress(self, run: Run, collector: Collector, event: Event) -> None: ...

    def finished(self, run: Run) -> None: ...


def recorded(*events: Event) -> Recorder:
    recorder = Recorder(Silent())
    run = Run("x")
    jobs = list(dict.fromkeys(event.job for event in events if isinstance(event, Begin)))
    collector = Collector(run, jobs)
    collector.take(events, lambda event: recorder.progress(run, collector, event))
    return recorder


def test_counters_belong_to_the_program_that_ran_and_a_loss_has_a_reason() -> None:
    fine, hangs, dies, cut = (Job(name, Path("/x")) for name in ("fine", "hangs", "dies", "cut"))
    path = BUILD / "mm/toy.gcda"
    recorder = recorded(
        Begin(0, fine),
        Counted(1, path, b"1"),
        End(1, fine, 0),
        Begin(2, hangs),
        End(3, hangs, 0, Cause.SILENCE),
        Begin(4, cut),
        Counted(5, path, b""),
        End(5, cut, 0),
        Begin(6, dies),
        Stopped(7, Cause.PANIC),
    )
    data = {program: [counted.data for counted in counters] for program, counters in recorder.counters.items()}
    assert data == {"fine": [b"1"], "cut": [b""]}
    assert recorder.lost == {
        "hangs": "printed nothing",
        "cut": "a kernel message on the console cut into the counters",
        "dies": "the kernel panicked",
    }


def test_a_suite_without_counters_of_a_target_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gcov, "read", lambda *_: toy.profile())
    job = Job("toys", Path("/x"))
    counted = [Counted(1, BUILD / f"{name}.gcda", b"1") for name in ("mm/toy", "drivers/toy")]
    recorder = recorded(Begin(0, job), *counted, Counted(1, Path("/else/mm/toy.gcda"), b"1"), End(1, job, 0))
    suite = measure.read_suite("ours", Run("x"), recorder, kernel("mm/toy.c", "mm/toy.h"))
    assert suite.profiles["toys"]["mm/toy.c"].lines[37] == 3  # once: neither drivers/toy.c nor another build counts
    with pytest.raises(CiError, match=r"counted nothing in mm/other.c"):
        measure.read_suite("ours", Run("x"), recorder, kernel("mm/other.c"))
    silent = recorded(Begin(0, job), End(1, job, 0))
    with pytest.raises(CiError, match=r"mm/toy.c \(toys: .* CONFIG_GCOV_KERNEL"):
        measure.read_suite("ours", Run("x"), silent, kernel("mm/toy.c"))


class FakeMachine:
    """Each program passes, and the kernel sends the counters of mm/toy.c after it."""

    def __init__(self, label: str) -> None:
        self.label = label

    def run(self, jobs: Sequence[Job], stop: Flag) -> Iterator[Event]:
        yield Booted(0, {})
        for job in jobs:
            yield from (Begin(0, job), Line(0, "ok 1 fine"), Counted(1, BUILD / "mm/toy.gcda", b"1"), End(1, job, 0))


def test_a_measurement_runs_each_suite_on_a_kernel_that_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gcov, "read", lambda *_: toy.profile())
    calls: list[Any] = []

    monkeypatch.setattr("ksftci.coverage.measure.shutil.copyfile", lambda built, image: None)

    def build(tree: Tree, config: list[str], variables: list[str]) -> Path:
        calls.append((tree.path, config, variables))
        return BUILD / "arch/arm64/boot/Image"

    tools: Any = SimpleNamespace(
        options=SimpleNamespace(arch=ARM64),
        cache=SimpleNamespace(lock=lambda _: nullcontext()),
        trees=SimpleNamespace(get=lambda name, full=False: Tree(Path(f"{name}{'-full' if full else ''}"))),
        kernel_builder=SimpleNamespace(arch=ARM64, build=build),
        guests=SimpleNamespace(machine=lambda name, _image, _jobs: FakeMachine(name)),
        lister=Lister(),
        prepared=lambda names, tree, _: nullcontext((names, tree)),
        jobs=lambda programs, tree, _: [Job(f"{tree}:{program}", Path("/bin/true")) for program in programs],
    )
    suites = {"ours": ["a"], "theirs": ["b", "c"]}
    plan = CoveragePlan(suites, [Target("mm/toy.c")], "/programs", "/kernel", ["KSM=y"])
    counting, measured = plan.run(tools, Console(file=StringIO()))
    assert calls == [(Path("/kernel-full"), ["GCOV_KERNEL=y", "KSM=y"], ["GCOV_PROFILE_toy.o=y"])]
    assert counting.folder == BUILD
    assert [(suite.name, list(suite.profiles)) for suite in measured] == [
        ("ours", ["/programs:a"]),
        ("theirs", ["/programs:b", "/programs:c"]),
    ]
    assert measured[1].total["mm/toy.c"].lines[37] == 6


@pytest.mark.qemu
def test_a_real_kernel_counts_each_program_from_zero(kernel_tree: str, tmp_path: Path) -> None:
    lines, everything = tmp_path / "lines.json", tmp_path / "all.json"
    argv = ["coverage", "--tree", kernel_tree, "--suite", "first=mkdirty", "--suite", "second=mkdirty,mdwe_test"]
    options = ["--lines", lines, "--json", everything]
    done = subprocess.run([sys.executable, "-m", "ksftci", *argv, *map(str, options)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    functions = {function["name"]: function for function in json.loads(everything.read_text())["functions"]}
    ran = functions["change_pte_range"]["ran"]
    assert 20 <= ran["first"] <= ran["second"] < functions["change_pte_range"]["lines"]
    files = json.loads(lines.read_text())["files"].values()
    programs = [entry["run_by"] for file in files for entry in file["lines"]]
    assert ["mkdirty", "mdwe_test"] in programs
    assert ["mkdirty"] in programs  # which ran first: its counts are not added to those of the next program
