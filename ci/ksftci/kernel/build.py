# SPDX-License-Identifier: GPL-2.0-only
"""Builds small kernels from complete trees: tinyconfig and the options that the tests need."""

import os
import re
import time
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from shutil import which

from ksftci.errors import CiError
from ksftci.host import packages
from ksftci.host.command import run
from ksftci.host.digest import digest
from ksftci.host.files import read_text, write_whole
from ksftci.kernel.make import Maker, compiler, environment, version
from ksftci.kernel.tree import Tree

_MERGE = "scripts/kconfig/merge_config.sh"
# Files of a complete tree. A tree of tree._PARTS, which is enough for selftests, lacks most of them.
_REQUIRED = ("init/main.c", "kernel/fork.c", "mm/Kconfig", "fs/Kconfig", "drivers/Kconfig", "net/Kconfig", _MERGE)
_SYMBOL = re.compile(r'(?:CONFIG_)?(?P<name>[A-Z0-9]\w*)=(?P<value>y|n|-?\d+|0x[0-9a-fA-F]+|"[^"\n]*")')
_DEBUG = "debug"  # the name of a fragment that every architecture may have besides
_SETTING = re.compile(r"^(?:CONFIG_(\w+)=(.*)|# CONFIG_(\w+) is not set)$", re.MULTILINE)
_STEP = re.compile(r"  [A-Z][A-Z0-9_]* (?:\[M\])? *(\S+)$")  # "  CC      mm/mprotect.o"
_DEPS = re.compile(r"^deps_config := \\\n((?:.*\\\n)*.*)$", re.MULTILINE)  # the Kconfig files, in auto.conf.cmd
_PROGRESS_INTERVAL = 15.0  # seconds


class KernelBuilder(Maker):
    """Builds kernels for one architecture, in build folders in the cache; trees are only read."""

    def build(self, tree: Tree, config: Sequence[str] = (), variables: Sequence[str] = ()) -> Path:
        """The path of the image. The objects of an earlier build of the tree are used again.

        `config` holds names of fragment files, "debug", and settings such as ARM64_16K_PAGES=y; later ones win. Each
        tree and choice of them has a build folder. `variables` are variables of make, such as
        GCOV_PROFILE_mprotect.o=y; kbuild compiles again what they concern. Raises CiError when a package or a part of
        the tree is missing, or with the compiler's message and the path of the whole log.
        """
        extra = [_fragment(text) for text in config]
        self.check(tree)
        name = f"{re.sub(r'[^a-zA-Z0-9.]', '-', tree.path.name)}-{digest(str(tree.path))}-{self.arch.name}"
        if config:
            sources = [os.path.abspath(text) if os.path.isfile(text) else text for text in config]
            name += f"-{digest(*sources)}"
        with self.cache.lock(f"kbuild-{name}"):
            folder = self.cache.folder("kbuilds", name)
            self._configure(tree, folder, [_shipped(self.arch.name), *extra])
            return self._image(tree, folder, variables)

    def identity(self, tree: Tree, config: Sequence[str] = ()) -> str:
        """A text that is the same for all builds of this version and configuration.

        Journals of mutants keep it: their results are void after any change of a fragment, even in a comment.
        """
        fragments = [_shipped(self.arch.name), *map(_fragment, config)]
        return f"{tree.version}-{self.arch.name}-{digest(*fragments)}"

    def check(self, tree: Tree) -> None:
        """Raises CiError for missing packages, an incomplete tree, or a tree with a build in it, before make fails."""
        missing = packages.missing_for_kernel(self.arch)
        if missing:
            raise CiError(
                f"a kernel cannot be built without {', '.join(missing)}; `ksftci setup --install` installs "
                f"what is missing, or run\n    sudo {' '.join(packages.command(missing))}"
            )
        arch_folder = self.arch.kbuild.folder
        image = self.image(tree.path)
        for part in (*_REQUIRED, f"{arch_folder}/Makefile"):
            if not (tree.path / part).is_file():
                raise CiError(
                    f"tree {tree.path}: there is no {part} in it; a kernel needs a whole tree, "
                    "such as `ksftci tree get --full debian:7.3` gives"
                )
        for part in (".config", "include/config", f"{arch_folder}/include/generated"):
            if (tree.path / part).exists():
                raise CiError(
                    f"tree {tree.path}: a kernel was built in it ({part} is there), and make builds in another folder "
                    f"only from a clean tree; boot the kernel that was built there (--kernel {image}), "
                    "or give a clean tree (`make mrproper`, `git worktree add`)"
                )

    def _configure(self, tree: Tree, folder: Path, fragments: Sequence[str]) -> None:
        """Make .config, unless it is there for this compiler and fragments; report settings that it did not take."""
        note, made_of = folder / "ksftci.fragments", digest(version(compiler(self.arch)), *fragments)
        unchanged = note.is_file() and read_text(note) == made_of and (folder / ".config").is_file()
        if unchanged and is_configured(tree.path, folder):
            return
        if not unchanged:
            note.unlink(missing_ok=True)
            self.make_target(tree, folder, "tinyconfig")
            paths = [folder / f"ksftci-{number}.config" for number in range(len(fragments))]
            for path, text in zip(paths, fragments, strict=True):
                write_whole(path, text)
            merge: list[str | Path] = ["sh", tree.path / _MERGE, "-m", "-O", folder, folder / ".config", *paths]
            run(merge, what="merging the configuration", cwd=folder, env=environment())
        self.make_target(tree, folder, "olddefconfig")
        if dropped := dropped_settings(fragments, read_text(folder / ".config")):
            self.say(f"settings that are not in the finished configuration: {', '.join(dropped)}")
        write_whole(note, made_of)

    def _image(self, tree: Tree, folder: Path, variables: Sequence[str]) -> Path:
        image = self.image(folder)
        log = folder / f"{image.name}.log"
        self.say(f"building a kernel of {tree.version} for {self.arch.name}")
        began, steps = time.monotonic(), _Steps(self.say)
        self.make_target(tree, folder, image.name, steps, variables)
        if not image.is_file():
            raise CiError(f"{image} was not built, although make reported no error; see {log}")
        self.say(f"built in {time.monotonic() - began:.1f} s, {steps.count} steps; the log is {log}")
        return image

    def image(self, folder: Path) -> Path:
        """The path of the image in a build folder."""
        return folder / self.arch.kbuild.folder / self.arch.kbuild.image

    def make_target(
        self,
        tree: Tree,
        folder: Path,
        target: str,
        each: Callable[[str], None] = lambda _: None,
        variables: Sequence[str] = (),
    ) -> None:
        """Make one target in a build folder. Raises CiError with the compiler's messages."""
        arguments = ["-C", str(tree.path), f"O={folder}", *variables, target]
        if which("ccache"):
            arguments += [f"CC=ccache {compiler(self.arch)}", "HOSTCC=ccache gcc"]
        self.make(arguments, folder / f"{target.replace('/', '-')}.log", self.say, each)


def folder_of(image: Path) -> Path:
    """The build folder of an image, which has the objects, too."""
    return image.parents[3]


class _Steps:
    """Counts the steps of make, and reports the count every _PROGRESS_INTERVAL."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say, self.count, self.reported = say, 0, time.monotonic()

    def __call__(self, line: str) -> None:
        if (match := _STEP.match(line)) is None:
            return
        self.count += 1
        if time.monotonic() - self.reported > _PROGRESS_INTERVAL:
            self.reported = time.monotonic()
            self.say(f"kernel: {self.count} steps, {match[1]}")


def is_configured(tree: Path, folder: Path) -> bool:
    """Whether .config has a value for every symbol of the tree's Kconfig files.

    That is so when auto.conf is newer than .config and all of these files, which is make's own rule. auto.conf.cmd
    has the list of the files, from conf_write_autoconf_cmd() of Linux 7.3 and older.
    """
    autoconf, command = folder / "include/config/auto.conf", folder / "include/config/auto.conf.cmd"
    listing = _DEPS.search(read_text(command)) if command.is_file() else None
    if listing is None:
        return False
    names = [name for name in listing[1].split() if name != "\\"]
    try:
        made = autoconf.stat().st_mtime_ns
        return all(path.stat().st_mtime_ns <= made for path in (folder / ".config", *(tree / name for name in names)))
    except OSError:
        return False


def dropped_settings(fragments: Sequence[str], config: str) -> list[str]:
    """The settings of the fragments that are not in the finished configuration, sorted."""
    requested: dict[str, str] = {}
    for text in fragments:
        requested |= _settings(text)
    present = _settings(config)
    return sorted(f"{name}={value}" for name, value in requested.items() if present.get(name, "n") != value)


def _settings(text: str) -> dict[str, str]:
    return {name or unset: value.strip() or "n" for name, value, unset in _SETTING.findall(text)}


def _shipped(name: str) -> str:
    return files("ksftci.kernel").joinpath("configs", f"{name}.config").read_text("utf-8")


def _fragment(text: str) -> str:
    """The lines of a file, or the line of a setting. Raises CiError when it is neither."""
    if match := _SYMBOL.fullmatch(text):
        return f"CONFIG_{match['name']}={match['value']}\n"
    if text == _DEBUG:
        return _shipped(_DEBUG)
    path = Path(text)
    if not os.path.isfile(path):
        raise CiError(
            f"--config {text}: is not there, and is no setting; allowed: a file, {_DEBUG}, or a setting such as "
            "ARM64_16K_PAGES=y (y, n, a number, a text)"
        )
    return read_text(path)
