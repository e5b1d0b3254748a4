# SPDX-License-Identifier: GPL-2.0-only
"""Broken kernels, without a kernel: lines found and changed, kills and survivors, going on after an interruption."""

import hashlib
import json
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ksftci.arch import ARM64
from ksftci.assembly import Options, assemble
from ksftci.errors import CiError
from ksftci.host.cache import Cache
from ksftci.kernel.functions import Function, function_at, functions
from ksftci.kernel.image import KernelRef
from ksftci.kernel.tree import Tree
from ksftci.machine.machine import Begin, Booted, Cause, End, Event, Job, Limits, Line, Machine, Stopped
from ksftci.mutants import board, curated, executed, page, plan, sample
from ksftci.mutants.forge import Forge, Made
from ksftci.mutants.hunt import Hunt
from ksftci.mutants.journal import Entry, Journal
from ksftci.mutants.ledger import Ledger, Standing
from ksftci.mutants.mutant import Mutant
from ksftci.mutants.trial import Baseline, Outcome, Start, Suite, Trial, boots
from ksftci.results.model import Run, TestResult, Verdict

SOURCE = """\
/* SPDX */
static int declared(int a);

static __always_inline int
length(int start, int max)
{
	int i;

	for (i = start; i < max; i++)
		if (i == 3)
			break;
	return i - start;
}

static bool change(struct area *area,
			int nr)
{
	int pages = 0;

	pages += nr;
	pages += nr;
	return pages;
}
"""


def mutant(name: str = "m", **fields: str) -> Mutant:
    usual = {"group": "curated", "file": "mm/x.c", "function": "length", "before": "int i;", "after": "int j;"}
    return Mutant(name, line=7, **(usual | fields))


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    path = tmp_path / "linux"
    (path / "mm").mkdir(parents=True)
    (path / "Makefile").write_text("VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 4\nEXTRAVERSION =\n")
    (path / "tools/testing/selftests").mkdir(parents=True)
    (path / "tools/testing/selftests/lib.mk").touch()
    (path / "mm/x.c").write_text(SOURCE)
    return Tree.open(path)


def test_functions_are_found_by_the_kernels_style() -> None:
    assert functions(SOURCE) == [Function("length", 5, 13), Function("change", 15, 23)]
    assert function_at(SOURCE, 9) == "length"
    assert function_at(SOURCE, 1) == ""


def test_a_mutant_changes_its_line_and_moves_no_other() -> None:
    text = mutant().apply(SOURCE)
    assert text.split("\n")[6] == "\tint j;"
    assert len(text.split("\n")) == len(SOURCE.split("\n"))
    assert mutant(after="").apply(SOURCE).split("\n")[6] == "\t;"
    with pytest.raises(CiError, match=r"mm/x.c:7 is 'int i;', not 'int k;'"):
        mutant(before="int k;").apply(SOURCE)


ENTRY = """\
mutants:
  - name: one_more
    file: mm/x.c
    function: {function}
    before: "{before}"
    after: "pages += nr + 1;"
    bug: One page more.
    source: review
    expect: mprotect_mixed_folio
"""


def test_a_curated_line_is_found_in_its_function(tree: Tree, tmp_path: Path) -> None:
    file = tmp_path / "curated.yaml"
    file.write_text(ENTRY.format(function="change", before="pages += nr;").replace("bug:", "nth: 2\n    bug:"))
    (found,) = curated.read(file, tree)
    assert (found.line, found.group, found.expect) == (21, "curated", "mprotect_mixed_folio")


@pytest.mark.parametrize(
    ("function", "before", "message"),
    [
        ("change", "pages += nr;", "2 times in change"),
        ("change", "pages -= nr;", "not in change"),
        ("chance", "pages += nr;", r"no function chance\(\) in mm/x.c of 7.3.4"),
    ],
)
def test_a_curated_line_that_does_not_fit_is_told(
    tree: Tree, tmp_path: Path, function: str, before: str, message: str
) -> None:
    file = tmp_path / "curated.yaml"
    file.write_text(ENTRY.format(function=function, before=before))
    with pytest.raises(CiError, match=message):
        curated.read(file, tree)


def test_an_entry_says_who_notices_it_or_what_is_missing(tree: Tree, tmp_path: Path) -> None:
    file = tmp_path / "curated.yaml"
    text = ENTRY.format(function="change", before="return pages;")
    file.write_text(text.replace("    expect: mprotect_mixed_folio\n", ""))
    with pytest.raises(CiError, match=r"curated.yaml:2:5: .*needs expect .* or missing"):
        curated.read(file, tree)


def test_the_same_seed_draws_the_same_sample(tree: Tree) -> None:
    first = sample.draw(tree, "mm/x.c", "length", "change", 1)
    assert first == sample.draw(tree, "mm/x.c", "length", "change", 1)
    assert first != sample.draw(tree, "mm/x.c", "length", "change", 2)
    assert {m.function for m in sample.draw(tree, "mm/x.c", "length", "length", 1)} == {"length"}
    assert len({m.name for m in first}) == len(first)
    for one in first:
        assert one.apply(SOURCE).count("\n") == SOURCE.count("\n")


PLAN = "tree: debian:7.3\nsuites:\n  ours: {programs: [a]}\ncurated: c.yaml\n"


def test_a_plan_is_read_with_the_place_of_every_mistake(tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(PLAN)
    assert plan.programs(file, plan.read(file).suites["ours"]) == ["a"]
    for text, message in [
        (PLAN.replace("ours:", "ours: {}\n  other:"), "suite ours needs either programs or list"),
        (PLAN.replace("curated: c.yaml", ""), "there are no mutants in it"),
        (PLAN + "sampel: {}\n", r"plan.yaml:5:1: unknown key .sampel.; allowed: tree, arch"),
        (PLAN + "sample: {file: x, first: a, last: b, seed: one, count: 3}\n", r"plan.yaml:5:.*seed .one."),
        ("- a\n", "must be a mapping"),
        ("", "is empty"),
    ]:
        file.write_text(text)
        with pytest.raises(CiError, match=message):
            plan.read(file)


# A fake kernel: which tests fail on it, boot by boot.

JOB = Job("prog", Path("/bin/true"))
OTHER = Job("other", Path("/bin/true"))
SUITE = Suite("ours", [JOB, OTHER], Limits(10, 5))


@dataclass
class FakeMachine:
    """Its tests are job.a and job.b; those in `bad` fail, `panics` is where it stops."""

    bad: set[str]
    panics: str = ""
    boots: bool = True
    ran: list[list[str]] = field(default_factory=list)
    label: str = "fake"

    def run(self, jobs: Sequence[Job], stop: threading.Event) -> Iterator[Event]:
        self.ran.append([job.name for job in jobs])
        if not self.boots:
            yield Stopped(0, Cause.NO_BOOT, "Unable to handle kernel paging request")
            return
        yield Booted(0, {})
        for job in jobs:
            yield Begin(1, job)
            yield Line(1, "1..2")
            for number, test in enumerate("ab", 1):
                if f"{job.name}.{test}" == self.panics:
                    yield Stopped(2, Cause.PANIC)
                    return
                word = "not ok" if f"{job.name}.{test}" in self.bad else "ok"
                yield Line(2, f"{word} {number} {test}")
            yield End(3, job, 0)


def starting(*machines: FakeMachine) -> Start:
    """The machines one after the other; the last for ever."""
    left = list(machines)
    return lambda _image, _limits: left.pop(0) if len(left) > 1 else left[0]


def tried(start: Start, baseline: Baseline | None = None, whole: bool = False) -> list[Outcome]:
    one = Trial(start, Path("image"), Limits(10, 5), {"prog": baseline or Baseline()}, threading.Event())
    return list((one.attempt_whole if whole else one.attempt)(SUITE.jobs))


def told(outcomes: list[Outcome]) -> list[tuple[str, bool, str]]:
    return [(outcome.program, outcome.killed, outcome.by) for outcome in outcomes]


def test_a_kill_stops_at_the_first_failure_and_is_confirmed_by_a_second_boot() -> None:
    machine = FakeMachine({"prog.b", "other.a"})
    assert told(tried(starting(machine))) == [("prog", True, "prog.b")]
    assert machine.ran == [["prog", "other"], ["prog"]]


def test_a_program_that_notices_nothing_is_through_before_the_next_one_is() -> None:
    assert told(tried(starting(FakeMachine({"other.a"})))) == [("prog", False, ""), ("other", True, "other.a")]


def test_a_panic_kills_whatever_the_baseline_excuses() -> None:
    baseline = Baseline({"prog.a": {"fail", "pass"}})
    (panic,) = tried(starting(FakeMachine(set(), panics="prog.a")), baseline)
    assert (panic.killed, panic.verdict) == (True, "crash")
    assert told(tried(starting(FakeMachine({"prog.a"})), baseline)) == [("prog", False, ""), ("other", False, "")]


def test_a_failure_that_does_not_come_again_is_no_kill() -> None:
    once, never = FakeMachine({"prog.a"}), FakeMachine(set())
    outcomes = tried(starting(once, never))
    assert told(outcomes) == [("prog", False, ""), ("other", False, "")]
    assert outcomes[0].unconfirmed == ("prog.a",)


def test_another_failure_of_the_program_confirms_nothing() -> None:
    first, second = FakeMachine({"prog.a"}), FakeMachine({"prog.b"})
    outcomes = tried(starting(first, second, second, FakeMachine(set())))
    assert told(outcomes) == [("prog", False, ""), ("other", False, "")]


def test_a_panic_may_come_elsewhere_again() -> None:
    first, second = FakeMachine(set(), panics="prog.a"), FakeMachine(set(), panics="prog.b")
    assert told(tried(starting(first, second))) == [("prog", True, "prog.crash")]


def test_failures_that_never_come_again_end_some_time() -> None:
    machines = [machine for test in "abab" for machine in (FakeMachine({f"prog.{test}"}), *[FakeMachine(set())] * 2)]
    assert told(tried(starting(*machines, FakeMachine(set())))) == [("prog", False, ""), ("other", False, "")]


def test_a_failure_that_needs_what_ran_before_is_confirmed_with_it() -> None:
    bad, fine = FakeMachine({"other.a"}), FakeMachine(set())
    outcomes = tried(starting(bad, fine, bad))
    assert outcomes[-1].by == "other.a"
    assert bad.ran == [["prog", "other"], ["prog", "other"]]
    assert fine.ran == [["other"]]


def test_a_whole_run_tells_every_test_that_notices_twice() -> None:
    both, one = FakeMachine({"prog.a", "prog.b", "other.a"}), FakeMachine({"prog.b", "other.a"})
    outcomes = tried(starting(both, one), whole=True)
    assert [outcome.failed for outcome in outcomes] == [("prog.b",), ("other.a",)]
    assert outcomes[0].unconfirmed == ("prog.a",)


def test_the_baseline_leaves_out_what_fails_or_differs() -> None:
    runs = [Run("", results=[TestResult("p", "a", v), TestResult("p", "b", Verdict.PASS)]) for v in Verdict]
    runs[0].results += [TestResult("p", "c", Verdict.SKIP), TestResult("q", "d", Verdict.FAIL)]
    baseline = Baseline.of(runs, "p")
    assert baseline.unstable.keys() == {"p.a", "p.c"}
    assert baseline.runs == len(runs)
    assert not baseline.excuses(TestResult("p", "b", Verdict.FAIL))


def test_a_journal_outlives_a_torn_line(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    journal = Journal(file)
    journal.add("made", "x", status="built")
    with file.open("a") as stream:
        stream.write('{"key": "made y", "sta')
    journal = Journal(file)
    assert journal.get("made", "y") is None
    journal.add("made", "y", status="same code")
    again = Journal(file)
    assert [again.get("made", name) for name in "xy"] == [
        {"key": "made x", "status": "built"},
        {"key": "made y", "status": "same code"},
    ]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.text(max_size=5), st.text(max_size=20)), min_size=1, max_size=8), st.integers(0, 400))
def test_a_journal_cut_anywhere_keeps_what_is_whole(entries: list[tuple[str, str]], cut: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "j"
        journal = Journal(file)
        for key, value in entries:
            journal.add(key, value=value)
        data = file.read_bytes()[:cut]
        file.write_bytes(data)
        again = Journal(file)
        for key, value in dict(entries[: data.count(b"\n")]).items():
            entry = again.get(key)
            assert entry is not None
            assert entry["value"] in (value, dict(entries)[key])  # a cut before the line end leaves a whole line


class FakeBuilder:
    """Object code is the source without what a compiler does not see."""

    arch = ARM64

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def build(self, tree: Tree, config: list[str]) -> Path:
        image = self.image(self.folder)
        image.parent.mkdir(parents=True)
        image.touch()
        return image

    def image(self, build: Path) -> Path:
        return build / "arch/arm64/boot/Image"

    def make_target(self, tree: Tree, build: Path, target: str) -> None:
        if target.endswith(".o"):
            (build / "mm").mkdir(exist_ok=True)
            text = (tree.path / target).with_suffix(".c").read_text()
            (build / target).write_text(text.replace(";;", ";"))


def test_the_list_and_the_sample_are_compared_each_with_itself(tree: Tree, tmp_path: Path) -> None:
    forge = Forge(Cache(tmp_path / "cache"), tree, FakeBuilder(tmp_path / "build"), [])  # type: ignore[arg-type]
    forge.baseline()
    told = [
        forge.make(mutant(name, group=group, after=after))
        for name, group, after in [
            ("listed", "curated", "int j;"),
            ("drawn", "sample", "int j;"),
            ("again", "sample", "int j;;"),
            ("nothing", "sample", "int i;;"),
            ("other", "sample", "int k;"),
        ]
    ]
    assert [(made.status, made.why) for made in told] == [
        ("built", ""),
        ("built", ""),
        ("same code", "the same object code as drawn"),
        ("same code", "the same object code as the kernel without it"),
        ("built", ""),
    ]
    forge.restore()
    assert (forge.tree.path / "mm/x.c").read_text() == SOURCE


@dataclass
class FakeForge:
    """Kernels are files that are called after their mutants."""

    folder: Path
    kernel: str = "7.3.4"
    statuses: dict[str, str] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)

    def baseline(self) -> Path:
        return self.folder / "baseline"

    def know(self, mutant: Mutant, digest: str) -> None: ...

    def restore(self) -> None: ...

    def make(self, mutant: Mutant) -> Made:
        self.made.append(mutant.name)
        status = self.statuses.get(mutant.name, "built")
        image = self.folder / mutant.name
        return Made(status, image if status == "built" else None, object=mutant.name)


class Silent:
    def baseline(self, suite: Suite, programs: int, runs: int) -> None: ...

    def made(self, mutant: Mutant, entry: Entry) -> None: ...

    def tried(self, mutant: Mutant, suite: str, told: Standing | str) -> None: ...


def hunting(tmp_path: Path, kernels: dict[str, FakeMachine], forge: FakeForge, **fields: object) -> Hunt:
    def start(image: Path, _limits: Limits) -> Machine:
        return kernels.get(image.name, FakeMachine(set()))

    drawn = [mutant(f"s{number}", group="sample", after=f"{number};") for number in range(6)]
    listed = [
        mutant("killed", about="runs"),
        mutant("survives", after=""),
        mutant("dead", after="b;", missing="a state"),
    ]
    ledger = Ledger(Journal(tmp_path / "journal.jsonl"), "7.3.4")
    settings: dict[str, object] = {"at_once": 2, **fields}
    return Hunt(forge, start, [SUITE], listed, drawn, 2, ledger, Silent(), **settings)  # type: ignore[arg-type]


def test_a_hunt_from_the_plan_to_the_figures(tmp_path: Path) -> None:
    kernels = {"killed": FakeMachine({"prog.a"}), "dead": FakeMachine(set(), boots=False)}
    forge = FakeForge(tmp_path, statuses={"s0": "same code", "s1": "not compiled"})
    hunt = hunting(tmp_path, kernels, forge)
    hunt.run()
    assert forge.made == ["killed", "survives", "s0", "s1", "s2", "s3", "dead"]
    reason = plan.Judgement(name="survives", verdict="equivalent", why="the same")
    rows = board.rows(hunt, {"survives": reason})
    assert [(row.mutant.name, row.status, row.killed("ours")) for row in rows] == [
        ("killed", "tried", True),
        ("survives", "tried", False),
        ("dead", "does not boot", None),
        ("s2", "tried", False),
        ("s3", "tried", False),
    ]
    listed, drawn = board.figures(rows, hunt.suites)
    assert (listed.killed, listed.tried, listed.unlike, listed.left) == (1, 2, 1, 0)
    assert (drawn.killed, drawn.tried) == (0, 2)
    assert board.dropped(hunt) == {"same code": 1, "not compiled": 1}
    everything = json.loads(json.dumps(board.data(hunt, rows, "7.3.4")))
    assert everything["mutants"][0]["outcomes"]["ours"]["by"] == "prog.a"
    text = page.render(everything)
    assert "killed</span>" in text
    assert "equivalent: the same" in text


def test_what_is_judged_the_same_comes_last_and_is_of_the_sample_all_the_same(tmp_path: Path) -> None:
    forge = FakeForge(tmp_path, statuses={"s1": "not compiled"})
    hunting(tmp_path, {}, forge, same={"s0"}).run()
    assert forge.made == ["killed", "survives", "s1", "s2", "dead", "s0"]


def test_suites_are_compared_on_what_all_of_them_have_tried(tmp_path: Path) -> None:
    kernels = {"killed": FakeMachine({"prog.a"}), "survives": FakeMachine({"other.a"})}
    hunt = hunting(tmp_path, kernels, FakeForge(tmp_path))
    hunt.suites = [Suite("ours", [JOB, OTHER], Limits(9, 9)), Suite("theirs", [OTHER], Limits(9, 9))]
    hunt.run()
    rows = board.rows(hunt, {})
    listed, drawn = board.together(rows, hunt.suites)
    assert (listed.tried, listed.killed, listed.nobody) == (3, {"ours": 2, "theirs": 1}, 1)
    assert listed.alone == {"ours": 1, "theirs": 0}
    assert (drawn.tried, drawn.nobody) == (2, 2)
    assert "of 3 that all suites have tried ours killed <b>2</b>" in page.render(board.data(hunt, rows, "7.3.4"))
    assert board.together(rows, hunt.suites[:1]) == []
    assert board.parts(rows, hunt.suites) == [
        board.Topic("runs", False, 1, {"ours": 1, "theirs": 0}),
        board.Topic("mm/x.c", False, 1, {"ours": 1, "theirs": 1}),
        board.Topic("a state", True, 1, {"ours": 0, "theirs": 0}),
    ]
    judged = board.rows(hunt, {"survives": plan.Judgement(name="survives", verdict="slower", why="the same")})
    assert [part.about for part in board.parts(judged, hunt.suites)] == ["runs", "a state"]


def test_a_hunt_goes_on_where_it_was(tmp_path: Path) -> None:
    first = FakeForge(tmp_path)
    hunting(tmp_path, {}, first).run()
    again = FakeForge(tmp_path)
    hunting(tmp_path, {}, again).run()
    assert len(first.made) == 5
    assert again.made == []


def test_a_program_that_is_new_tries_only_what_survived_the_others(tmp_path: Path) -> None:
    kernels = {"killed": FakeMachine({"prog.a"}), "survives": FakeMachine({"new.b"})}
    hunting(tmp_path, kernels, FakeForge(tmp_path)).run()
    new = Suite("ours", [*SUITE.jobs, Job("new", Path("/bin/true"))], SUITE.limits)
    for machine in kernels.values():
        machine.ran.clear()
    hunt = hunting(tmp_path, kernels, FakeForge(tmp_path))
    hunt.suites = [new]
    hunt.run()
    assert not [jobs for jobs in kernels["killed"].ran if "prog" in jobs]
    assert kernels["survives"].ran[-1] == ["new"]
    standing = hunt.ledger.standing(new, hunt.curated[1])
    assert standing is not None
    assert standing.kill is not None
    assert standing.kill["by"] == "new.b"


def lines_file(tmp_path: Path, lines: dict[str, list[str]], source: str = SOURCE) -> Path:
    file = tmp_path / "lines.json"
    told = [{"of": [int(line)], "run_by": names} for line, names in lines.items()]
    entry = {"sha256": hashlib.sha256(source.encode()).hexdigest(), "lines": told}
    file.write_text(json.dumps({"programs": ["a", "b"], "files": {"mm/x.c": entry}}))
    return file


def test_who_does_not_run_a_line_is_not_asked(tree: Tree, tmp_path: Path) -> None:
    ran_by = {"9": ["a"], "10": ["a", "b"], "15": ["b"], "20": [], "22": ["a"]}
    found = executed.read(lines_file(tmp_path, ran_by), tree)

    def asked(line: int, **fields: str) -> list[str]:
        idle = found.idle(replace(mutant(**fields), line=line))
        return [name for name in ("a", "b", "new") if name not in idle]

    assert asked(20) == ["new"]  # what was not measured is always asked
    assert asked(22) == ["a", "new"]
    assert asked(16) == ["b", "new"]  # goes on from line 15
    assert asked(19) == ["a", "b", "new"]  # a line without code: as all of the function
    assert asked(10) == asked(9) == asked(11) == ["a", "b", "new"]  # an inline function, as a whole
    assert asked(3) == ["a", "b", "new"]  # nothing is known
    assert asked(20, file="mm/y.c") == asked(20, file="mm/x.h") == ["a", "b", "new"]


BLOCKS = """\
int f(int a)
{
	if (a) {
		int b;

		if (b &&
			a > 1)
			return 1;
		a = 2;
	} else {
		a = 3;
	}
out:
	return 2;
}
"""


def test_conditions_are_asked_of_their_block_and_labels_of_the_function(tree: Tree, tmp_path: Path) -> None:
    (tree.path / "mm/x.c").write_text(BLOCKS)
    ran_by = {"3": ["a"], "6": [], "7": [], "8": [], "9": ["b"], "11": [], "14": ["a", "b"]}
    found = executed.read(lines_file(tmp_path, ran_by, BLOCKS), tree)

    def asked(line: int) -> list[str]:
        return [name for name in ("a", "b") if name not in found.idle(replace(mutant(), line=line))]

    assert asked(3) == asked(10) == asked(12) == ["a", "b"]  # in the outermost block
    assert asked(4) == asked(6) == asked(7) == ["b"]  # in the inner one
    assert asked(8) == asked(11) == []
    assert asked(13) == ["a", "b"]


def test_lines_of_another_source_or_format_are_an_error(tree: Tree, tmp_path: Path) -> None:
    with pytest.raises(CiError, match=r"lines.json: mm/x.c is another one in 7.3.4; measure again"):
        executed.read(lines_file(tmp_path, {}, "int x;"), tree)
    (tmp_path / "lines.json").write_text('{"mm/x.c": {}}')
    with pytest.raises(CiError, match="is not what `ksftci coverage --lines` writes"):
        executed.read(tmp_path / "lines.json", tree)


def test_a_mutant_in_a_line_that_no_program_runs_survives_without_a_boot(tree: Tree, tmp_path: Path) -> None:
    known = executed.read(lines_file(tmp_path, {"20": []}), tree)
    quiet = replace(mutant(), line=20)
    job = replace(JOB, name="a")
    suite = Suite("ours", [job], Limits(9, 9), known)
    ledger = Ledger(Journal(tmp_path / "journal.jsonl"), "k")
    found = ledger.standing(suite, quiet)
    assert found is not None and found.kill is None and found.asked == 0
    ledger.add_outcome(job, quiet, Outcome("a", True, 1.0, "a.x"))  # the lines were wrong
    found = ledger.standing(suite, quiet)
    assert found is not None and found.kill is not None


def test_what_fails_now_and_then_on_several_mutants_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    ledger = Ledger(Journal(path), "k")
    ledger.add_baseline(JOB, Baseline(runs=3))
    ledger.add_outcome(JOB, mutant("x"), Outcome("prog", True, 1.0, "prog.a"))
    ledger.add_outcome(JOB, mutant("y", after="y;"), Outcome("prog", False, 1.0, unconfirmed=("prog.a",)))
    assert ledger.outcome(JOB, mutant("x")) is not None
    ledger.add_outcome(JOB, mutant("z", after="z;"), Outcome("prog", False, 1.0, unconfirmed=("prog.a",)))
    for known in (ledger, Ledger(Journal(path), "k")):
        assert known.outcome(JOB, mutant("x")) is None  # to be asked again
        assert known.outcome(JOB, mutant("y", after="y;")) is not None
        found = known.baseline(JOB)
        assert found is not None and set(found.unstable) == {"prog.a"} and found.runs == 3


def test_what_is_not_built_yet_has_not_survived(tree: Tree, tmp_path: Path) -> None:
    known = executed.read(lines_file(tmp_path, {"20": []}), tree)
    hunt = hunting(tmp_path, {}, FakeForge(tmp_path))
    hunt.suites = [Suite("ours", [replace(JOB, name="a")], Limits(9, 9), known)]
    hunt.curated, hunt.sample = [replace(mutant(), line=20)], []
    assert board.rows(hunt, {})[0].killed("ours") is None
    hunt.run()
    assert board.rows(hunt, {})[0].killed("ours") is False


def test_the_program_that_is_likely_to_notice_comes_first(tmp_path: Path) -> None:
    kernels = {name: FakeMachine({"other.a"}) for name in ("killed", "survives", "dead")}
    hunt = hunting(tmp_path, kernels, FakeForge(tmp_path), at_once=1)
    hunt.curated = [replace(hunt.curated[0], expect="other"), hunt.curated[1]]
    hunt.run()
    assert kernels["killed"].ran[1] == ["other", "prog"]  # as expected; the first boot only looks whether it boots
    assert kernels["survives"].ran[1] == ["other", "prog"]  # as in the same function before


def test_what_is_wrong_with_the_machine_ends_the_hunt(tmp_path: Path) -> None:
    class Broken(FakeMachine):
        def run(self, jobs: Sequence[Job], stop: threading.Event) -> Iterator[Event]:
            raise CiError("qemu is not installed")

    names = ("killed", "survives", "dead", *(f"s{number}" for number in range(6)))
    hunt = hunting(tmp_path, {name: Broken(set()) for name in names}, FakeForge(tmp_path))
    with pytest.raises(CiError, match="qemu is not installed"):
        hunt.run()


def test_a_stopped_hunt_writes_nothing_wrong(tmp_path: Path) -> None:
    forge = FakeForge(tmp_path)
    hunt = hunting(tmp_path, {}, forge)
    hunt.stop.set()
    hunt.run()
    assert all(row.killed("ours") is None for row in board.rows(hunt, {}))


def test_hostile_text_is_only_text_on_the_page(tmp_path: Path) -> None:
    hunt = hunting(tmp_path, {}, FakeForge(tmp_path))
    hunt.curated = [mutant("x", before="<script>", after="a && b < c", bug="<b>")]
    text = page.render(board.data(hunt, board.rows(hunt, {}), "7.3.4"))
    assert "<script>" not in text


@pytest.mark.qemu
def test_kills_on_a_real_kernel(kernel: str, tmp_path: Path) -> None:
    tools = assemble(Options(ARM64), print)
    image = tools.kernels.get(KernelRef.parse(kernel))
    texts = {
        "fine": "echo 1..1; echo ok 1 works",
        "fails": "echo 1..2; echo ok 1 works; echo not ok 2 broken; sleep 600",
        "hangs": "echo 1..2; echo ok 1 works; sleep 600",
        "panics": "echo 1..1; echo c >/proc/sysrq-trigger; sleep 600",
    }
    jobs = {}
    for name, text in texts.items():
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
        jobs[name] = Job(name, program)
    guest = tools.guests.qemu("mutant", image, list(jobs.values()))
    one = Trial(lambda _, limits: replace(guest, limits=limits), image, Limits(180, 20), {}, threading.Event())
    assert boots(one.start, image, one.stop) == ""
    seen = {}
    for name in ("fails", "hangs", "panics"):
        first, kill = one.attempt([jobs["fine"], jobs[name]])
        assert not first.killed
        seen[kill.by] = kill.verdict
    assert seen == {"fails.broken": "fail", "hangs.crash": "timeout", "panics.crash": "crash"}
