# SPDX-License-Identifier: GPL-2.0-only
"""What is expensive to get and never changes: package lists, kernels, trees, builds."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ksftci.errors import CiError


class Cache:
    """A folder of finished things. An entry is there completely or not at all."""

    def __init__(self, root: Path) -> None:
        self.root = root
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as err:
            raise CiError(f"cache folder {root}: {err.strerror}; choose another with --cache") from err

    @classmethod
    def find(cls, chosen: Path | None = None) -> "Cache":
        """The cache that was asked for, else KSFTCI_CACHE, else ksftci in the user's cache folder."""
        if chosen is not None:
            return cls(chosen.absolute())
        if named := os.environ.get("KSFTCI_CACHE"):
            return cls(Path(named).absolute())
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        return cls(Path(base) / "ksftci")

    def path(self, *parts: str) -> Path:
        """Where an entry is or would be; its folder exists afterwards, the entry perhaps not."""
        path = self.root.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def folder(self, *parts: str) -> Path:
        """A folder for content that is updated in place, such as a build."""
        path = self.root.joinpath(*parts)
        path.mkdir(parents=True, exist_ok=True)
        return path

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold what name stands for against every other process, for example during one build."""
        with self.path("locks", name.replace("/", "_")).open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @contextmanager
    def fresh(self, *parts: str) -> Iterator[Path]:
        """An empty folder that becomes the entry when the block ends well, and vanishes otherwise."""
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
