# SPDX-License-Identifier: GPL-2.0-only
"""A folder for what is expensive to fetch or to build: package lists, kernels, trees, programs."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from ksftci.errors import CiError
from ksftci.host.files import draft_prefix, write_whole

_DRAFT = ".draft"  # the end of a draft's name
_FOLDERS_WITH_DRAFTS = ("*", "libraries/*", "apt/*", "builds/*/installed")
_SEAL = ".sha256"


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
    def draft(self, *parts: str) -> Iterator[Path]:
        """An empty folder beside the place of an entry, which is removed after the block.

        Drafts that a process left there when it was killed are removed, too.
        """
        final = self.path(*parts)
        with self.lock("drafts"):
            _sweep(final.parent)
            draft = Path(tempfile.mkdtemp(_DRAFT, draft_prefix(final), final.parent))
            handle = _lock_folder(draft)
        try:
            yield draft
        finally:
            shutil.rmtree(draft, ignore_errors=True)
            if handle is not None:
                os.close(handle)

    @contextmanager
    def fresh(self, *parts: str) -> Iterator[Path]:
        """An empty folder, which replaces the entry when the block succeeds and is removed when the block raises.

        At no moment is a part of an entry in its place.
        """
        final = self.path(*parts)
        with self.draft(*parts) as draft:
            content = draft / "new"
            content.mkdir()
            content.chmod(0o755)
            yield content
            if final.exists():
                final.rename(draft / "old")
            content.rename(final)

    @contextmanager
    def sealed(self, *parts: str) -> Iterator[Path]:
        """As `fresh`, with a checksum beside the content: `intact` tells whether the entry is still as it was made."""
        with self.fresh(*parts) as draft:
            yield draft
            write_whole(draft / _SEAL, _checksum(draft))

    def intact(self, *parts: str) -> bool:
        """Whether an entry is there, and as it was when it was sealed."""
        path = self.root.joinpath(*parts)
        try:
            return (path / _SEAL).read_bytes() == _checksum(path).encode()
        except OSError:
            return False

    @contextmanager
    def place(self, *parts: str) -> Iterator[Path]:
        """An empty folder for this block alone, removed after it: the first of NAME-1, NAME-2, ... that nobody uses.

        What was built for its path may serve again, as the next block is likely to get the same path.
        """
        for number in count(1):
            path = self.path(*parts[:-1], f"{parts[-1]}-{number}")
            lock = os.open(self.path("locks", "-".join([*parts, str(number)])), os.O_CREAT | os.O_RDWR, 0o666)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(lock)
                continue
            try:
                shutil.rmtree(path, ignore_errors=True)  # that of a process that was killed
                path.mkdir()
                yield path
                return
            finally:
                shutil.rmtree(path, ignore_errors=True)
                os.close(lock)

    def sweep(self) -> None:
        """Remove the drafts of processes that were killed."""
        with contextlib.suppress(OSError), self.lock("drafts"):
            for pattern in _FOLDERS_WITH_DRAFTS:
                for folder in self.root.glob(pattern):
                    _sweep(folder)


def _sweep(folder: Path) -> None:
    """Remove the drafts in a folder whose owners hold no lock on them, and so live no more."""
    for draft in folder.glob(f".*{_DRAFT}"):
        handle = _lock_folder(draft)
        if handle is not None:
            shutil.rmtree(draft, ignore_errors=True)
            os.close(handle)


def _lock_folder(folder: Path) -> int | None:
    """Lock a folder, until its handle is closed or the process ends; None when another process has locked it."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def _checksum(folder: Path) -> str:
    """A checksum of everything in a folder: names, contents of files, targets of links."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path == folder / _SEAL:
            continue
        content = os.readlink(path).encode() if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        name = os.fsencode(path.relative_to(folder))
        total.update(b"%d %s %d " % (path.is_symlink(), name, len(content)) + content)
    return f"{total.hexdigest()}\n"
