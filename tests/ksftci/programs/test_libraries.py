# SPDX-License-Identifier: GPL-2.0-only
"""The compiler's options for the static libraries of a source."""

from pathlib import Path

from ksftci.arch import ARM64
from ksftci.errors import CiError
from ksftci.host.cache import Cache
from ksftci.host.debian import Debian
from ksftci.programs.libraries import Libraries


class Packages(Debian):
    """Debian's archive without liburing, which keeps what was fetched."""

    fetched: list[str]

    def unpack(self, package: str, into: Path) -> None:
        if package.startswith("liburing"):
            raise CiError("no network")
        self.fetched.append(package)
        (into / "usr/lib/aarch64-linux-gnu").mkdir(parents=True)
        (into / "usr/lib/aarch64-linux-gnu/libnuma.a").write_text("")


def test_libraries_are_those_that_the_sources_include(tmp_path: Path) -> None:
    messages: list[str] = []
    cache = Cache(tmp_path)
    debian = Packages(cache, ARM64, say=messages.append)
    debian.fetched = []
    source = tmp_path / "a.c"
    source.write_text("#include <numa.h>\n # include <numaif.h>\n#include <liburing.h>\n#include <stdio.h>\n")
    libraries = Libraries(cache, debian)
    for _ in range(2):
        flags = libraries.flags([source])
    usr = tmp_path / "libraries/arm64/libnuma-dev/usr"
    assert flags == [f"-isystem {usr}/include", f"-L{usr}/lib/aarch64-linux-gnu"]
    assert debian.fetched == ["libnuma-dev/bookworm"]
    assert messages == ["building without liburing-dev: no network"] * 2


def test_a_damaged_library_is_fetched_again(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    debian = Packages(cache, ARM64)
    debian.fetched = []
    source = tmp_path / "a.c"
    source.write_text("#include <numa.h>\n")
    flags = Libraries(cache, debian).flags([source])
    library = next((tmp_path / "libraries").rglob("*.a"))
    library.unlink()
    assert Libraries(cache, debian).flags([source]) == flags
    assert library.exists()
    assert debian.fetched == ["libnuma-dev/bookworm"] * 2
