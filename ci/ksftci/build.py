# SPDX-License-Identifier: GPL-2.0-only
"""Programs out of a kernel tree, by the tree's own Makefiles."""

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from ksftci import shadow
from ksftci.arch import Arch
from ksftci.cache import Cache
from ksftci.command import need
from ksftci.errors import CiError
from ksftci.make import compiler, make
from ksftci.tree import Tree


class Builder:
    """Builds selftests for one architecture; the tree itself is only read."""

    def __init__(
        self,
        cache: Cache,
        arch: Arch,
        jobs: int | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.cache, self.arch, self.say = cache, arch, say
        self.jobs = jobs or os.cpu_count() or 1

    def build(self, tree: Tree, programs: Sequence[str], collection: str = "mm", static: bool = True) -> list[Path]:
        """The paths of the built programs, in the order of their names.

        Raises CiError with the compiler's message and the path of the whole log when a program
        does not build, or names the package when there is no compiler.
        """
        source = tree.collection(collection)
        need("make")
        need(compiler(self.arch))
        key = hashlib.sha256(str(tree.path).encode()).hexdigest()[:12]
        name = f"{tree.version}-{key}-{self.arch.name}"
        with self.cache.lock(f"build-{name}"):
            folder = self.cache.folder("builds", name)
            link = folder / "tree"
            shadow.make(tree.path, link, _folder_of(self.arch), source.name)
            headers = folder / "headers"
            headers.mkdir(exist_ok=True)
            self.say(f"building {collection} selftests of {tree.version} for {self.arch.name}")
            self._make(folder / "headers.log", ["-C", str(link), f"O={headers}", "headers"])
            output = folder / ("static" if static else "dynamic") / source.name
            output.mkdir(parents=True, exist_ok=True)
            targets = [output / program for program in programs]
            for target in targets:
                _forget_stale(target, source)
            log = output.with_name(f"{source.name}.log")
            self._make(
                log,
                [
                    *("-C", str(link / "tools/testing/selftests" / source.name)),
                    f"OUTPUT={output}",
                    f"KHDR_INCLUDES=-isystem {headers}/usr/include",
                    *(["EXTRA_CFLAGS=-static"] if static else []),
                    *map(str, targets),
                ],
            )
            for target in targets:
                _remember(target, source)
        for target in targets:
            if not target.is_file():
                raise CiError(f"{target.name} was not built, although make found no fault; see {log}")
        return targets

    def _make(self, log: Path, arguments: list[str]) -> None:
        make(self.arch, self.jobs, arguments, log, self.say)


def _folder_of(arch: Arch) -> str:
    return "x86" if arch.name == "x86_64" else "arm64"


def _forget_stale(target: Path, source: Path) -> None:
    """Remove a program whose headers have changed, which the Makefiles do not look at."""
    note = target.with_name(f".{target.name}.sources")
    if not note.is_file() or note.read_text() != _fingerprint(target, source):
        target.unlink(missing_ok=True)


def _remember(target: Path, source: Path) -> None:
    target.with_name(f".{target.name}.sources").write_text(_fingerprint(target, source))


def _fingerprint(target: Path, source: Path) -> str:
    headers = [*source.glob("*.h"), *source.parent.glob("*.h"), source.parent / "lib.mk"]
    digest = hashlib.sha256()
    for path in sorted([*headers, source / "Makefile", source / f"{target.name}.c"]):
        if path.is_file():
            stat = path.stat()
            digest.update(f"{path.name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()
