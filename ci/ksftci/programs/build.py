# SPDX-License-Identifier: GPL-2.0-only
"""Builds selftests of a kernel tree with the tree's own Makefiles."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ksftci.errors import CiError
from ksftci.host.command import need
from ksftci.host.digest import digest
from ksftci.host.files import write_whole
from ksftci.kernel.make import DIAGNOSTIC, Maker, compiler, version
from ksftci.kernel.tree import Tree
from ksftci.programs import shadow, stale
from ksftci.programs.libraries import Libraries

_FAILED_TARGET = re.compile(r"make(?:\[\d+\])?: \[(?:.*: )?(?P<target>/\S+)\] Error \d+ \(ignored\)")


@dataclass(frozen=True)
class Installed:
    """The result of `make install` for a collection. `tests` are those that run_kselftest.sh would run."""

    folder: Path
    tests: tuple[Path, ...]


@dataclass
class Builder(Maker):
    """Builds selftests for one architecture. The tree is only read: make runs in a shadow of it, in the cache."""

    libraries: Libraries | None = None

    def check(self) -> None:
        """Raises CiError with the name of a package when make or the compiler is missing."""
        need("make")
        need(compiler(self.arch))

    def build(self, tree: Tree, programs: Sequence[str], collection: str = "mm", static: bool = True) -> list[Path]:
        """The paths of the built programs, in the order of their names.

        Raises CiError with the compiler's message and the path of the whole log when a program does not build,
        or with the name of a package when make or the compiler is missing.
        """
        source = tree.collection(collection)
        sources = [path for name in programs if (path := source / f"{name}.c").is_file()]
        folder = self._folder(tree)
        with self.cache.lock(f"build-{folder.name}"):
            flags = self._flags([*sources, *source.glob("*.h")], static)
            scripts = shadow.scripts_digest(tree.path)
            options = [self.arch.kbuild.folder, *flags, version(compiler(self.arch)), scripts]
            inputs = stale.digest_inputs(tree.path, source, *options)
            output = self._output(tree, source, folder, static)
            targets = [output / program for program in programs]
            if all(stale.is_current(target, inputs) for target in targets):
                return targets
            arguments = self._prepare(tree, source, flags, folder, output)
            for target in targets:
                stale.remove_stale(target, tree.path, source)
            log = output.with_name(f"{output.name}.log")
            self.make([*arguments, *map(str, targets)], log, self.say)
            for target in targets:
                if not target.is_file():
                    raise CiError(f"{target.name} was not built, although make reported no error; see {log}")
            if stale.digest_inputs(tree.path, source, *options) == inputs:  # no file was saved during the build
                for target in targets:
                    stale.write_note(target, tree.path, source, inputs)
        return targets

    def install(self, tree: Tree, collection: str = "mm") -> Installed:
        """Build and install a collection: programs, scripts and the files that they need.

        A program that does not build is replaced by a script that prints the reason and exits with 126, so that
        only this test is an error. Raises CiError when make fails or installs nothing.
        """
        source = tree.collection(collection)
        folder = self._folder(tree)
        with self.cache.lock(f"build-{folder.name}"):
            output = self._output(tree, source, folder, static=True)
            flags = self._flags(sorted(source.rglob("*.[ch]")), static=True)
            arguments = self._prepare(tree, source, flags, folder, output)
            for target in output.iterdir():
                if target.is_file() and not target.name.startswith("."):
                    stale.remove_stale(target, tree.path, source)
            name = str(source.relative_to(tree.selftests))
            log = output.with_name(f"{output.name}.log")
            with self.cache.fresh("builds", folder.name, "installed", name) as draft:
                options = ["--ignore-errors", "--output-sync=target", f"INSTALL_PATH={draft}"]
                build_output = self._make(log, [*options, *arguments, "install"])
                for program, reason in failed_programs(build_output, output).items():
                    self.say(f"{program} was not built: {reason}")
                    _write_substitute(draft / program, reason)
                test_list = self._make(log.with_suffix(".list"), ["-s", *arguments, f"COLLECTION={name}", "emit_tests"])
                tests = _listed_tests(test_list, name)
                if not any(draft.iterdir()):
                    raise CiError(f"nothing of {name} was built; the whole log is {log}")
            for target in output.iterdir():
                if target.is_file() and (source / f"{target.name}.c").is_file():
                    stale.write_note(target, tree.path, source)
        installed = self.cache.path("builds", folder.name, "installed", name)
        return Installed(installed, tuple(installed / test for test in tests))

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
        """Make the shadow tree and the kernel's headers; return make's arguments, to which a target must be added."""
        self.check()
        shadow_tree, headers = folder / "tree", folder / "headers"
        name = source.relative_to(tree.selftests)
        shadow.update(tree.path, shadow_tree, self.arch.kbuild.folder, str(name))
        if self.libraries is not None:
            _remove_old_local_config(shadow_tree / "tools/testing/selftests" / name, self.libraries.root)
        headers.mkdir(exist_ok=True)
        self.say(f"building {name} selftests of {tree.version} for {self.arch.name}")
        self.make(["-C", str(shadow_tree), f"O={headers}", "headers"], folder / "headers.log")
        return [
            *("-C", str(shadow_tree / "tools/testing/selftests" / name)),
            f"OUTPUT={output}",
            f"KHDR_INCLUDES=-isystem {headers}/usr/include",
            # Which of the two a Makefile uses depends on its version; lib.mk has USERCFLAGS since Linux 6.2.
            f"EXTRA_CFLAGS={' '.join(flags)}",
            f"USERCFLAGS={' '.join(flags)}",
        ]

    def _make(self, log: Path, arguments: list[str]) -> str:
        """Run make and return its output, which is in `log`, too. Raises CiError with the messages in it."""
        self.make(arguments, log)
        return log.read_text(encoding="utf-8")


def failed_programs(build_output: str, folder: Path) -> dict[str, str]:
    """The programs that make could not build in the folder, by their paths in it, each with the first error message."""
    programs: dict[str, str] = {}
    reason = ""
    for line in build_output.splitlines():
        if match := _FAILED_TARGET.search(line):
            target = Path(match["target"])
            if target.is_relative_to(folder) and not target.suffix:
                programs[str(target.relative_to(folder))] = reason or "see the log of the build"
            reason = ""
        elif DIAGNOSTIC.search(line) and "warning: " not in line:
            reason = reason or line.strip()
    return programs


def _write_substitute(path: Path, reason: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, f"#!/bin/sh\ncat <<'END'\n{path.name} was not built: {reason}\nEND\nexit 126\n")
    path.chmod(0o755)


def _listed_tests(test_list: str, collection: str) -> list[str]:
    """The paths of tests, from lines such as mm:ksft_cow.sh; futex/functional:futex_wait is one of futex, too."""
    tests: list[str] = []
    for line in test_list.splitlines():
        folder, colon, test = line.partition(":")
        if colon and folder == collection:
            tests.append(test)
        elif colon and folder.startswith(f"{collection}/"):
            tests.append(f"{folder.removeprefix(f'{collection}/')}/{test}")
    return list(dict.fromkeys(tests))


def _remove_old_local_config(collection: Path, libraries: Path) -> None:
    """Remove mm's local_config.* if a library is newer, so that the Makefile checks again which libraries there are."""
    for config in collection.glob("local_config.*"):
        if config.stat().st_mtime < libraries.stat().st_mtime:
            config.unlink()
