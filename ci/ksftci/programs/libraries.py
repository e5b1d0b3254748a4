# SPDX-License-Identifier: GPL-2.0-only
"""Static libraries that some selftests link: Debian packages that are unpacked into the cache.

They are not installed, so a cross build needs no foreign architecture in dpkg.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from ksftci.errors import CiError
from ksftci.host.cache import Cache
from ksftci.host.debian import Debian
from ksftci.host.files import read_text

# A header that sources include, to the package of the header and its static library.
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
        """The compiler's options for all libraries in the cache, after a fetch of those that the sources include.

        A library that cannot be fetched is reported and left out: the Makefile may do without it, or the
        compiler reports the missing header.
        """
        included = {name for path in sources for name in _INCLUDE.findall(read_text(path))}
        for package in sorted({_PACKAGES[name] for name in included & _PACKAGES.keys()}):
            try:
                self._fetch(package)
            except CiError as err:
                self.debian.say(f"building without {package}: {err}")
        unpacked = sorted(self.root.glob("[a-z]*/usr"))
        return [
            option
            for usr in unpacked
            for option in (f"-isystem {usr}/include", *(f"-L{lib}" for lib in _archives(usr)))
        ]

    def _fetch(self, package: str) -> None:
        with self.cache.lock(f"library-{package}-{self.debian.arch.debian}"):
            if not self.cache.intact("libraries", self.debian.arch.debian, package):
                if (self.root / package).exists():
                    self.debian.say(f"{package} is damaged in the cache, it is fetched again")
                with self.cache.sealed("libraries", self.debian.arch.debian, package) as folder:
                    # A static library that was built with an old libc links with any newer libc; not the reverse.
                    self.debian.unpack(f"{package}/{self.debian.arch.suites[0]}", folder)


def _archives(usr: Path) -> list[Path]:
    return sorted({path.parent for path in usr.glob("lib/**/*.a")})
