# SPDX-License-Identifier: GPL-2.0-only
"""Who a patch, or a report about a file, is sent to: asked from the tree's own scripts/get_maintainer.pl."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import formataddr, parseaddr
from pathlib import Path

from ksftgen.errors import TreeError

_SCRIPT = "scripts/get_maintainer.pl"
_OPTIONS = ("--no-git", "--no-git-fallback", "--no-rolestats")


@dataclass(frozen=True)
class Recipients:
    """Addresses as they stand in a header: maintainers in `to`, reviewers and lists in `cc`."""

    to: tuple[str, ...]
    cc: tuple[str, ...]

    @property
    def headers(self) -> str:
        """``To:`` and ``Cc:``, one address a line."""
        return "".join(
            f"{name}: {f',{chr(10)}    '.join(map(_encoded, addresses))}\n"
            for name, addresses in (("To", self.to), ("Cc", self.cc))
            if addresses
        )

    @property
    def trailers(self) -> str:
        """The same as lines below a message, each with one address."""
        return "".join(f"To: {address}\n" for address in self.to) + "".join(f"Cc: {address}\n" for address in self.cc)


def _encoded(address: str) -> str:
    return address if address.isascii() else formataddr(parseaddr(address))


def of_files(tree: Path, paths: Sequence[str]) -> Recipients:
    """Who looks after files of the tree.  Raises TreeError if the script is not there, or fails."""
    return _ask(tree, ["-f", *paths])


def of_patches(tree: Path, patches: Sequence[Path]) -> Recipients:
    """Who looks after what the patches change.  Raises TreeError as `of_files` does."""
    return _ask(tree, [str(path.resolve()) for path in patches])


def _ask(tree: Path, what: Sequence[str]) -> Recipients:
    if not (tree / _SCRIPT).is_file():
        raise TreeError(f"{tree}: has no {_SCRIPT}; recipients need a whole tree")
    maintainers = _lines(tree, ["--no-l", "--no-r", *what])
    others = [line for line in _lines(tree, what) if line not in maintainers]
    return Recipients(tuple(maintainers), tuple(others))


def _lines(tree: Path, arguments: Sequence[str]) -> list[str]:
    try:
        done = subprocess.run(
            ["perl", _SCRIPT, *_OPTIONS, *arguments], cwd=tree, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise TreeError(f"perl is not installed; {_SCRIPT} needs it") from None
    if done.returncode:
        raise TreeError(f"{tree}: {_SCRIPT}: {done.stderr.strip() or done.returncode}")
    return [line.strip() for line in done.stdout.splitlines() if line.strip()]
