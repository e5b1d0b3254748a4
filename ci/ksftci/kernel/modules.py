# SPDX-License-Identifier: GPL-2.0-only
"""The modules of Debian's kernels: which ones a guest needs, and in which order it loads them."""

import gzip
import lzma
import re
import shutil
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ksftci.arch import Arch
from ksftci.errors import CiError
from ksftci.host.cache import Cache
from ksftci.host.debian import Debian
from ksftci.kernel.image import KernelPackage, packages

# What a guest may need, to the modules that give it. What these depend on comes by itself, except for what they ask the
# kernel for while they run. A module that a kernel does not have is left out: it is built in, or of another version.
NEEDS: dict[str, tuple[str, ...]] = {
    "swap": ("lzo_rle", "zram"),  # before 6.12 zram gets CONFIG_ZRAM_DEF_COMP, lzo-rle, from the crypto API
}
_READ: dict[str, Callable[[bytes], bytes]] = {".ko": bytes, ".xz": lzma.decompress, ".gz": gzip.decompress}
# Written by modpost. depmod, which writes modules.dep, runs only when a package is installed.
_DEPENDS = re.compile(rb"\0depends=([^\0]*)\0")


class Modules:
    """Gets the modules of images in the cache of Debian's kernels; their packages are fetched when they are needed."""

    def __init__(self, cache: Cache, debian: Debian) -> None:
        self.cache, self.debian = cache, debian

    def get(self, image: Path, needs: Sequence[str]) -> dict[str, bytes]:
        """Name and content of each module that the needs take, in the order of loading; none for any other image.

        Raises CiError when the package cannot be fetched.
        """
        package = KernelPackage.parse(image.parent.name)
        if not needs or package is None or image.parent.parent != self.cache.root / "kernels":
            return {}
        try:
            return load(self._fetch(package), [module for need in needs for module in NEEDS[need]])
        except CiError as err:
            raise CiError(f"{' and '.join(needs)} on {package.name} needs modules: {err}") from err

    def _fetch(self, package: KernelPackage) -> Path:
        with self.cache.lock(f"modules-{package.name}"):
            modules = self.cache.path("modules", package.name)
            if not modules.exists():
                names = self.debian.names("linux-(image|binary|modules)-.*")
                if package.modules not in names:
                    others = ", ".join(having_modules(names, self.debian.arch)) or "no kernel"
                    raise CiError(f"Debian's archive no longer has {package.modules}; it has those of {others}")
                with self.cache.fresh("modules", package.name) as folder:
                    self.debian.unpack(package.modules, folder / "package")
                    find_folder(folder / "package").rename(folder / "kernel")
                    shutil.rmtree(folder / "package")
        return modules


def having_modules(names: Sequence[str], arch: Arch) -> list[str]:
    """The references to kernels among the names of packages whose modules are there, too."""
    best: dict[str, KernelPackage] = {}
    for package in packages(names, arch):
        best.setdefault(package.reference, package)
    return [reference for reference, package in best.items() if package.modules in names]


def find_folder(unpacked: Path) -> Path:
    """The folder of the modules in an unpacked package. Raises CiError when there is none."""
    for pattern in ("usr/lib/modules/*/kernel", "lib/modules/*/kernel"):
        if folders := sorted(unpacked.glob(pattern)):
            return folders[-1]
    raise CiError("the package contains no modules")


def load(folder: Path, wanted: Iterable[str]) -> dict[str, bytes]:
    """The content of the wanted modules and of all that they depend on, as far as the folder has them, in order."""
    # As modprobe does, names take - and _ as the same.
    paths = {path.name.partition(".")[0].replace("-", "_"): path for path in folder.rglob("*.ko*")}
    contents: dict[str, bytes] = {}

    def depends(module: str) -> list[str]:
        if module not in paths:
            return []
        try:
            contents[module] = _read(paths[module])
        except (OSError, EOFError, lzma.LZMAError, zlib.error) as err:
            raise CiError(f"{paths[module]} is damaged: {err}; remove {folder}, then it is fetched again") from err
        found = _DEPENDS.search(contents[module])
        return found[1].decode().replace("-", "_").split(",") if found and found[1] else []

    return {name: contents[name] for name in order(wanted, depends) if name in contents}


def order(wanted: Iterable[str], depends: Callable[[str], Iterable[str]]) -> list[str]:
    """The wanted modules and all that they depend on, each once and after those that it depends on."""
    ordered: dict[str, None] = {}

    def add(module: str) -> None:
        if module not in ordered:
            for other in depends(module):
                add(other)
            ordered[module] = None

    for module in wanted:
        add(module)
    return list(ordered)


def _read(path: Path) -> bytes:
    if path.suffix not in _READ:
        raise CiError(f"{path}: files that end in {path.suffix} are not understood")
    return _READ[path.suffix](path.read_bytes())
