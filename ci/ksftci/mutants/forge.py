# SPDX-License-Identifier: GPL-2.0-only
"""Builds mutants one after the other, in a copy of the tree."""

import contextlib
import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from ksftci.errors import CiError
from ksftci.host.cache import Cache
from ksftci.host.command import run
from ksftci.host.digest import digest
from ksftci.host.files import read_text, write_whole
from ksftci.kernel.build import KernelBuilder, folder_of
from ksftci.kernel.tree import Tree
from ksftci.mutants.mutant import Mutant


@dataclass(frozen=True)
class BuildResult:
    """The image of a mutant, or the reason why there is none: `status` is "built", "not compiled" or "same code"."""

    status: str
    image: Path | None = None
    why: str = ""
    object: str = ""  # digest of the object code, of a .c file


class Forge:
    """Owns a copy of the tree and its build folder; at most one file differs from the original tree.

    The copy has hard links to the original, so files in it are replaced and never written to.
    """

    def __init__(self, cache: Cache, source: Tree, builder: KernelBuilder, config: list[str]) -> None:
        self.builder, self.config = builder, config
        name = digest(str(source.path), builder.arch.name, *config)
        self.source = source
        self.folder = cache.folder("mutants", name)
        self.tree = self._copy()
        self._marker = self.folder / "bug"  # holds the name of the changed file
        self._changed = ""  # the changed file
        self._unchanged_digest = ""  # of the object code of that file without the change
        self._mutants: dict[tuple[str, str], str] = {}  # group and digest of object code to the mutant that has it
        self._build = Path()

    @property
    def kernel(self) -> str:
        """The identity of the unchanged kernel, for keys of the journal."""
        return self.builder.identity(self.tree, self.config)

    def build_baseline(self) -> Path:
        """A copy of the image of the unchanged kernel. Raises CiError when the kernel does not build."""
        self._changed = read_text(self._marker) if self._marker.exists() else ""
        self.restore()
        image = self.builder.build(self.tree, self.config)
        self._build = folder_of(image)
        self.builder.say = lambda _: None  # compiler warnings about a mutant are not shown
        return self._keep(image, "baseline")

    def register(self, mutant: Mutant, digest: str) -> None:
        """Record that a mutant has this object code; the first mutant of its group keeps it.

        Groups are compared separately: a sample without the mutants of the curated list would not be random, and a
        listed bug is tried even if the sample has the same change.
        """
        self._mutants.setdefault((mutant.group, digest), mutant.name)

    def build(self, mutant: Mutant) -> BuildResult:
        """Build a mutant; one that does not compile, or whose object code is known, gets no image."""
        file, code = mutant.file, ""
        try:
            if self._changed != file:
                self.restore()
                if file.endswith(".c"):
                    self._unchanged_digest = self._object_digest(file)
                write_whole(self._marker, file)  # before the change, so that a later run restores the file
                self._changed = file
            write_whole(self.tree.path / file, mutant.apply(read_text(self.source.path / file)))
            if file.endswith(".c"):  # a header has no object code of its own
                code = self._object_digest(file)
                self.register(mutant, code)
                unchanged = code == self._unchanged_digest
                other = "the unchanged kernel" if unchanged else self._mutants[mutant.group, code]
                if other != mutant.name:
                    return BuildResult("same code", why=f"the same object code as {other}")
            image = self.builder.image(self._build)
            self.builder.make_target(self.tree, self._build, image.name)
        except CiError as error:
            lines = [line for line in str(error).splitlines() if "error" in line]
            return BuildResult("not compiled", why=(lines or [str(error)])[-1].replace(f"{self.tree.path}/", ""))
        return BuildResult("built", self._keep(image, mutant.digest), object=code)

    def restore(self) -> None:
        """Put the original of the changed file back."""
        if self._changed:
            write_whole(self.tree.path / self._changed, read_text(self.source.path / self._changed))
            write_whole(self._marker, "")
            self._changed = ""

    def _copy(self) -> Tree:
        path = self.folder / "tree"
        if not path.is_dir():
            draft = self.folder / ".tree.draft"
            shutil.rmtree(draft, ignore_errors=True)
            try:
                run(["cp", "-al", self.source.path, draft], what=f"copying {self.source.path}")
            except CiError:  # hard links do not reach into another file system
                shutil.rmtree(draft, ignore_errors=True)
                run(["cp", "-a", "--reflink=auto", self.source.path, draft], what=f"copying {self.source.path}")
            draft.rename(path)
        return Tree.open(path)

    def _object_digest(self, file: str) -> str:
        """Compile a .c file and give the digest of its object code."""
        target = file.removesuffix(".c") + ".o"
        self.builder.make_target(self.tree, self._build, target)
        return hashlib.sha256((self._build / target).read_bytes()).hexdigest()

    def _keep(self, image: Path, name: str) -> Path:
        """Copy an image, since the next build overwrites it."""
        kept = self.folder / "images" / name
        kept.parent.mkdir(exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            kept.unlink()
        shutil.copyfile(image, kept)
        return kept


def delete(image: Path) -> None:
    """Delete the image of a mutant that was tried; an image that does not exist is no error."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(image)
