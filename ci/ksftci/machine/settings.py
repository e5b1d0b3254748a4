# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's settings that mm tests change: read them before a test, put them back after it."""

import contextlib
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from glob import glob
from pathlib import Path

# Patterns of files and folders. In a folder, every file that root may read and write is a setting; others are counters.
PLACES = (
    "/sys/kernel/mm/transparent_hugepage",
    "/sys/kernel/mm/ksm",
    "/sys/kernel/mm/hugepages",
    "/sys/kernel/mm/numa",
    "/sys/kernel/mm/lru_gen",
    "/sys/kernel/mm/swap",
    "/sys/devices/system/node/node*/hugepages",
    "/proc/sys/vm",
    "/proc/sys/kernel/numa_balancing",
    "/proc/sys/kernel/numa_balancing_promote_rate_limit_MBps",
    "/sys/kernel/debug/sched/numa_balancing",
    "/sys/module/damon_*/parameters/enabled",
)
# Writable files that are not settings: writing starts an action.
_TRIGGERS = {"compact_memory", "drop_caches", "stat_refresh", "compact", "demote", "reclaim"}
# The kernel changes these when another setting changes: they are put back, and not reported.
_CONSEQUENCES = {"min_free_kbytes"}
_CHOSEN = re.compile(r"\[([^\]]+)\]")  # always [madvise] never


@dataclass(frozen=True)
class Change:
    """A setting that differs from a snapshot."""

    path: str
    before: str
    after: str


def snapshot(places: tuple[str, ...] = PLACES) -> dict[str, str]:
    """The path of every setting to its value."""
    return {str(path): value for path in _walk(places) if (value := _read(path)) is not None}


def restore(before: Mapping[str, str]) -> list[Change]:
    """Put back the settings that differ from a snapshot, and return the changes.

    It writes twice, because one setting may change another (overcommit_ratio clears overcommit_kbytes).
    """
    changes = compare(before)
    for _ in range(2):
        for change in compare(before):
            _write(Path(change.path), change.before)
    return [change for change in changes if Path(change.path).name not in _CONSEQUENCES]


def compare(before: Mapping[str, str]) -> list[Change]:
    """The settings that differ from a snapshot. A file that has disappeared is no change."""
    changes = []
    for name, value in before.items():
        current = _read(Path(name))
        if current is not None and current != value:
            changes.append(Change(name, value, current))
    return changes


def _walk(places: tuple[str, ...]) -> Iterator[Path]:
    for place in (Path(name) for pattern in places for name in sorted(glob(pattern))):
        paths = [place] if place.is_file() else sorted(place.rglob("*"))
        for path in paths:
            try:
                mode = path.lstat().st_mode
            except OSError:
                continue
            writable = mode & stat.S_IWUSR and mode & stat.S_IRUSR
            if stat.S_ISREG(mode) and writable and path.name not in _TRIGGERS:
                yield path


def _read(path: Path) -> str | None:
    try:
        text = path.read_text(errors="replace").strip()
    except OSError:
        return None
    chosen = _CHOSEN.search(text)
    return chosen[1] if chosen else text


def _write(path: Path, value: str) -> None:
    with contextlib.suppress(OSError):  # a setting that refuses the value stays as it is
        path.write_text(value)
