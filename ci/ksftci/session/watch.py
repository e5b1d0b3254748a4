# SPDX-License-Identifier: GPL-2.0-only
"""`ksftci watch`: one round of building and testing at first, and another whenever a source file is saved."""

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn, Self

from ksftci.errors import Cancelled, CiError
from ksftci.results.model import Run, TestResult, Verdict

# Names of files that a build reads. Editors and patch write other names beside them: foo.c~, .foo.c.swp, .#foo.c,
# #foo.c#, 4913, foo.c.orig.
_SOURCE = re.compile(r"(?![.#]).*\.(?:c|h|S|l|y|lds|inc|sh|tbl|config)|(?:Kconfig|Makefile|Kbuild)(?:\.[\w-]+)?")
_BACKUP = re.compile(r".*\.(?:orig|rej|bak|old|swp|tmp)")
_QUIET_MS = 50  # after the last of several saves that count as one, such as an editor's rename, a patch, a checkout
_STOP_CHECK_MS = 500  # between two checks whether to stop watching


def is_source(tree: Path, path: Path) -> bool:
    """Whether kernels or tests are built from a file of the tree, judged by its name."""
    *folders, name = path.relative_to(tree).parts or ("",)
    hidden = any(folder.startswith(".") for folder in folders)
    return not hidden and _SOURCE.fullmatch(name) is not None and _BACKUP.fullmatch(name) is None


class Saves:
    """The source files of a tree that have been saved. A thread watches the tree."""

    def __init__(self, tree: Path) -> None:
        self.tree = tree
        self.pending = threading.Event()  # set from a save until `take`
        self._names: set[str] = set()
        self._lock = threading.Lock()
        self._ready, self._stop = threading.Event(), threading.Event()  # the thread watches; it has to end
        self._problem: Exception | None = None
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        """Start to watch; no save is missed afterwards. Raises CiError when the tree cannot be watched."""
        if find_spec("watchfiles") is None:
            raise CiError("ksftci watch needs watchfiles: pip install 'ksftgen[watch]'")
        self._thread.start()
        self._ready.wait()
        self._raise_problem()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def take(self) -> list[str]:
        """Wait for a save. Gives the paths of the saved files in the tree, sorted. Raises CiError as entering does."""
        self.pending.wait()
        self._raise_problem()
        with self._lock:
            names, self._names = sorted(self._names), set()
            self.pending.clear()
        return names

    def _raise_problem(self) -> None:
        if self._problem is not None:
            raise CiError(
                f"{self.tree} cannot be watched: {self._problem}; if it has too many folders, raise the limit "
                "fs.inotify.max_user_watches with sysctl"
            )

    def _watch(self) -> None:
        from watchfiles import watch  # of the extra "watch"

        def is_wanted(_: object, path: str) -> bool:
            return is_source(self.tree, Path(path))

        try:
            for changes in watch(
                self.tree,
                watch_filter=is_wanted,
                step=_QUIET_MS,
                stop_event=self._stop,
                rust_timeout=_STOP_CHECK_MS,
                yield_on_timeout=True,
                raise_interrupt=False,
            ):
                self._ready.set()
                if changes:
                    with self._lock:
                        self._names |= {str(Path(path).relative_to(self.tree)) for _, path in changes}
                        self.pending.set()
        except Exception as problem:  # of any kind: the other thread must not wait for ever
            self._problem = problem
            self._ready.set()
            self.pending.set()


@dataclass(frozen=True)
class Difference:
    """How the results of a round differ from those of the last complete round before it."""

    failing: list[TestResult]  # which did not fail before
    mended: list[TestResult]  # which failed before
    still_failing: int  # how many failed before, too


def compare(before: Mapping[str, Verdict], run: Run) -> Difference:
    """Compare a run with the verdicts of an earlier round, by test id. A test that is not in `before` did not fail."""
    failed = {test for test, verdict in before.items() if verdict.bad}
    failing = [result for result in run.results if result.verdict.bad and result.id not in failed]
    mended = [result for result in run.results if not result.verdict.bad and result.id in failed]
    still_failing = sum(1 for result in run.results if result.verdict.bad and result.id in failed)
    return Difference(failing, mended, still_failing)


@dataclass
class RoundTimes:
    """How long each part of a round took, in seconds. The parts follow one another."""

    seconds: dict[str, float] = field(default_factory=dict)
    _last: float = field(default_factory=time.monotonic)  # when the last part ended

    def end(self, part: str, at: float | None = None) -> None:
        """A part has ended now, or at this monotonic time."""
        now = time.monotonic() if at is None else at
        self.seconds[part], self._last = self.seconds.get(part, 0) + now - self._last, now

    def __str__(self) -> str:
        parts = ", ".join(f"{part} {seconds:.1f}" for part, seconds in self.seconds.items())
        return f"{sum(self.seconds.values()):.1f} s: {parts}"


def rounds(
    saves: Saves,
    run_round: Callable[[RoundTimes], Run],
    show: Callable[[Run, Difference, RoundTimes], None],
    say: Callable[[str], None],
) -> NoReturn:
    """Run rounds for ever. `run_round` builds and tests; it ends early when `saves.pending` is set.

    `show` gets each complete round, `say` a line about each wait and save. The result or CiError of a
    round that a save has ended is dropped; `say` gets any other CiError, such as a compiler's. Raises Interrupted.
    """
    before: dict[str, Verdict] = {}
    while True:
        times = RoundTimes()
        try:
            run = run_round(times)
            if not saves.pending.is_set():
                show(run, compare(before, run), times)
                before = {result.id: result.verdict for result in run.results}
        except Cancelled:
            pass
        except CiError as problem:
            if not saves.pending.is_set():
                say(str(problem))
        if not saves.pending.is_set():
            say(f"watching {saves.tree}")
        names = saves.take()
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        say(f"saved: {', '.join(names[:3])}{more}")
