# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's settings that mm tests touch: what they were, and putting them back."""

import contextlib
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from glob import glob
from pathlib import Path

# Patterns; folders are walked. Only what root may both read and write is a setting; the rest are counters.
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
# Not settings, though they can be written: triggers, and what changes by itself.
_TRIGGERS = {"compact_memory", "drop_caches", "stat_refresh", "compact", "demote", "reclaim"}
# The kernel changes these itself when others are: put back, but nobody's fault.
_CONSEQUENCES = {"min_free_kbytes"}
_CHOSEN = re.compile(r"\[([^\]]+)\]")  # always [madvise] never


@dataclass(frozen=True)
class Change:
    """A setting that is not what it was."""

    path: str
    before: str
    after: str


def snapshot(places: tuple[str, ...] = PLACES) -> dict[str, str]:
    """Path to value of every setting that is there."""
    return {str(path): value for path in _walk(places) if (value := _read(path)) is not None}


def restore(before: Mapping[str, str]) -> list[Change]:
    """Compare with a snapshot, put back what differs, and say what that was.

    Twice, since one setting may change another (overcommit_ratio clears overcommit_kbytes).
    """
    changes = compare(before)
    for _ in range(2):
        for change in compare(before):
            _write(Path(change.path), change.before)
    return [change for change in changes if Path(change.path).name not in _CONSEQUENCES]


def compare(before: Mapping[str, str]) -> list[Change]:
    """What is not as it was. A file that has gone is none of our business."""
    changes = []
    for name, value in before.items():
        now = _read(Path(name))
        if now is not None and now != value:
            changes.append(Change(name, value, now))
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
    with contextlib.suppress(OSError):  # the next comparison shows it
        path.write_text(value)
