# SPDX-License-Identifier: GPL-2.0-only
"""Makes kernels with a bug in them, one after the other, in a tree of its own."""

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
class Made:
    """An image with a bug in it, or why there is none: `status` is "built", "not compiled" or "same code"."""

    status: str
    image: Path | None = None
    why: str = ""
    object: str = ""  # digest of the object code, of a .c file


class Forge:
    """Owns a tree and its build; both are as the kernel without a bug, but for one file.

    The tree is a copy by hard links, so that files in it are only ever replaced.
    """

    def __init__(self, cache: Cache, source: Tree, builder: KernelBuilder, config: list[str]) -> None:
        self.builder, self.config = builder, config
        name = digest(str(source.path), builder.arch.name, *config)
        self.source = source
        self.folder = cache.folder("mutants", name)
        self.tree = self._copy()
        self._note = self.folder / "bug"  # names the file with a bug in it
        self._objects: dict[tuple[str, str], str] = {}  # a group and a digest of object code to who has it
        self._without = ""  # digest of the changed file's object code without a bug
        self._changed = ""  # the file with a bug in it
        self._build = Path()

    @property
    def kernel(self) -> str:
        """Which kernel it is that gets the bugs."""
        return self.builder.identity(self.tree, self.config)

    def baseline(self) -> Path:
        """The image without a bug, in a place of its own. Raises CiError when it does not build."""
        self._changed = read_text(self._note) if self._note.exists() else ""
        self.restore()
        image = self.builder.build(self.tree, self.config)
        self._build = folder_of(image)
        self.builder.say = lambda _: None  # what the compiler thinks of a bug is nobody's concern
        return self._keep(image, "baseline")

    def know(self, mutant: Mutant, digest: str) -> None:
        """This mutant has this object code already.

        A group is compared with itself alone: a sample that leaves out what is on a list is not random, and a bug
        stays on the list when the sample has it, too.
        """
        self._objects.setdefault((mutant.group, digest), mutant.name)

    def make(self, mutant: Mutant) -> Made:
        """The image with this bug; none when it does not compile, or its object code was there before."""
        file, code = mutant.file, ""
        try:
            if self._changed != file:
                self.restore()
                if file.endswith(".c"):
                    self._without = self._object(file)
                write_whole(self._note, file)  # first, so that an interrupted run leaves nothing behind
                self._changed = file
            write_whole(self.tree.path / file, mutant.apply(read_text(self.source.path / file)))
            if file.endswith(".c"):  # a header is in many objects
                code = self._object(file)
                self.know(mutant, code)
                other = "the kernel without it" if code == self._without else self._objects[mutant.group, code]
                if other != mutant.name:
                    return Made("same code", why=f"the same object code as {other}")
            image = self.builder.image(self._build)
            self.builder.make_target(self.tree, self._build, image.name)
        except CiError as error:
            lines = [line for line in str(error).splitlines() if "error" in line]
            return Made("not compiled", why=(lines or [str(error)])[-1].replace(f"{self.tree.path}/", ""))
        return Made("built", self._keep(image, mutant.digest), object=code)

    def restore(self) -> None:
        """Take the last bug out of the tree."""
        if self._changed:
            write_whole(self.tree.path / self._changed, read_text(self.source.path / self._changed))
            write_whole(self._note, "")
            self._changed = ""

    def _copy(self) -> Tree:
        path = self.folder / "tree"
        if not path.is_dir():
            draft = self.folder / ".tree.draft"
            shutil.rmtree(draft, ignore_errors=True)
            try:
                run(["cp", "-al", self.source.path, draft], what=f"copying {self.source.path}")
            except CiError:  # another file system
                shutil.rmtree(draft, ignore_errors=True)
                run(["cp", "-a", "--reflink=auto", self.source.path, draft], what=f"copying {self.source.path}")
            draft.rename(path)
        return Tree.open(path)

    def _object(self, file: str) -> str:
        """The digest of what a source file compiles to."""
        target = file.removesuffix(".c") + ".o"
        self.builder.make_target(self.tree, self._build, target)
        return hashlib.sha256((self._build / target).read_bytes()).hexdigest()

    def _keep(self, image: Path, name: str) -> Path:
        kept = self.folder / "images" / name
        kept.parent.mkdir(exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            kept.unlink()
        shutil.copyfile(image, kept)
        return kept


def free(image: Path) -> None:
    """An image that has been tried."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(image)
