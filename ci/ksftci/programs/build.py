# SPDX-License-Identifier: GPL-2.0-only
"""Programs out of a kernel tree, by the tree's own Makefiles."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ksftci.errors import CiError
from ksftci.host.command import need
from ksftci.host.digest import digest
from ksftci.kernel.make import DIAGNOSTIC, Maker, compiler, version
from ksftci.kernel.tree import Tree
from ksftci.programs import shadow, stale
from ksftci.programs.libraries import Libraries

_BROKEN = re.compile(r"make(?:\[\d+\])?: \[(?:.*: )?(?P<target>/\S+)\] Error \d+ \(ignored\)")


@dataclass(frozen=True)
class Installed:
    """A collection as `make install` leaves it. `tests` are what run_kselftest.sh would run of it."""

    folder: Path
    tests: tuple[Path, ...]


@dataclass
class Builder(Maker):
    """Builds selftests for one architecture; the tree itself is only read."""

    libraries: Libraries | None = None

    def build(self, tree: Tree, programs: Sequence[str], collection: str = "mm", static: bool = True) -> list[Path]:
        """The paths of the built programs, in the order of their names.

        Raises CiError with the compiler's message and the path of the whole log when a program
        does not build, or names the package when there is no compiler.
        """
        source = tree.collection(collection)
        sources = [path for name in programs if (path := source / f"{name}.c").is_file()]
        folder = self._folder(tree)
        with self.cache.lock(f"build-{folder.name}"):
            flags = self._flags([*sources, *source.glob("*.h")], static)
            options = [self.arch.kbuild.folder, *flags, version(compiler(self.arch))]
            whole = stale.everything(tree.path, source, *options)
            output = self._output(tree, source, folder, static)
            targets = [output / program for program in programs]
            if all(stale.current(target, whole) for target in targets):
                return targets
            arguments = self._prepare(tree, source, flags, folder, output)
            for target in targets:
                stale.forget(target, tree.path, source)
            log = output.with_name(f"{output.name}.log")
            self.make([*arguments, *map(str, targets)], log, self.say)
            for target in targets:
                if not target.is_file():
                    raise CiError(f"{target.name} was not built, although make reported no error; see {log}")
            if stale.everything(tree.path, source, *options) == whole:  # else nobody knows what went into them
                for target in targets:
                    stale.remember(target, tree.path, source, whole)
        return targets

    def install(self, tree: Tree, collection: str = "mm") -> Installed:
        """Everything of a collection: programs, scripts and the files beside them.

        A program that does not build becomes a script of its name that says why and exits with 126,
        so that it is an error of that test and of no other. Raises CiError when there is nothing at all.
        """
        source = tree.collection(collection)
        folder = self._folder(tree)
        with self.cache.lock(f"build-{folder.name}"):
            output = self._output(tree, source, folder, static=True)
            flags = self._flags(sorted(source.rglob("*.[ch]")), static=True)
            arguments = self._prepare(tree, source, flags, folder, output)
            for target in output.iterdir():
                if target.is_file() and not target.name.startswith("."):
                    stale.forget(target, tree.path, source)
            name = str(source.relative_to(tree.selftests))
            log = output.with_name(f"{output.name}.log")
            with self.cache.fresh("builds", folder.name, "installed", name) as draft:
                options = ["--ignore-errors", "--output-sync=target", f"INSTALL_PATH={draft}"]
                said = self._make(log, [*options, *arguments, "install"])
                for program, why in broken(said, output).items():
                    self.say(f"{program} was not built: {why}")
                    _stand_in(draft / program, why)
                listed = self._make(log.with_suffix(".list"), ["-s", *arguments, f"COLLECTION={name}", "emit_tests"])
                tests = _tests(listed, name)
                if not any(draft.iterdir()):
                    raise CiError(f"nothing of {name} was built; the whole log is {log}")
            for target in output.iterdir():
                if target.is_file() and (source / f"{target.name}.c").is_file():
                    stale.remember(target, tree.path, source)
        place = self.cache.path("builds", folder.name, "installed", name)
        return Installed(place, tuple(place / test for test in tests))

    def _folder(self, tree: Tree) -> Path:
        return self.cache.folder("builds", f"{tree.version}-{digest(str(tree.path))}-{self.arch.name}")

    @staticmethod
    def _output(tree: Tree, source: Path, folder: Path, static: bool) -> Path:
        output = folder / ("static" if static else "dynamic") / source.relative_to(tree.selftests)
        output.mkdir(parents=True, exist_ok=True)
        return output

    def _flags(self, sources: Sequence[Path], static: bool) -> list[str]:
        flags = ["-static"] if static else []
        return flags + (self.libraries.flags(sources) if self.libraries is not None else [])

    def _prepare(self, tree: Tree, source: Path, flags: Sequence[str], folder: Path, output: Path) -> list[str]:
        """Make the shadow and the headers; gives make's arguments for this collection, without a target."""
        need("make")
        need(compiler(self.arch))
        link, headers = folder / "tree", folder / "headers"
        name = source.relative_to(tree.selftests)
        shadow.make(tree.path, link, self.arch.kbuild.folder, str(name))
        if self.libraries is not None:
            _look_again(link / "tools/testing/selftests" / name, self.libraries.root)
        headers.mkdir(exist_ok=True)
        self.say(f"building {name} selftests of {tree.version} for {self.arch.name}")
        self.make(["-C", str(link), f"O={headers}", "headers"], folder / "headers.log")
        return [
            *("-C", str(link / "tools/testing/selftests" / name)),
            f"OUTPUT={output}",
            f"KHDR_INCLUDES=-isystem {headers}/usr/include",
            # Which of the two a Makefile heeds depends on its age; lib.mk has the second since 6.2.
            f"EXTRA_CFLAGS={' '.join(flags)}",
            f"USERCFLAGS={' '.join(flags)}",
        ]

    def _make(self, log: Path, arguments: list[str]) -> str:
        """What make printed, which is in `log` too. Raises CiError with the messages in it."""
        self.make(arguments, log)
        return log.read_text(encoding="utf-8")


def broken(said: str, output: Path) -> dict[str, str]:
    """Program, by its path in the output, to the compiler's last word on it."""
    found: dict[str, str] = {}
    why = ""
    for line in said.splitlines():
        if match := _BROKEN.search(line):
            target = Path(match["target"])
            if target.is_relative_to(output) and not target.suffix:
                found[str(target.relative_to(output))] = why or "see the log of the build"
            why = ""
        elif DIAGNOSTIC.search(line) and "warning: " not in line:
            why = why or line.strip()
    return found


def _stand_in(path: Path, why: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{path.name} was not built: {why}\nEND\nexit 126\n")
    path.chmod(0o755)


def _tests(listed: str, collection: str) -> list[str]:
    """The names in lines such as mm:ksft_cow.sh, or futex/functional:futex_wait within futex."""
    tests: list[str] = []
    for line in listed.splitlines():
        place, colon, test = line.partition(":")
        if colon and place == collection:
            tests.append(test)
        elif colon and place.startswith(f"{collection}/"):
            tests.append(f"{place.removeprefix(f'{collection}/')}/{test}")
    return list(dict.fromkeys(tests))


def _look_again(collection: Path, libraries: Path) -> None:
    """Have the Makefile look for libraries anew when there is one that was not there the last time."""
    for config in collection.glob("local_config.*"):
        if config.stat().st_mtime < libraries.stat().st_mtime:
            config.unlink()
