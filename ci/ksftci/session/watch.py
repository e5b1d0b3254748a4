# SPDX-License-Identifier: GPL-2.0-only
"""Rounds of building and testing: one at first, and one more whenever a source is saved."""

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn, Self

from watchfiles import Change, watch

from ksftci.errors import Cancelled, CiError
from ksftci.results.model import Run, TestResult, Verdict

# Files that a build reads. What editors and patch write beside them is called otherwise: foo.c~, .foo.c.swp,
# .#foo.c, #foo.c#, 4913, foo.c.orig.
_SOURCE = re.compile(r"(?![.#]).*\.(?:c|h|S|l|y|lds|inc|sh|tbl|config)|(?:Kconfig|Makefile|Kbuild)(?:\.[\w-]+)?")
_BACKUP = re.compile(r".*\.(?:orig|rej|bak|old|swp|tmp)")
_STEP_MS = 50  # of silence make several saves one: an editor's rename, a patch, a checkout
_LOOK_MS = 500  # between two looks at whether to go on watching


def is_source(tree: Path, path: Path) -> bool:
    """Whether a file of the tree is one that kernels or tests are built from, by its name."""
    *folders, name = path.relative_to(tree).parts or ("",)
    hidden = any(folder.startswith(".") for folder in folders)
    return not hidden and _SOURCE.fullmatch(name) is not None and _BACKUP.fullmatch(name) is None


class Saves:
    """What is saved in a tree, noticed by a thread."""

    def __init__(self, tree: Path) -> None:
        self.tree = tree
        self.there = threading.Event()  # set from a save until it is taken
        self._names: set[str] = set()
        self._lock = threading.Lock()
        self._ready, self._over = threading.Event(), threading.Event()
        self._problem: Exception | None = None
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        """From now on nothing is missed. Raises CiError when the system does not let the tree be watched."""
        self._thread.start()
        self._ready.wait()
        self._check()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def take(self) -> list[str]:
        """Wait until something has been saved: its paths in the tree, sorted. Raises CiError as entering does."""
        self.there.wait()
        self._check()
        with self._lock:
            names, self._names = sorted(self._names), set()
            self.there.clear()
        return names

    def _check(self) -> None:
        if self._problem is not None:
            raise CiError(
                f"{self.tree} cannot be watched: {self._problem}; a limit on watched folders is raised by "
                "sysctl fs.inotify.max_user_watches"
            )

    def _watch(self) -> None:
        def wanted(_: Change, path: str) -> bool:
            return is_source(self.tree, Path(path))

        try:
            for changes in watch(
                self.tree,
                watch_filter=wanted,
                step=_STEP_MS,
                stop_event=self._over,
                rust_timeout=_LOOK_MS,
                yield_on_timeout=True,
                raise_interrupt=False,
            ):
                self._ready.set()
                if changes:
                    with self._lock:
                        self._names |= {str(Path(path).relative_to(self.tree)) for _, path in changes}
                        self.there.set()
        except Exception as problem:  # whatever it is, the other thread must not wait for ever
            self._problem = problem
            self._ready.set()
            self.there.set()


@dataclass(frozen=True)
class Difference:
    """A round beside the last one that came to its end."""

    failing: list[TestResult]  # now, and not then
    mended: list[TestResult]  # the other way round
    still: int  # failing then and now


def compare(before: Mapping[str, Verdict], run: Run) -> Difference:
    """`before` is the verdict of each test id; one that was not there did not fail."""
    bad = {test for test, verdict in before.items() if verdict.bad}
    failing = [result for result in run.results if result.verdict.bad and result.id not in bad]
    mended = [result for result in run.results if not result.verdict.bad and result.id in bad]
    still = sum(1 for result in run.results if result.verdict.bad and result.id in bad)
    return Difference(failing, mended, still)


@dataclass
class RoundTimes:
    """How long each part of a round took, in seconds; one follows the other."""

    seconds: dict[str, float] = field(default_factory=dict)
    _last: float = field(default_factory=time.monotonic)

    def over(self, part: str, at: float | None = None) -> None:
        """A part is over, now or at this monotonic time."""
        now = time.monotonic() if at is None else at
        self.seconds[part], self._last = self.seconds.get(part, 0) + now - self._last, now

    def __str__(self) -> str:
        parts = ", ".join(f"{part} {seconds:.1f}" for part, seconds in self.seconds.items())
        return f"{sum(self.seconds.values()):.1f} s: {parts}"


def rounds(
    saves: Saves,
    once: Callable[[RoundTimes], Run],
    show: Callable[[Run, Difference, RoundTimes], None],
    say: Callable[[str], None],
) -> NoReturn:
    """Go on for ever. `once` builds and tests, and ends early when `saves.there` is set.

    What it then gives or raises is dropped; a CiError at another time, such as what the compiler found,
    is said. Interrupted ends all.
    """
    before: dict[str, Verdict] = {}
    while True:
        parts = RoundTimes()
        try:
            run = once(parts)
            if not saves.there.is_set():
                show(run, compare(before, run), parts)
                before = {result.id: result.verdict for result in run.results}
        except Cancelled:
            pass
        except CiError as problem:
            if not saves.there.is_set():
                say(str(problem))
        if not saves.there.is_set():
            say(f"watching {saves.tree}")
        names = saves.take()
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        say(f"saved: {', '.join(names[:3])}{more}")
