# SPDX-License-Identifier: GPL-2.0-only
"""Trees of results, what they must come out as, and every way in which programs print them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from hypothesis import strategies as st

# (words of the line, verdict, whether the line says "not ok"); {} is the name
_LEAVES = (
    ("{}", "pass", False),
    ("{}", "pass", False),
    ("{}", "fail", True),
    ("{}", "fail", True),
    ("{} # SKIP a reason", "skip", False),
    ("# SKIP {}", "skip", False),
    ("{} # skip: reason", "skip", False),
    ("{} #skip", "skip", False),
    ("{} # XFAIL not yet", "xfail", False),
    ("# xfail {}", "xfail", False),
    ("{} # XFAIL not yet", "xfail", True),
    ("{} # TODO later", "xfail", True),
    ("# XPASS {}", "xpass", False),
    ("{} # Todo later", "xpass", False),
    ("{} # TIMEOUT 45 seconds", "timeout", True),
    ("{} # time=12ms", "pass", False),
    ("{} # time=12ms", "fail", True),
    ("{} # SKIP a reason time=12ms", "skip", False),
    ("{} # IGNORE Flaky", "pass", False),
    ("{} # UNRESOLVED", "fail", True),
    ("{} # exit=1", "fail", True),
    ("{} # exit=255", "fail", True),
    ("{} # exit=139", "crash", True),
    ("# error {}", "error", True),
    ("{} # ERROR no memory", "error", True),
)
BAD = {"fail", "timeout", "crash", "error", "not_run"}


@dataclass
class Leaf:
    """A test without tests inside it."""

    name: str
    words: str = "{}"
    verdict: str = "pass"
    failed: bool = False  # printed as "not ok"


@dataclass
class Branch:
    """A test with tests inside it, and the dialect in which those are printed."""

    name: str
    children: "list[Leaf | Branch]"
    prefix: str = "    "  # of the lines of its children
    version: str = ""
    title: str = ""  # a line before the children, {} is the name
    plan: str = "first"  # first, last, absent
    first_number: int = 1
    step: int = 1  # 2: every other number is left out
    dash: str = ""
    skips: bool = False  # says SKIP if anything inside was, as run_vmtests.sh does


Test = Leaf | Branch


@dataclass
class Printed:
    """The lines of a tree, and what was said by each of those that say "not ok"."""

    lines: list[str] = field(default_factory=list)
    failures: dict[int, Leaf] = field(default_factory=dict)  # line to leaf


def bad(test: Test) -> bool:
    """Whether anything in it failed."""
    if isinstance(test, Leaf):
        return test.verdict in BAD
    return any(bad(child) for child in test.children)


def leaves(tests: list[Test], path: str = "") -> Iterator[tuple[str, str]]:
    """(name, verdict) of each leaf in the order of printing, names not yet unique."""
    for test in tests:
        if isinstance(test, Leaf):
            yield path + test.name, test.verdict
        else:
            yield from leaves(test.children, f"{path}{test.name}/")


def unique(names: Iterable[str]) -> list[str]:
    """Names, of which the second and later ones of the same name get a number."""
    taken: dict[str, None] = {}
    times: dict[str, int] = {}
    for name in names:
        free = name
        while free in taken:
            times[name] = times.get(name, 1) + 1
            free = f"{name}#{times[name]}"
        taken[free] = None
    return list(taken)


def expected(root: Branch) -> dict[str, str]:
    """Id to verdict: what must come out of the tree."""
    found = list(leaves(root.children))
    return dict(zip(unique(name for name, _ in found), (verdict for _, verdict in found), strict=True))


def print_tree(root: Branch) -> Printed:
    """The lines in the dialects that the branches have."""
    printed = Printed()
    _print_children(root, "", printed)
    return printed


def _print_children(branch: Branch, prefix: str, printed: Printed) -> None:
    lines, plan = printed.lines, f"{prefix}1..{len(branch.children)}"
    if branch.version:
        lines.append(prefix + branch.version)
    if branch.title and prefix:
        lines.extend(prefix + line.format(branch.name) for line in branch.title.split("\n"))
    if branch.plan == "first":
        lines.append(plan)
    for child, line in zip(branch.children, result_lines(branch), strict=True):
        if isinstance(child, Branch):
            _print_children(child, prefix + child.prefix, printed)
        elif child.failed:
            printed.failures[len(lines)] = child
        lines.append(prefix + line)
    if branch.plan == "last":
        lines.append(plan)


def result_lines(branch: Branch) -> Iterator[str]:
    """The line of each child's result, without nesting."""
    number = branch.first_number
    for child in branch.children:
        words, failed = (child.words, child.failed) if isinstance(child, Leaf) else _outer(child)
        yield f"{'not ok' if failed else 'ok'} {number} {branch.dash}{words.format(child.name)}"
        number += branch.step


def _outer(branch: Branch) -> tuple[str, bool]:
    verdicts = {verdict for _, verdict in leaves(branch.children)}
    if bad(branch):
        return ("{} # exit=1" if branch.skips else "{}"), True
    if verdicts == {"skip"} or (branch.skips and "skip" in verdicts):
        return "{} # SKIP", False
    return "{}", False


_WORD = st.text("abcxyzAZ019_.-+=<>()/é✓", min_size=1, max_size=8).filter(lambda t: not t.startswith("-"))
NAMES = st.lists(_WORD, min_size=1, max_size=3).map(" ".join).filter(lambda name: name != "all")


@st.composite
def _leaf(draw: st.DrawFn, names: st.SearchStrategy[str]) -> Leaf:
    words, verdict, failed = draw(st.sampled_from(_LEAVES))
    return Leaf(draw(names), words, verdict, failed)


@st.composite
def trees(draw: st.DrawFn, names: st.SearchStrategy[str] = NAMES, gaps: bool = True) -> Branch:
    """A tree, up to five deep, of which each branch has a dialect of its own."""

    @st.composite
    def branch(draw: st.DrawFn, children: st.SearchStrategy[Test]) -> Branch:
        return Branch(
            draw(names),
            draw(st.lists(children, min_size=1, max_size=4)),
            draw(st.sampled_from(("  ", "    ", "# ", "# # ", "#", "\t", "#   "))),
            draw(st.sampled_from(("", "KTAP version 1", "TAP version 13", "TAP version 14"))),
            draw(st.sampled_from(("", "# Subtest: {}", "----\nrunning ./{}", "selftests: {}"))),
            draw(st.sampled_from(("first", "last", "absent"))),
            draw(st.sampled_from((1, 1, 1, 0, 7))) if gaps else 1,
            draw(st.sampled_from((1, 1, 1, 2))) if gaps else 1,
            draw(st.sampled_from(("", "- "))),
            draw(st.booleans()),
        )

    inner: st.SearchStrategy[Test] = st.recursive(_leaf(names), branch, max_leaves=20)
    return draw(branch(inner))


STAMPS = (
    "",
    "[   12.345678] ",
    "<6>[    1.400000][  T123] ",
    "[12.3][T12] ",
    "[    1.234567 <    0.000012>] ",
    "[Tue Nov 24 15:04:56 2026] ",
    "2026-01-01T12:00:00.123456 ",
    "2026-01-01T12:00:00.1234567Z ",
    "[2026-01-01 12:00:00,123] ",
    "2026-01-01T12:00:00.123456 <6>[    1.2] ",
    "Jan  1 12:00:00 host kernel: ",
    "Jan 01 12:00:00.123456 host run_kselftest.sh[123]: ",
    "2026-01-01T12:00:00+0000 host kernel: [   12.345678] ",
    "12:00:01 ",
    "kern  :info  : [   12.345678] ",
)
NOISE = (
    "",
    "# a comment",
    "# mprotect_cow.c:123:upgrade:Expected 'r' (114) == page->want (119)",
    "#  RUN           cow.thp ...",
    "#            OK  cow.thp",
    "# Totals: pass:1 fail:3 xfail:0 xpass:0 skip:1 error:0",
    "[   12.345678] random: crng init done",
    "[   12.345678] ------------[ cut here ]------------",
    "[   12.345678] WARNING: CPU: 0 PID: 1 at mm/rmap.c:1 folio_add+0x1/0x2",
    "[   12.345678] ---[ end trace 0000000000000000 ]---",
    "BUG: KASAN: use-after-free in folio_add+0x1/0x2",
    "Kernel panic - not syncing: Fatal exception",
    "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=cow RESULT=fail>",
    "\x1b[1m-----------\x1b[0m",
    "progress 10%\rprogress 20%",
    "okay, not okay",
    "\0\0",
    "1..",
    "KTAP",
    "#",
    "    ",
    "Bail",
    "TAP version",
    "running ./x",
    "---",
    "    ---",
    "# # ---",
)
ENDS = ("\n", "\r\n", "\r\r\n")


@dataclass
class Log:
    """A log as bytes, and the leaves whose "not ok" is whole in it."""

    data: bytes
    failures: list[Leaf]


@st.composite
def logs(draw: st.DrawFn) -> Log:
    """A tree whose leaves have names of their own, with noise in between, and cut at any byte."""
    numbers = iter(range(10**9))
    root = draw(trees(st.builds(lambda: f"leaf{next(numbers)}.")))
    printed = print_tree(root)
    stamp, end = draw(st.sampled_from(STAMPS)), draw(st.sampled_from(ENDS))
    colours = draw(st.booleans())
    data, ends = bytearray(), {}
    noise = st.lists(st.one_of(st.sampled_from(NOISE), st.text("ab#%[]<>0 .:\t\x1bé")), max_size=2)
    for place, line in enumerate(printed.lines):
        for other in draw(noise):
            data += f"{other}{end}".encode("utf-8", "surrogatepass")
        text = f"\x1b[31m{line}\x1b[0m" if colours else line
        data += (stamp + text).encode("utf-8", "surrogatepass")
        ends[place] = len(data)
        data += end.encode()
    cut = draw(st.one_of(st.just(len(data)), st.integers(0, len(data))))
    return Log(bytes(data[:cut]), [leaf for place, leaf in printed.failures.items() if ends[place] <= cut])
