# SPDX-License-Identifier: GPL-2.0-only
"""Which kernel a run was on: its version, its architecture, its page size."""

import re

from ksftci.results.model import Run

_VERSION = re.compile(r"\d+(?:\.\d+)+")
_PAGES = {"4096": "4K", "16384": "16K", "65536": "64K"}


def numbers(text: str) -> tuple[int, ...]:
    """The parts of a version: "6.12" is (6, 12)."""
    return tuple(map(int, text.split(".")))


def version(run: Run) -> tuple[int, ...] | None:
    """The kernel's version, (6, 12, 117): what it said itself, or else what its label says. None: neither does."""
    found = _VERSION.match(run.environment.get("release", "")) or _VERSION.search(run.kernel)
    return numbers(found[0]) if found else None


def on_machine(run: Run, arch: str | None, page_size: str | None) -> bool:
    """Whether a run was on this architecture with pages of this size; None stands for any."""
    pages = run.environment.get("page_size", "")
    return arch in (None, run.arch) and page_size in (None, _PAGES.get(pages, pages))
