# SPDX-License-Identifier: GPL-2.0-only
"""Where the gates of a patch series work: a checkout of the series, and the commands that are run in it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ksftgen.repo import Scratch

_LAST_LINES = 15


class FailureError(Exception):
    """A gate is not passed; the text says why."""


class MissingError(Exception):
    """A gate cannot be tried; the text says what is missing."""


@dataclass(frozen=True)
class Bench:
    """Where gates work: a checkout of the series in `scratch`, its commits on `base`, and what it adds.

    `patches` are its mails, the cover letter first; `programs` are its tests, `files` those that it adds, as paths in
    the tree; `kernels` are those to run on.  `folder` is for whatever gates build.
    """

    scratch: Scratch
    base: str
    commits: Sequence[str]
    patches: Sequence[Path]
    programs: Sequence[str]
    files: Sequence[str]
    kernels: Sequence[str]
    folder: Path

    @property
    def tree(self) -> Path:
        """The checkout."""
        return self.scratch.folder

    def checkout(self, commit: str) -> None:
        """Check out a commit, as a whole."""
        self.scratch.git("checkout", "--quiet", "--force", "--detach", commit)


def call(command: Sequence[str | Path], cwd: Path, good: Sequence[int] = (0,)) -> str:
    """What a command prints.

    Raises FailureError with its last lines if its status is not a good one, MissingError if it is not installed.
    """
    if not shutil.which(command[0]):
        raise MissingError(f"{command[0]} is not installed")
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, errors="replace", check=False)
    said = done.stdout + done.stderr
    if done.returncode not in good:
        last = "\n".join(said.strip().splitlines()[-_LAST_LINES:])
        raise FailureError(f"{' '.join(map(str, command))}: exit status {done.returncode}\n{last}")
    return said
