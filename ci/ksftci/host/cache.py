# SPDX-License-Identifier: GPL-2.0-only
"""A folder for what is expensive to fetch or to build: package lists, kernels, trees, programs."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ksftci.errors import CiError


class Cache:
    """A folder of entries. Its methods raise OSError when the disk is full or not writable."""

    def __init__(self, root: Path) -> None:
        self.root = root
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as err:
            raise CiError(f"cache folder {root}: {err.strerror}; choose another with --cache") from err

    @classmethod
    def find(cls, chosen: Path | None = None) -> "Cache":
        """The cache in the folder `chosen`, else in KSFTCI_CACHE, else in ksftci of the user's cache folder.

        Raises CiError if that folder cannot be created.
        """
        if chosen is not None:
            return cls(chosen.absolute())
        if configured := os.environ.get("KSFTCI_CACHE"):
            return cls(Path(configured).absolute())
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        return cls(Path(base) / "ksftci")

    def path(self, *parts: str) -> Path:
        """The path of an entry, which need not exist yet. Creates the folder around the entry."""
        path = self.root.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def folder(self, *parts: str) -> Path:
        """A folder whose content is updated in place, such as a build. Creates it when it is missing."""
        path = self.root.joinpath(*parts)
        path.mkdir(parents=True, exist_ok=True)
        return path

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold a lock while the block runs. Other holders of the same name wait, in this process and in others."""
        with self.path("locks", name.replace("/", "_")).open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @contextmanager
    def fresh(self, *parts: str) -> Iterator[Path]:
        """An empty folder, which replaces the entry when the block succeeds and is removed when the block raises."""
        final = self.path(*parts)
        draft = Path(tempfile.mkdtemp(prefix=f".{final.name}.", dir=final.parent))
        draft.chmod(0o755)
        try:
            yield draft
            if final.exists():
                shutil.rmtree(final)
            os.rename(draft, final)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
