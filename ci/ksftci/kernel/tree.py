# SPDX-License-Identifier: GPL-2.0-only
"""Kernel source trees: a folder of the user, a source package of Debian, or a tag of a git repository."""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from ksftci.arch import ALL, Arch
from ksftci.errors import CiError
from ksftci.host.cache import Cache
from ksftci.host.command import run
from ksftci.host.debian import Debian
from ksftci.host.files import read_text, write_whole
from ksftci.results.alike import nearest

DEFAULT = "debian:7.3"
HELP = "a path, debian:VERSION (debian:7.3) or git:URL@TAG"
_STAMP = ".ksftci-source"
_NAMED = 6  # how many collections a message has at most
_FULL = "-full"  # ends the name of a complete tree in the cache
# What the build of selftests, checkpatch.pl and get_maintainer.pl read. A tree of these parts alone is unpacked in a
# fifth of the time, and takes a sixth of the space.
_PARTS = (
    "COPYING",
    "CREDITS",
    "Kbuild",
    "Kconfig",
    "LICENSES",
    "MAINTAINERS",
    "Makefile",
    "arch/Kconfig",
    *(arch.kbuild.folder for arch in ALL),
    "include",
    "kernel/time",
    "lib",
    "mm",
    "scripts",
    "tools",
    "usr",
)
# Large parts of tools/ that are left out all the same.
_SPARE_TOOLS = ("tools/perf", "tools/testing/selftests/bpf", "tools/testing/selftests/net")


@dataclass(frozen=True)
class Tree:
    """A kernel tree, as `open` has checked."""

    path: Path

    @classmethod
    def open(cls, path: Path) -> "Tree":
        """Raises CiError when the folder is not a kernel tree."""
        if not os.path.isdir(path):
            problem = "is a file" if os.path.exists(path) else "no such folder"
            hint = f"did you mean debian:{path}? " if re.fullmatch(r"\d+\.\d+", str(path)) else ""
            raise CiError(f"tree {path}: {problem}; {hint}a tree is {HELP}")
        tree = cls(path.resolve())
        problem = "" if (path / "Makefile").is_file() else "there is no Makefile in it"
        if not problem and not re.search(r"^VERSION = \d", tree._makefile, re.MULTILINE):
            problem = "its Makefile is not the kernel's"
        if problem:
            raise CiError(f"tree {path}: {problem}; a tree is {HELP}")
        if not (path / "tools/testing/selftests/lib.mk").is_file():
            raise CiError(f"tree {path}: there is no tools/testing/selftests in it; give a whole tree")
        return tree

    @property
    def _makefile(self) -> str:
        return read_text(self.path / "Makefile")[:2000]

    @property
    def version(self) -> str:
        """VERSION.PATCHLEVEL.SUBLEVEL and EXTRAVERSION, for example 7.3.4 or 7.4.0-rc1."""
        fields: dict[str, str] = dict(re.findall(r"^(\w+) = ?(\S*)", self._makefile, re.MULTILINE))
        numbers = [fields.get(name, "0") for name in ("VERSION", "PATCHLEVEL", "SUBLEVEL")]
        return ".".join(numbers) + fields.get("EXTRAVERSION", "")

    @property
    def selftests(self) -> Path:
        """tools/testing/selftests."""
        return self.path / "tools/testing/selftests"

    def collection(self, name: str) -> Path:
        """The folder of a collection; mm was called vm before Linux 6.3. Raises CiError when there is none."""
        for candidate in (name, "vm") if name == "mm" else (name,):
            if (self.selftests / candidate / "Makefile").is_file():
                return self.selftests / candidate
        names = (str(path.parent.relative_to(self.selftests)) for path in self.selftests.glob("**/Makefile"))
        near = nearest([name], (other for other in names if other != "."), _NAMED, 0.6)
        hint = f"alike are {', '.join(near)}" if near else f"`ls {self.selftests}` names what there is"
        raise CiError(f"tree {self.path}: there are no {name} selftests in it; {hint}")


class Trees:
    """Gets trees: a folder of the user, or a tree that is fetched into the cache."""

    def __init__(self, cache: Cache, debian: Debian, arch: Arch) -> None:
        """`debian` may be that of any architecture: sources are the same for all. `arch` must be in a fetched tree."""
        self.cache, self.debian, self.arch = cache, debian, arch

    def get(self, source: str, to: Path | None = None, full: bool = False) -> Tree:
        """The tree of a source: a path, debian:VERSION or git:URL@TAG.

        A fetched tree has the parts that selftests need, or all parts with `full`. With `to`, the result is a copy in
        that folder, which may be written to; an earlier copy of the same source is used again, as it is. Raises CiError
        when the source is not understood or cannot be fetched, or `to` holds something else.
        """
        if to is not None and (to / _STAMP).is_file():
            copied = read_text(to / _STAMP).strip()
            if copied != source:
                raise CiError(f"{to} holds a tree of {copied}, not of {source}; remove it first")
            return Tree.open(to)
        if to is not None and to.exists() and (not to.is_dir() or any(to.iterdir())):
            raise CiError(
                f"{to} is there already and was not made by `ksftci tree get --to`; name another folder, or remove it"
            )
        if source.startswith("debian:"):
            tree = self._debian(source, full)
        elif source.startswith("git:"):
            tree = self._git(source, full)
        else:
            tree = Tree.open(Path(source))
        if to is None:
            return tree
        return self._copy(tree, source, to)

    @staticmethod
    def local(source: str) -> Tree | None:
        """The tree at a path; None for a tree that is fetched. Raises CiError when there is no tree at the path."""
        return None if source.startswith(("debian:", "git:")) else Tree.open(Path(source))

    def _copy(self, tree: Tree, source: str, to: Path) -> Tree:
        to = to.absolute()
        to.parent.mkdir(parents=True, exist_ok=True)
        draft = to.with_name(f".{to.name}.draft")
        shutil.rmtree(draft, ignore_errors=True)
        try:
            run(["cp", "-a", "--reflink=auto", tree.path, draft], what=f"copying {tree.path}")
            write_whole(draft / _STAMP, f"{source}\n")
            if to.exists():
                to.rmdir()
            draft.rename(to)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return Tree.open(to)

    def _debian(self, source: str, full: bool) -> Tree:
        version = source.removeprefix("debian:")
        if not re.fullmatch(r"\d+\.\d+", version):
            raise CiError(f"tree {source!r}: is no version of Debian's sources; allowed: one such as debian:7.3")
        name = f"debian-{version}{_FULL if full else ''}"
        with self.cache.lock(f"tree-{name}"):
            path = self.cache.path("trees", name)
            if not (path / self.arch.kbuild.folder).is_dir():
                package = f"linux-source-{version}"
                available = self.debian.names(r"linux-source-\d+\.\d+")
                if package not in available:
                    raise CiError(f"Debian has no {package}; there are {', '.join(available)}")
                with self.cache.draft("packages", package) as folder:
                    self.debian.unpack(package, folder)
                    (archive,) = folder.glob("usr/src/linux-source-*.tar.xz")
                    what = "the kernel's source" if full else "what selftests need of the kernel's source"
                    self.debian.say(f"unpacking {what}")
                    with self.cache.fresh("trees", name) as draft:
                        unpack(archive, draft, full)
        return Tree.open(path)

    def _git(self, source: str, full: bool) -> Tree:
        match = re.fullmatch(r"git:(?P<url>.+)@(?P<tag>[\w./-]+)", source)
        if match is None or match["tag"].startswith("-") or match["url"].startswith("-"):
            raise CiError(f"tree {source!r}: has no tag; allowed: git:URL@TAG")
        name = re.sub(r"[^\w.-]+", "-", source) + (_FULL if full else "")
        with self.cache.lock(f"tree-{name}"):
            path = self.cache.path("trees", name)
            if not path.exists():
                self.debian.say(f"cloning {match['tag']}")
                with self.cache.fresh("trees", name) as draft:
                    clone = ["git", "clone", "--quiet", "--depth=1", "--no-checkout", "--branch", match["tag"]]
                    clone += [] if full else ["--filter=blob:none", "--sparse"]
                    run([*clone, "--", match["url"], draft], what=f"cloning {match['url']}")
                    git = ["git", "-C", str(draft)]
                    sparse = [*git, "sparse-checkout", "set", "--no-cone"]
                    if not full:
                        run([*sparse, *(f"/{part}" for part in _PARTS)], what="choosing files")
                    run([*git, "checkout", "--quiet"], what=f"checking out {match['tag']}")
        return Tree.open(path)


def unpack(archive: Path, into: Path, full: bool = False) -> None:
    """Unpack a source tarball with one folder at its top: the parts that selftests need, or all with `full`."""
    top = archive.name.removesuffix(".tar.xz")
    parts = [] if full else [f"{top}/{part}" for part in _PARTS]
    excluded = [] if full else [f"--exclude={top}/{part}" for part in _SPARE_TOOLS]
    run(
        ["tar", "-x", "-J", "-f", archive, "-C", into, "--strip-components=1", *excluded, *parts],
        what=f"unpacking {archive.name}",
    )
