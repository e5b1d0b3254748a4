# SPDX-License-Identifier: GPL-2.0-only
"""Kernel images: a file, the newest Debian package of a version, or an image that is built from a tree."""

import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ksftci.arch import ALL, Arch
from ksftci.errors import CiError
from ksftci.host.cache import Cache
from ksftci.host.debian import Debian, version_key
from ksftci.kernel import header
from ksftci.kernel.build import KernelBuilder
from ksftci.kernel.tree import Trees
from plainyaml.problem import clip

_ARCHES = "|".join(arch.debian for arch in ALL)
_PACKAGE = re.compile(
    r"linux-(?P<kind>image|binary)-(?P<version>\d[^-]*(?:-\d+)?)"
    rf"(?P<cloud>-cloud)?-(?P<arch>{_ARCHES})(?P<large>-16k)?"
)
_REFERENCE = re.compile(r"debian:(?P<version>\d{1,9}(?:\.\d{1,9})*)(?P<large>-16k)?")
# Where packages have the image; that of riscv64 is called vmlinux and is not compressed.
_IMAGES = ("boot/vmlinuz-*", "boot/vmlinux-*", "usr/lib/modules/*/vmlinuz", "lib/modules/*/vmlinuz")
_DEBIAN = "debian:"
_BUILD = "build:"
DEFAULT = "debian:7.3"
HELP = "a path to an Image or vmlinuz, debian:VERSION or debian:VERSION-16k (debian:7.3), or build:TREE"


@dataclass(frozen=True)
class KernelRef:
    """How the user names a kernel: the path of an image, a Debian version and page size, or a tree to build."""

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
            return cls(text, tree=os.path.expanduser(text.removeprefix(_BUILD)))  # no shell does, behind a colon
        if text.startswith(("debian:", _BUILD, "git:")):
            raise CiError(f"kernel {clip(text)!r} is not understood; a kernel is {HELP}")
        path = Path(text)
        if os.path.isfile(path):
            return cls(text, path=path.absolute())
        problem = "is a folder, not an image" if os.path.isdir(path) else "is not there"
        hint = f"did you mean {_DEBIAN}{text}? " if _REFERENCE.fullmatch(_DEBIAN + text) else ""
        raise CiError(f"kernel {clip(text)}: {problem}; {hint}a kernel is {HELP}")


def parse_all(texts: Iterable[str]) -> dict[str, KernelRef]:
    """Kernels by their labels, in order, each once. Raises CiError as KernelRef.parse does."""
    references = [KernelRef.parse(text) for text in dict.fromkeys(texts)]
    return dict(zip(labels(references), references, strict=True))


def labels(references: Iterable[KernelRef]) -> list[str]:
    """A short name for each kernel: debian:7.3, or as many of a path's last parts as make it differ from the others."""
    kernels = [(_BUILD if ref.tree else "", ref.path or Path(ref.tree or ref.text)) for ref in references]
    all_parts = [path.parts for _, path in kernels]
    lengths = [1] * len(kernels)
    for index, parts in enumerate(all_parts):
        others = [other for other in all_parts if other != parts]
        while any(other[-lengths[index] :] == parts[-lengths[index] :] for other in others):
            lengths[index] += 1
    return [kind + "/".join(path.parts[-n:]) for (kind, path), n in zip(kernels, lengths, strict=True)]


def source_of(references: Iterable[KernelRef]) -> str | None:
    """The tree of the tests when the user names none: that of the newest Debian kernel, such as debian:7.3."""
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
        """None for the name of any other package: a meta package, -unsigned, -dbg, -rt."""
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
    def modules(self) -> str:
        """The name of the package that has the kernel's modules."""
        return self.name.replace("linux-binary-", "linux-modules-")

    @property
    def page_size(self) -> str:
        """4K or 16K."""
        return "16K" if self.large_pages else "4K"

    @property
    def reference(self) -> str:
        """The shortest reference to this version, or to a newer one of its series."""
        series = ".".join(self.version.split(".")[:2])
        return f"debian:{series}{'-16k' if self.large_pages else ''}"


def packages(names: Iterable[str], arch: Arch) -> list[KernelPackage]:
    """The kernel packages among the names of packages, best first: newest version, linux-binary, cloud flavour."""
    kernels = [p for p in map(KernelPackage.parse, names) if p and p.arch == arch.debian]
    return sorted(kernels, key=lambda p: (version_key(p.version), p.binary, p.cloud, p.name), reverse=True)


def choose(ref: KernelRef, names: Iterable[str], arch: Arch) -> KernelPackage:
    """The best package for a reference. Raises CiError that lists the available versions."""
    available = packages(names, arch)
    for package in available:
        fits = version_key(package.version)[: len(ref.version)] == ref.version
        if fits and package.large_pages == ref.large_pages:
            return package
    references = ", ".join(dict.fromkeys(p.reference for p in available)) or "none at all"
    raise CiError(f"no Debian kernel for {arch.name} fits {ref.text}; there are {references}")


class Kernels:
    """Gets images: Debian's are fetched into the cache, those of trees are built."""

    def __init__(self, cache: Cache, debian: Debian, trees: Trees, builder: KernelBuilder) -> None:
        self.cache, self.debian, self.arch = cache, debian, debian.arch
        self.trees, self.builder = trees, builder

    def get(self, ref: KernelRef) -> Path:
        """The path of the image; when Debian's archive cannot be reached, of the newest one in the cache that fits.

        Raises CiError when no image can be fetched or built.
        """
        if ref.path is not None:
            header.check(ref.path, self.arch)
            return ref.path
        if ref.tree:
            return self.builder.build(self.trees.get(ref.tree, full=True))
        try:
            package = choose(ref, self.debian.names("linux-(image|binary)-.*"), self.arch)
            return self._fetch(package)
        except CiError as problem:
            cached = self._cached(ref)
            if cached is None:
                raise
            self.debian.say(f"using {cached.name} from the cache: {problem}")
            return self._fetch(cached)

    def check(self, references: Iterable[KernelRef]) -> None:
        """Raises CiError if the file of one of them is no image of the architecture."""
        for ref in references:
            if ref.path is not None:
                header.check(ref.path, self.arch)

    def _fetch(self, package: KernelPackage) -> Path:
        with self.cache.lock(f"kernel-{package.name}"):
            image = self.cache.path("kernels", package.name) / "vmlinuz"
            if not self.cache.intact("kernels", package.name):
                if image.exists():
                    self.debian.say(f"{package.name} is damaged in the cache, it is fetched again")
                with self.cache.sealed("kernels", package.name) as folder:
                    self.debian.unpack(package.name, folder / "package")
                    find_image(folder / "package").rename(folder / "vmlinuz")
                    shutil.rmtree(folder / "package")
        return image

    def available(self) -> list[tuple[KernelPackage, str, bool]]:
        """(package, suite, whether the image is in the cache) of the best package for every reference."""
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
        names = (path.parent.name for path in self.cache.root.glob("kernels/*/vmlinuz"))
        return packages((name for name in names if self.cache.intact("kernels", name)), self.arch)


def find_image(unpacked: Path) -> Path:
    """The image in an unpacked package. Raises CiError when there is none."""
    for pattern in _IMAGES:
        if images := sorted(unpacked.glob(pattern)):
            return images[-1]
    raise CiError("the package contains no kernel image")
