# SPDX-License-Identifier: GPL-2.0-only
"""Kernel images: a file, the newest Debian package of a version, or a tree to build."""

import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ksftci.arch import ALL, Arch
from ksftci.errors import CiError
from ksftci.host.cache import Cache
from ksftci.host.debian import Debian, version_key
from ksftci.kernel.build import KernelBuilder
from ksftci.kernel.tree import Trees

_ARCHES = "|".join(arch.debian for arch in ALL)
_PACKAGE = re.compile(
    r"linux-(?P<kind>image|binary)-(?P<version>\d[^-]*(?:-\d+)?)"
    rf"(?P<cloud>-cloud)?-(?P<arch>{_ARCHES})(?P<large>-16k)?"
)
_REFERENCE = re.compile(r"debian:(?P<version>\d+(?:\.\d+)*)(?P<large>-16k)?")
# Where a package has its image; riscv64's is vmlinux, and not compressed.
_IMAGES = ("boot/vmlinuz-*", "boot/vmlinux-*", "usr/lib/modules/*/vmlinuz", "lib/modules/*/vmlinuz")
_BUILD = "build:"
HELP = "a path to an Image or vmlinuz, debian:VERSION or debian:VERSION-16k (debian:7.3), or build:TREE"


@dataclass(frozen=True)
class KernelRef:
    """What the user called a kernel: a path, a Debian version and a page size, or a tree to build."""

    text: str
    path: Path | None = None
    version: tuple[int, ...] = ()
    large_pages: bool = False
    tree: str = ""

    @classmethod
    def parse(cls, text: str) -> "KernelRef":
        """Raises CiError when the text is neither an existing file, debian:VERSION nor build:TREE."""
        if match := _REFERENCE.fullmatch(text):
            large = match["large"] is not None
            return cls(text, version=version_key(match["version"]), large_pages=large)
        if text.startswith(_BUILD) and text != _BUILD:
            return cls(text, tree=text.removeprefix(_BUILD))
        if text.startswith(("debian:", _BUILD, "git:")):
            raise CiError(f"kernel {text!r} is not understood; a kernel is {HELP}")
        path = Path(text)
        if path.is_file():
            return cls(text, path=path.absolute())
        problem = "is a folder, not an image" if path.is_dir() else "is not there"
        raise CiError(f"kernel {text}: {problem}; a kernel is {HELP}")


def parse_all(texts: Iterable[str]) -> dict[str, KernelRef]:
    """Kernels by their labels, in order, each once. Raises CiError as KernelRef.parse does."""
    references = [KernelRef.parse(text) for text in dict.fromkeys(texts)]
    return dict(zip(labels(references), references, strict=True))


def labels(references: Iterable[KernelRef]) -> list[str]:
    """A short name for each: debian:7.3, or as many of a path's last parts as tell it from others."""
    places = [(_BUILD if ref.tree else "", ref.path or Path(ref.tree or ref.text)) for ref in references]
    names = [path.parts for _, path in places]
    length = [1] * len(names)
    for place, parts in enumerate(names):
        others = [other for other in names if other != parts]
        while any(other[-length[place] :] == parts[-length[place] :] for other in others):
            length[place] += 1
    shown = zip(places, length, strict=True)
    return [kind + "/".join(path.parts[-n:]) for (kind, path), n in shown]


def source_of(references: Iterable[KernelRef]) -> str | None:
    """The tree that tests come from when none is named: that of the newest Debian kernel, debian:7.3."""
    newest = max((ref.version[:2] for ref in references if ref.version), default=())
    return f"debian:{'.'.join(map(str, newest))}" if newest else None


@dataclass(frozen=True)
class KernelPackage:
    """A Debian package that holds a kernel image."""

    name: str
    version: str
    arch: str  # Debian's name
    cloud: bool
    large_pages: bool
    binary: bool  # linux-binary-*, which holds the image from 6.19 on

    @classmethod
    def parse(cls, name: str) -> "KernelPackage | None":
        """None for everything else: meta packages, -unsigned, -dbg, -rt."""
        match = _PACKAGE.fullmatch(name)
        if match is None or len(version_key(match["version"])) < 3:
            return None
        return cls(
            name,
            match["version"],
            match["arch"],
            match["cloud"] is not None,
            match["large"] is not None,
            match["kind"] == "binary",
        )

    @property
    def page_size(self) -> str:
        """As a person writes it."""
        return "16K" if self.large_pages else "4K"

    @property
    def reference(self) -> str:
        """The shortest reference that finds this version (or a newer one of its series)."""
        series = ".".join(self.version.split(".")[:2])
        return f"debian:{series}{'-16k' if self.large_pages else ''}"


def packages(names: Iterable[str], arch: Arch) -> list[KernelPackage]:
    """The kernel packages among names, best first: newest version, linux-binary, cloud flavour."""
    found = [p for p in map(KernelPackage.parse, names) if p and p.arch == arch.debian]
    found.sort(key=lambda p: (version_key(p.version), p.binary, p.cloud, p.name), reverse=True)
    return found


def choose(ref: KernelRef, names: Iterable[str], arch: Arch) -> KernelPackage:
    """The best package for a reference. Raises CiError that says which versions there are."""
    known = packages(names, arch)
    for package in known:
        fits = version_key(package.version)[: len(ref.version)] == ref.version
        if fits and package.large_pages == ref.large_pages:
            return package
    there = ", ".join(dict.fromkeys(p.reference for p in known)) or "none at all"
    raise CiError(f"no Debian kernel for {arch.name} fits {ref.text}; there are {there}")


class Kernels:
    """Images in the cache, fetched on demand."""

    def __init__(self, cache: Cache, debian: Debian, trees: Trees, builder: KernelBuilder) -> None:
        self.cache, self.debian, self.arch = cache, debian, debian.arch
        self.trees, self.builder = trees, builder

    def get(self, ref: KernelRef) -> Path:
        """The path of the image; without a network, of the newest that was fetched before.

        Raises CiError when it cannot be had.
        """
        if ref.path is not None:
            return ref.path
        if ref.tree:
            return self.builder.build(self.trees.get(ref.tree, full=True))
        try:
            package = choose(ref, self.debian.names("linux-(image|binary)-.*"), self.arch)
            return self._fetch(package)
        except CiError as problem:
            here = self._cached(ref)
            if here is None:
                raise
            self.debian.say(f"using {here.name}, which is here: {problem}")
            return self._fetch(here)

    def _fetch(self, package: KernelPackage) -> Path:
        with self.cache.lock(f"kernel-{package.name}"):
            image = self.cache.path("kernels", package.name) / "vmlinuz"
            if not image.exists():
                with self.cache.fresh("kernels", package.name) as folder:
                    self.debian.unpack(package.name, folder / "package")
                    find_image(folder / "package").rename(folder / "vmlinuz")
                    shutil.rmtree(folder / "package")
        return image

    def available(self) -> list[tuple[KernelPackage, str, bool]]:
        """(package, suite, whether it is cached), the best package of every reference."""
        best: dict[str, KernelPackage] = {}
        for package in packages(self.debian.names("linux-(image|binary)-.*"), self.arch):
            best.setdefault(package.reference, package)
        suites = self.debian.suites([p.name for p in best.values()])
        cached = {p.name for p in self._cached_packages()}
        return [(p, suites.get(p.name, "?"), p.name in cached) for p in best.values()]

    def _cached(self, ref: KernelRef) -> KernelPackage | None:
        try:
            return choose(ref, [p.name for p in self._cached_packages()], self.arch)
        except CiError:
            return None

    def _cached_packages(self) -> list[KernelPackage]:
        return packages((p.parent.name for p in self.cache.root.glob("kernels/*/vmlinuz")), self.arch)


def find_image(unpacked: Path) -> Path:
    """The image in an unpacked package. Raises CiError when there is none."""
    for pattern in _IMAGES:
        if found := sorted(unpacked.glob(pattern)):
            return found[-1]
    raise CiError(f"the package {unpacked.parent.name.strip('.')} holds no kernel image")
