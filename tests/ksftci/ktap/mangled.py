# SPDX-License-Identifier: GPL-2.0-only
"""Logs of trees: the kernel logs into their lines, programs put something around them, and they end anywhere."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from hypothesis import strategies as st
from tests.ksftci.ktap.dialects import ENDS, Branch, print_tree, result_lines, trees, unique
from tests.ksftci.ktap.wrapping import WRAPPERS

from ksftci.ktap.directive import judge

STAMPS = ("[   40.438055][   T61] ", "[   40.438055] ", "[12345.678901] ", "[    1.000000][ C1] ")
CHATTER = (
    "usb 1-1: new device",
    "random: crng init done",
    "hrtimer: interrupt took 10042 ns",
    "systemd[1]: Started it.",
    "x86/fpu: xstate_offset[2]:  576",
    "EXT4-fs (vda1): re-mounted. Opts: (null) # ok",
    "debugfs: 'demo' already exists in 'kunit'",
)
REPORTS = (  # each is a complaint, or looks like one and is information
    ("CPU: 1 UID: 0 PID: 77 Comm: demo Not tainted 7.3.0", "Call Trace:", " <TASK>", " f+0x1/0x2", " </TASK>"),
    (
        "------------[ cut here ]------------",
        "WARNING: CPU: 1 PID: 77 at mm/rmap.c:1234 f+0x1/0x2",
        "Modules linked in:",
        "---[ end trace 0000000000000000 ]---",
    ),
    ("BUG: KASAN: use-after-free in f+0x1/0x2",),
    ("Memory cgroup out of memory: Killed process 7 (demo) total-vm:1kB, anon-rss:1kB",),
)
# These are the kernel's own log, of which no line is inside another one.
WHOLE = {name for name in WRAPPERS if name.startswith(("dmesg", "console", "IGT", "levels", "journalctl -o short"))}
# Words that vary: another one is the wrapper's only if a plan or the result that comes next is behind it. The second
# half of a torn line is neither, nor is a result out of turn or the last title of a log that ends too early.
LEVELS = {"autotest, levels", "Python's logging", "Python's logging, plain", "JSON lines"}
_PLAN = re.compile(r"1\.\.(\d+)")
_RESULT = re.compile(r"(?P<no>not )?ok(?![^\s#])(?: (?P<number>\d+)(?![^\s#]))?(?P<text>.*)", re.DOTALL)

_Found = list[tuple[str, bool]]  # name and whether it failed


@dataclass
class Log:
    """A log, and which sets of ids may come out as failed: more than one if it ends within a line of its tree."""

    text: str
    done: list[str]  # what was done to it
    root: Branch
    whole: int  # lines of the tree that are whole in it
    begun: str  # the line of the tree that is not, or ""
    complained: bool  # whether the kernel did

    def failed(self) -> Iterator[list[str]]:
        """The ids of what failed, for each beginning of the line that is not whole."""
        for end in range(len(self.begun), -1, -1):
            yield _Remains(self.whole, self.begun[:end]).failed(self.root)


@dataclass
class _Remains:
    """A tree of which so many lines were printed whole, and of one more this beginning."""

    whole: int
    begun: str

    def failed(self, root: Branch) -> list[str]:
        """The ids of what failed, or was planned and never reported."""
        _, found = self._inside(root, "")
        ids = unique(name for name, _ in found)
        return [one for one, (_, failed) in zip(ids, found, strict=True) if failed]

    def _printed(self, line: str) -> str:
        """What was printed of the next line."""
        self.whole -= 1
        return line if self.whole >= 0 else self.begun if self.whole == -1 else ""

    def _inside(self, branch: Branch, prefix: str) -> tuple[str, _Found]:
        """The title of a test, if that was printed, and what was inside it."""
        title, plan, numbers, count, found = "", 0, {0}, 0, _Found()
        if branch.version:
            self._printed(prefix + branch.version)
        if branch.title and prefix:
            for line in branch.title.split("\n"):
                title = _title(self._printed(prefix + line.format(branch.name)).lstrip("# \t"))
        if branch.plan == "first":
            match = _PLAN.fullmatch(self._printed(f"{prefix}1..{len(branch.children)}").lstrip("# \t"))
            plan = int(match[1]) if match else 0
        for child, line in zip(branch.children, result_lines(branch), strict=True):
            announced, inner = "", _Found()
            if isinstance(child, Branch):
                announced, inner = self._inside(child, prefix + child.prefix)
            printed = self._printed(prefix + line)
            match = _RESULT.fullmatch(printed.lstrip("# \t"))
            if match is None:
                name = announced
                if announced and not any(failed for _, failed in inner):
                    inner.append(("", True))  # its result never came
            else:
                name, verdict, *_ = judge(bool(match["no"]), match["text"].strip().removeprefix("-").strip())
                name = name or f"test {match['number'] or max(numbers) + 1}"
                if not isinstance(child, Branch):
                    inner.append(("", verdict.bad))
            if match or announced:
                count += 1
                numbers.add(int(match["number"]) if match and match["number"] else max(numbers) + 1)
            found += [("/".join(filter(None, (name, below))), failed) for below, failed in inner]
        if branch.plan == "last":
            self._printed(prefix + "1..")
        missing = [number for number in range(plan, 0, -1) if number not in numbers][: max(plan - count, 0)]
        return title, found + [(f"test {number}", True) for number in sorted(missing)]


def _title(text: str) -> str:
    for begins in ("Subtest: ", "running ./", "running "):  # the last is what is left of the one before
        if text.startswith(begins):
            return text.removeprefix(begins).strip()
    return text.strip() if re.match(r"selftests: \S", text) else ""


def _announce(branch: Branch, wrapped: bool) -> None:
    """Give each test inside this one a line of its own before its results: without one, a part of it tells nothing.

    Behind a wrapper, which may be inside the nesting, a title or a plan by itself may be a sentence.
    """
    for child in branch.children:
        if isinstance(child, Branch):
            if wrapped or not (child.title or child.plan == "first"):
                child.version = child.version or "KTAP version 1"
            _announce(child, wrapped)


@st.composite
def _pieces(draw: st.DrawFn, lines: list[str], tears: bool, wrapped: bool) -> tuple[list[tuple[str, int]], bool]:
    """The lines of the log, each with how many lines of the tree are whole then; and whether the kernel complained."""
    places = st.tuples(st.integers(0, len(lines) - 1), st.integers(0, 60), st.integers(0, 3))
    splices = {place: (column, kind) for place, column, kind in draw(st.lists(places, max_size=5))}
    stamp, complained = draw(st.sampled_from(STAMPS)), False
    pieces: list[tuple[str, int]] = []
    for number, line in enumerate(lines):
        column, kind = splices.get(number, (0, -1))
        nesting = len(line) - len(line.lstrip("# \t"))
        # Within the nesting, "# [   40.4] usb" is a test's log, in which the test printed a line of the kernel's.
        # A version and a plan vouch for what is before them, if they are whole.
        torn = tears and column and not (wrapped and ("TAP version" in line or _PLAN.search(line)))
        column = nesting + 1 + column % (len(line) - nesting) if torn else 0
        if kind == 0:
            complained = True
            pieces += [(stamp + said, number) for said in draw(st.sampled_from(REPORTS))]
        elif kind > 0:
            said = draw(st.lists(st.sampled_from(CHATTER), min_size=1, max_size=kind))
            pieces += [
                (f"{line[:column] if not place else ''}{stamp}{text}", number) for place, text in enumerate(said)
            ]
            line = line[column:]
        pieces.append((line, number + 1))
    return pieces, complained


@st.composite
def logs(draw: st.DrawFn) -> Log:
    """A tree in any dialect, with lines of the kernel in it, in up to two wrappers, whole or cut anywhere."""
    wrappers = draw(st.lists(st.sampled_from(list(WRAPPERS)), max_size=2, unique=True))
    levels = not LEVELS.isdisjoint(wrappers)
    if levels:  # test_wrappers.py has what is inside and around them
        wrappers = [name for name in wrappers if name in LEVELS][:1]
    cut = not levels and draw(st.booleans())
    root = draw(trees(gaps=not (cut or levels)))
    if cut or "NIPA" in wrappers:
        _announce(root, bool(wrappers))
    if levels or (wrappers and cut):
        root.plan = "first"
    # One result, or a plan, behind something else may be a sentence, or one behind two wrappers a line that is torn.
    if levels or len(wrappers) > 1 or (wrappers and (cut or root.plan != "first")):
        root.version = root.version or "TAP version 13"
    lines = print_tree(root).lines
    pieces, complained = draw(_pieces(lines, not (WHOLE | LEVELS).intersection(wrappers), bool(wrappers)))
    end = draw(st.sampled_from(ENDS))
    text, upto = "", [(0, 0)]  # the text, and how many lines of the tree are whole in it
    tails = [0]  # where what the wrappers put after a line begins
    for number, (line, whole) in enumerate(pieces):
        wrapped = line
        for wrapper in wrappers:
            wrapped = WRAPPERS[wrapper](wrapped, number)
        found = wrapped.rfind(line)  # else something in it is escaped
        tails.append(len(text) + (found + len(line) if found >= 0 else 0))
        text += wrapped
        upto.append((len(text), whole))
        text += end
    size = draw(st.integers(0, len(text))) if cut else len(text)
    piece = next((number for number, (place, _) in enumerate(upto[1:]) if size < place), 0)
    # Half a stamp or a wrapper could be the rest of a torn line, or the end of a name.
    stamped = any(stamp in line for line, _ in pieces[max(piece - 1, 0) : piece + 1] for stamp in STAMPS)
    if cut and (stamped or tails[piece + 1] < size):
        size = max(size, upto[piece + 1][0])
    whole = max(count for place, count in upto if place <= size)
    done = [*wrappers, *(["cut"] if cut else []), *(["complaints"] if complained else [])]
    return Log(text[:size], done, root, whole, "".join(lines[whole : whole + 1]), complained)
