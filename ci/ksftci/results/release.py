# SPDX-License-Identifier: GPL-2.0-only
"""The kernel of a run: its version, architecture and page size."""

import re

from ksftci.results.model import Run

_VERSION = re.compile(r"\d+(?:\.\d+)+")
_PAGE_SIZES = {"4096": "4K", "16384": "16K", "65536": "64K"}


def version_numbers(text: str) -> tuple[int, ...]:
    """The numbers of a version: "6.12" gives (6, 12). One of more than nine digits counts as the largest of nine."""
    return tuple(int(part) if len(part) < 10 else 10**9 - 1 for part in text.split("."))


def kernel_version(run: Run) -> tuple[int, ...] | None:
    """The version, such as (6, 12, 117), that the kernel reported, else that in its label; None without either."""
    match = _VERSION.match(run.environment.get("release", "")) or _VERSION.search(run.kernel)
    return version_numbers(match[0]) if match else None


def matches_machine(run: Run, arch: str | None, page_size: str | None) -> bool:
    """Whether the run had this architecture and this page size, such as "4K"; None stands for any."""
    size = run.environment.get("page_size", "")  # in bytes
    return arch in (None, run.arch) and page_size in (None, _PAGE_SIZES.get(size, size))
