# SPDX-License-Identifier: GPL-2.0-only
"""From gcov's counters to tables, on a toy tree: tests/coverage/mm, and what gcov 12 said of it in toy.json."""

import json
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from lxml import html as lxml_html
from rich.console import Console

from ksftci.coverage import compare, data, gcov, measure, notes, page, table
from ksftci.coverage.compare import Comparison
from ksftci.coverage.gcov import Branch, Counts, Profile
from ksftci.coverage.measure import MeasuredSuite, Recorder
from ksftci.coverage.source import Target
from ksftci.errors import CiError
from ksftci.host.cache import Cache
from ksftci.kernel.functions import functions
from ksftci.machine.initramfs import init_script
from ksftci.machine.machine import Begin, Cause, Counted, End, Event, Job, Stopped
from ksftci.results.model import Run
from ksftci.session.collect import Collector

TOY = Path(__file__).parents[2] / "coverage"
JSON = (TOY / "toy.json").read_text("utf-8")
TREE = Path("/tree")  # what toy.json calls it
NOTES = """
- file: mm/toy.c
  function: toy_sum
  code: return toy_never(sum);
  needs: a negative sum
- file: mm/toy.c
  function: toy_clip
  code: toy_clipped++;
  to: return most;
  needs: a large toy
  why: none of the small ones is clipped
"""


def toy() -> Profile:
    return gcov.parse(JSON, TREE)


def without(profile: Profile, lines: range) -> Profile:
    """The same, with none of these lines run."""
    old = profile["mm/toy.c"]
    counts = Counts(
        Counter({line: 0 if line in lines else n for line, n in old.lines.items()}),
        Counter({branch: 0 if branch.line in lines else n for branch, n in old.branches.items()}),
    )
    return {**profile, "mm/toy.c": counts}


def compared(tmp_path: Path, *targets: str, note: str = NOTES) -> Comparison:
    """`ours` clips, `upstream` of two programs does not."""
    path = tmp_path / "notes.yaml"
    path.write_text(note)
    small = without(toy(), range(20, 22))
    suites = [
        MeasuredSuite("ours", Run("ours"), {"toys": toy()}, {}),
        MeasuredSuite(
            "upstream", Run("upstream"), {"small": small, "smaller": without(small, range(37, 42))}, {"big": "it hung"}
        ),
    ]
    chosen = [Target.parse(text) for text in targets or ("mm/toy.c", "mm/toy.h")]
    return compare.compare("Linux 7.3", suites, chosen, TOY, path)


def test_functions_are_found_by_the_kernels_style() -> None:
    found = functions((TOY / "mm/toy.c").read_text())
    text = (TOY / "mm/toy.c").read_text().splitlines()
    assert [f.name for f in found] == ["toy_clip", "toy_never", "toy_sum", "main"]
    assert all(f.name in text[f.first - 1] and text[f.last - 1] == "}" for f in found)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("SYSCALL_DEFINE3(mprotect, unsigned long, start,\n\t\tsize_t, len)\n{\n}\n", "mprotect"),
        ("int\nfixup(struct vma *vma)\n{\n\treturn 0;\n}\n", "fixup"),
        ("static inline int one(int (*f)(int))\n{\n}\nEXPORT_SYMBOL(one);\n", "one"),
    ],
)
def test_odd_heads_of_functions(text: str, name: str) -> None:
    assert [f.name for f in functions(text)] == [name]


def test_what_is_no_function() -> None:
    text = "struct x {\n\tint y;\n};\n#define f(x)\t\\\n{\t\\\n}\nint a(void);\nint b[] =\n{\n\t1,\n};\n"
    assert functions(text) == []


def test_counts_are_of_files_of_the_tree_by_line_and_branch() -> None:
    profile = toy()
    assert set(profile) == {"mm/toy.c", "mm/toy.h"}
    counts = profile["mm/toy.c"]
    assert (counts.lines[19], counts.lines[20], counts.lines[37]) == (4, 1, 3)
    loop = [counts.branches[Branch(37, "toy_sum", place)] for place in range(2)]
    assert loop == [2, 1]
    assert gcov.parse(JSON, Path("/elsewhere")) == {}


def test_a_line_that_was_compiled_into_several_functions_is_counted_in_all() -> None:
    lines = [
        {"line_number": 5, "count": count, "function_name": name, "branches": [{"count": count}, {"count": 0}]}
        for count, name in ((3, "one"), (4, "two"))
    ]
    text = json.dumps({"current_working_directory": "/tree", "files": [{"file": "mm/x.c", "lines": lines}]})
    counts = gcov.parse(text, TREE)["mm/x.c"]
    assert counts.lines == {5: 7}
    assert counts.branches == {
        Branch(5, "one", 0): 3,
        Branch(5, "one", 1): 0,
        Branch(5, "two", 0): 4,
        Branch(5, "two", 1): 0,
    }


def test_merging_adds_and_keeps_what_never_ran() -> None:
    both = gcov.merge([toy(), without(toy(), range(19, 24))])["mm/toy.c"]
    assert (both.lines[19], both.lines[37]) == (4, 6)
    never = without(toy(), range(19, 24))
    assert gcov.merge([never, never])["mm/toy.c"].lines[20] == 0
    assert 20 in gcov.merge([never, never])["mm/toy.c"].lines


@pytest.mark.skipif(not (shutil.which("gcc") and shutil.which("gcov")), reason="gcc and its gcov are not installed")
def test_real_counters_are_read(tmp_path: Path) -> None:
    tree, build = tmp_path / "tree", tmp_path / "build"
    shutil.copytree(TOY, tree)
    build.mkdir()
    compile = ["gcc", "-O2", "-ftest-coverage", "-fprofile-arcs", "-c", "-o", "toy.o", "../tree/mm/toy.c"]
    subprocess.run(compile, cwd=build, check=True)
    subprocess.run(["gcc", "--coverage", "toy.o", "-o", "toy"], cwd=build, check=True)
    subprocess.run(["./toy"], cwd=build, check=True)
    profile = gcov.read("gcov", build / "toy.gcno", (build / "toy.gcda").read_bytes(), tree)
    assert profile["mm/toy.c"].lines[37] == 3
    with pytest.raises(CiError, match="toy"):
        gcov.read("gcov", build / "toy.gcno", b"nonsense", tree)


def test_make_is_told_of_the_objects_only() -> None:
    targets = [Target.parse(text) for text in ("mm/a.c", "mm/internal.h:f", "arch/arm64/mm/b.c:g,h")]
    assert measure.variables(targets) == ["GCOV_PROFILE_a.o=y", "GCOV_PROFILE_b.o=y"]
    assert targets[2].functions == ("g", "h")


@pytest.mark.parametrize("text", ["mm", "/mm/a.c", "../a.c", "mm/a.c:", ""])
def test_what_is_no_source(text: str) -> None:
    with pytest.raises(CiError, match="as mm/mprotect"):
        Target.parse(text)


def test_the_guest_counts_only_when_asked() -> None:
    job = [Job("x", Path("/x"))]
    assert "[ yes = no ] || echo 1 >$gcov/reset" in init_script(job, "t0", gcov=True)
    assert "[ no = no ] || counted" in init_script(job, "t0")
    assert "@GCOV@" not in init_script(job, "t0")


class Nobody:
    """A watcher that does not look."""

    def progress(self, run: Run, collector: Collector, event: Event) -> None: ...

    def finished(self, run: Run) -> None: ...


def recorded(*events: Event) -> Recorder:
    recorder = Recorder(Nobody())
    run = Run("x")
    jobs = list(dict.fromkeys(event.job for event in events if isinstance(event, Begin)))
    collector = Collector(run, jobs)
    collector.take(events, lambda event: recorder.progress(run, collector, event))
    return recorder


def test_counters_belong_to_the_program_that_ran_and_a_loss_is_told() -> None:
    fine, hangs, dies, cut = (Job(name, Path("/x")) for name in ("fine", "hangs", "dies", "cut"))
    path = Path("/build/mm/toy.gcda")
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
    assert {name: [one.data for one in of] for name, of in recorder.counted.items()} == {"fine": [b"1"], "cut": [b""]}
    assert recorder.lost == {
        "hangs": "printed nothing",
        "cut": "a message of the kernel's has cut into it",
        "dies": "the kernel panicked",
    }


def test_a_suite_without_counters_of_a_target_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gcov, "read", lambda *_: toy())
    job, build = Job("toys", Path("/x")), Path("/build")
    counted = [Counted(1, build / f"{name}.gcda", b"1") for name in ("mm/toy", "drivers/toy")]
    recorder = recorded(Begin(0, job), *counted, Counted(1, Path("/else/mm/toy.gcda"), b"1"), End(1, job, 0))
    found = measure.suite("ours", Run("x"), recorder, [Target("mm/toy.c"), Target("mm/toy.h")], build, TREE, "gcov")
    assert found.profiles["toys"]["mm/toy.c"].lines[37] == 3  # once: not what is of another toy.c or build
    with pytest.raises(CiError, match=r"counted nothing in mm/other.c"):
        measure.suite("ours", Run("x"), recorder, [Target("mm/other.c")], build, TREE, "gcov")
    silent = recorded(Begin(0, job), End(1, job, 0))
    with pytest.raises(CiError, match=r"mm/toy.c \(toys: .* CONFIG_GCOV_KERNEL"):
        measure.suite("ours", Run("x"), silent, [Target("mm/toy.c")], build, TREE, "gcov")


def test_suites_side_by_side(tmp_path: Path) -> None:
    found = compared(tmp_path)
    lines = {line.number: line for line in found.lines() if line.file == "mm/toy.c"}
    assert lines[20].counts == (1, 0) and lines[19].counts == (4, 8)
    assert lines[20].note is not None and lines[20].note.needs == "a large toy"
    assert lines[39].untaken() == 1 and lines[39].untaken(0) == 1 and not lines[37].untaken()
    assert {part.function.name for part in found.parts} == {"toy_clip", "toy_sum", "main", "toy_rest"}
    assert found.programs()["mm/toy.c"][20] == ["toys"]
    assert found.programs()["mm/toy.c"][37] == ["toys", "small"]
    found.suites = [found.suites[1], replace(found.suites[1], profiles={"small": gcov.merge([])})]
    assert found.programs()["mm/toy.c"][37] == ["small"]  # it ran in one of two suites that have it


def test_what_every_program_runs_counts_for_those_that_run_it_more_often(tmp_path: Path) -> None:
    found = compared(tmp_path)
    more = gcov.merge([found.suites[1].profiles["small"], found.suites[1].profiles["small"]])
    found.suites[1].profiles["most"] = more
    assert found.programs()["mm/toy.c"][19] == ["toys", "small", "smaller", "most"]
    assert found.deciding()["mm/toy.c"][19] == ["toys", "small", "most"]  # one of each suite stands for the idle ones
    assert found.deciding()["mm/toy.c"][20] == ["toys"]


def test_only_the_chosen_functions(tmp_path: Path) -> None:
    assert [part.function.name for part in compared(tmp_path, "mm/toy.c:toy_clip").parts] == ["toy_clip"]
    with pytest.raises(CiError, match="no function twice"):
        compared(tmp_path, "mm/toy.c:twice")


def test_a_note_needs_a_place_in_the_source(tmp_path: Path) -> None:
    found = compared(tmp_path, note=NOTES.replace("toy_clipped++", "toy_gone++"))
    assert len(found.notes.stale) == 1 and ":6: not in mm/toy.c: toy_clip()" in found.notes.stale[0]
    twice = NOTES.replace("return toy_never(sum);", "sum +=")
    assert len(compared(tmp_path, note=twice).notes.stale) == 1
    with pytest.raises(CiError, match=r'notes.yaml:2:3: "needs" is missing'):
        compared(tmp_path, note="\n- {file: mm/toy.c, function: main}\n".replace("- {", "- {"))


def test_a_note_may_be_about_the_next_such_line(tmp_path: Path) -> None:
    note = NOTES.replace("code: return toy_never(sum);", "after: sum += toy_clip(toy\n  code: sum +=")
    assert compared(tmp_path, note=note).notes.of["mm/toy.c", 39].needs == "a negative sum"
    nowhere = compared(tmp_path, note=note.replace("after: sum += toy_clip(toy", "after: gone"))
    assert len(nowhere.notes.stale) == 1


def test_a_note_without_code_is_about_all_of_the_function(tmp_path: Path) -> None:
    path = tmp_path / "notes.yaml"
    path.write_text("- {file: mm/toy.c, function: main, needs: nothing}\n")
    text = (TOY / "mm/toy.c").read_text()
    found = notes.read(path, {"mm/toy.c": text}, {"mm/toy.c": functions(text)})
    assert {line for _, line in found.of} == set(range(46, 52))


def shown(found: Comparison) -> str:
    console = Console(file=StringIO(), width=200)
    table.show(found, console)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_the_tables(tmp_path: Path) -> None:
    said = shown(compared(tmp_path))
    assert ["toy_clip", "3", "3", "1", "0", "0", "0"] in [line.split() for line in said.splitlines()]
    assert "big: not or not wholly counted: it hung" in said
    assert "no lines that no suite runs" in said
    assert (
        "2 lines that only ours runs\nmm/toy.c:20-21 toy_clip()  a large toy: none of the small ones is clipped" in said
    )
    assert f"mm/toy.c:39-41 toy_sum()  {table.UNEXPLAINED}" in said


def test_lines_that_nobody_runs_are_told_with_their_reason(tmp_path: Path) -> None:
    found = compared(tmp_path)
    found.suites = [replace(suite, profiles={"small": found.suites[1].profiles["small"]}) for suite in found.suites]
    assert "2 lines that no suite runs\nmm/toy.c:20-21 toy_clip()  a large toy" in shown(found)


def test_the_json(tmp_path: Path) -> None:
    found = compared(tmp_path)
    lines = json.loads(data.lines(found))
    assert lines["programs"] == ["toys", "small", "smaller"]
    (alike,) = (entry for entry in lines["files"]["mm/toy.c"]["lines"] if 20 in entry["of"])
    assert 21 in alike["of"] and alike["run_by"] == ["toys"]
    whole = json.loads(data.render(found))
    line = next(line for line in whole["lines"] if line["line"] == 39)
    assert line["counts"] == {"ours": 2, "upstream": 2} and line["branches"]["ours"] == [0, 2]
    assert whole["suites"]["upstream"] == {"programs": ["small", "smaller"], "lost": {"big": "it hung"}}


def test_the_page_has_every_line_and_its_reason(tmp_path: Path) -> None:
    found = compared(tmp_path)
    document = lxml_html.fromstring(page.render(found))
    listings = [listing for listing in document.iter("table") if listing.get("class") == "source"]
    found_rows = [row for listing in listings for row in listing.iter("tr")]
    cells = {row[0].text: ["".join(map(str, cell.itertext())).strip() for cell in row] for row in found_rows}
    state = {row[0].text: row.get("class") for row in found_rows}
    assert (state["20"], cells["20"][-1]) == ("partly", "a large toy: none of the small ones is clipped")
    assert (state["39"], cells["39"][-1]) == ("branches", table.UNEXPLAINED)
    assert (state["37"], state["35"]) == ("all", None)
    assert cells["38"][:5] == ["38", "2", "2/2", "2", "2/2"]
    assert page.render(found) == page.render(found)


@pytest.mark.qemu
def test_a_real_kernel_counts_and_forgets_between_programs(kernel_tree: str, tmp_path: Path) -> None:
    version = kernel_tree.removeprefix("debian:")
    source = Cache.find().root / f"trees/debian-{version}-full" if version != kernel_tree else Path(kernel_tree)
    if not list(Cache.find().root.glob(f"kbuilds/{source.name}-*-arm64-*/mm/mprotect.gcno")):
        pytest.skip(f"no kernel of {kernel_tree} that counts: `ksftci coverage --kernel-tree {kernel_tree}` builds one")
    lines, whole = tmp_path / "lines.json", tmp_path / "all.json"
    argv = ["coverage", "--tree", kernel_tree, "--suite", "first=mkdirty", "--suite", "second=mkdirty,mdwe_test"]
    options = ["--lines", lines, "--json", whole]
    done = subprocess.run([sys.executable, "-m", "ksftci", *argv, *map(str, options)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    functions = {part["name"]: part for part in json.loads(whole.read_text())["functions"]}
    ran = functions["change_pte_range"]["ran"]
    assert 20 <= ran["first"] <= ran["second"] < functions["change_pte_range"]["lines"]
    files = json.loads(lines.read_text())["files"].values()
    programs = [alike["run_by"] for file in files for alike in file["lines"]]
    assert ["mkdirty", "mdwe_test"] in programs
    assert ["mkdirty"] in programs  # which ran before: its counts are not those of the next program as well
