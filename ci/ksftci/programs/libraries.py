# SPDX-License-Identifier: GPL-2.0-only
"""Static libraries that some selftests link: Debian packages, unpacked into the cache and no further.

The system's own packages are left alone, so a cross build needs no foreign architecture in dpkg.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from ksftci.errors import CiError
from ksftci.host.cache import Cache
from ksftci.host.debian import Debian
from ksftci.host.files import read_text

# What a source includes, to the package that has it and the static library.
_PACKAGES = {
    "cap-ng.h": "libcap-ng-dev",
    "liburing.h": "liburing-dev",
    "numa.h": "libnuma-dev",
    "numaif.h": "libnuma-dev",
    "popt.h": "libpopt-dev",
    "sys/capability.h": "libcap-dev",
}
_INCLUDE = re.compile(r"^\s*#\s*include\s*<([\w./-]+)>", re.MULTILINE)


class Libraries:
    """The libraries of one architecture."""

    def __init__(self, cache: Cache, debian: Debian) -> None:
        self.cache, self.debian = cache, debian
        self.root = cache.folder("libraries", debian.arch.debian)

    def flags(self, sources: Iterable[Path]) -> list[str]:
        """Options for the compiler, after fetching what the sources include and is not here yet.

        What cannot be fetched is said and left out: the Makefile may do without, or the compiler
        names what it misses.
        """
        included = {name for path in sources for name in _INCLUDE.findall(read_text(path))}
        for package in sorted({_PACKAGES[name] for name in included & _PACKAGES.keys()}):
            try:
                self._fetch(package)
            except CiError as err:
                self.debian.say(f"building without {package}: {err}")
        here = sorted(self.root.glob("[a-z]*/usr"))
        return [word for usr in here for word in (f"-isystem {usr}/include", *(f"-L{lib}" for lib in _archives(usr)))]

    def _fetch(self, package: str) -> None:
        with self.cache.lock(f"library-{package}-{self.debian.arch.debian}"):
            if not (self.root / package).exists():
                with self.cache.fresh("libraries", self.debian.arch.debian, package) as folder:
                    # An archive made with an old libc links with every newer one, not the other way round.
                    self.debian.unpack(f"{package}/{self.debian.arch.suites[0]}", folder)


def _archives(usr: Path) -> list[Path]:
    return sorted({path.parent for path in usr.glob("lib/**/*.a")})
