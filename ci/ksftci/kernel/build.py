# SPDX-License-Identifier: GPL-2.0-only
"""A small kernel out of a whole tree: tinyconfig and what the tests need of it."""

import os
import re
import time
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from shutil import which

from ksftci.arch import Arch
from ksftci.errors import CiError
from ksftci.host import packages
from ksftci.host.command import run
from ksftci.host.digest import digest
from ksftci.host.files import read_text, write_whole
from ksftci.kernel.make import Maker, compiler, environment, version
from ksftci.kernel.tree import Tree

_MERGE = "scripts/kconfig/merge_config.sh"
_WHOLE = ("init/main.c", "kernel/fork.c", "mm/Kconfig", "fs/Kconfig", "drivers/Kconfig", "net/Kconfig", _MERGE)
_SYMBOL = re.compile(r'(?:CONFIG_)?(?P<name>[A-Z0-9]\w*)=(?P<value>y|n|-?\d+|0x[0-9a-fA-F]+|"[^"\n]*")')
_SETTING = re.compile(r"^(?:CONFIG_(\w+)=(.*)|# CONFIG_(\w+) is not set)$", re.MULTILINE)
_STEP = re.compile(r"  [A-Z][A-Z0-9_]* (?:\[M\])? *(\S+)$")
_DEPS = re.compile(r"^deps_config := \\\n((?:.*\\\n)*.*)$", re.MULTILINE)
_EVERY = 15.0  # seconds between two lines about how far the build is


class KernelBuilder(Maker):
    """Builds kernels for one architecture, each tree in a folder of the cache; the tree is only read."""

    def build(self, tree: Tree, config: Sequence[str] = (), variables: Sequence[str] = ()) -> Path:
        """The path of the image. What an earlier build of the tree left is used again.

        `config` holds fragments by file name and settings such as ARM64_16K_PAGES=y, later ones win.
        `variables` are make's, such as GCOV_PROFILE_mprotect.o=y, which the tree's Makefiles then have.
        Each choice of them has a folder of its own. Raises CiError when a tool or a part of the tree is
        missing, or with the compiler's message and the path of the whole log.
        """
        extra = [_fragment(text) for text in config]
        self._check(tree)
        name = f"{re.sub(r'[^a-zA-Z0-9.]', '-', tree.path.name)}-{digest(str(tree.path))}-{self.arch.name}"
        if config or variables:
            chosen = [text if _SYMBOL.fullmatch(text) else os.path.abspath(text) for text in config]
            name += f"-{digest(*chosen, *variables)}"
        with self.cache.lock(f"kbuild-{name}"):
            folder = self.cache.folder("kbuilds", name)
            self._configure(tree, folder, [_ours(self.arch), *extra])
            return self._image(tree, folder, variables)

    def identity(self, tree: Tree, config: Sequence[str] = ()) -> str:
        """The same for every build of this version and configuration."""
        fragments = [_ours(self.arch), *map(_fragment, config)]
        return f"{tree.version}-{self.arch.name}-{digest(*fragments)}"

    def _check(self, tree: Tree) -> None:
        """Everything that make would stumble over half-way, said at once."""
        missing = packages.missing_for_kernel(self.arch)
        if missing:
            raise CiError(
                f"a kernel cannot be built without {', '.join(missing)}: `ksftci setup --install` installs "
                f"what is missing, or run\n    sudo {' '.join(packages.command(missing))}"
            )
        own = self.arch.kbuild.folder
        image = self.image(tree.path)
        for part in (*_WHOLE, f"{own}/Makefile"):
            if not (tree.path / part).is_file():
                raise CiError(
                    f"tree {tree.path}: there is no {part} in it; a kernel needs a whole tree, "
                    "such as `ksftci tree get --full debian:7.3` gives"
                )
        for part in (".config", "include/config", f"{own}/include/generated"):
            if (tree.path / part).exists():
                raise CiError(
                    f"tree {tree.path}: somebody has built in it ({part} is there), and make builds elsewhere only "
                    f"from a clean one: boot what was built there (--kernel {image}), "
                    "or give a clean one (`make mrproper`, `git worktree add`)"
                )

    def _configure(self, tree: Tree, folder: Path, fragments: Sequence[str]) -> None:
        """Make .config, unless it was made of the same; symbols that did not get into it are said."""
        note, made_of = folder / "ksftci.fragments", digest(version(compiler(self.arch)), *fragments)
        same = note.is_file() and read_text(note) == made_of and (folder / ".config").is_file()
        if same and is_configured(tree.path, folder):
            return
        if not same:
            note.unlink(missing_ok=True)
            self.make_target(tree, folder, "tinyconfig")
            paths = [folder / f"ksftci-{number}.config" for number in range(len(fragments))]
            for path, text in zip(paths, fragments, strict=True):
                write_whole(path, text)
            merge: list[str | Path] = ["sh", tree.path / _MERGE, "-m", "-O", folder, folder / ".config", *paths]
            run(merge, what="merging the configuration", cwd=folder, env=environment())
        self.make_target(tree, folder, "olddefconfig")
        if dropped := not_taken(fragments, read_text(folder / ".config")):
            self.say(f"not in this kernel, which lacks them or what they depend on: {', '.join(dropped)}")
        write_whole(note, made_of)

    def _image(self, tree: Tree, folder: Path, variables: Sequence[str]) -> Path:
        image = self.image(folder)
        log = folder / f"{image.name}.log"
        self.say(f"building a kernel of {tree.version} for {self.arch.name}")
        began, steps = time.monotonic(), _Steps(self.say)
        self.make_target(tree, folder, image.name, steps, variables)
        if not image.is_file():
            raise CiError(f"{image} was not built, although make found no fault; see {log}")
        self.say(f"built in {time.monotonic() - began:.1f} s, {steps.count} steps; the log is {log}")
        return image

    def image(self, folder: Path) -> Path:
        """Where a build leaves its image."""
        return folder / self.arch.kbuild.folder / self.arch.kbuild.image

    def make_target(
        self,
        tree: Tree,
        folder: Path,
        target: str,
        each: Callable[[str], None] = lambda _: None,
        variables: Sequence[str] = (),
    ) -> None:
        """Make one target in a folder that was built before. Raises CiError with what the compiler says."""
        arguments = ["-C", str(tree.path), f"O={folder}", *variables, target]
        if which("ccache"):
            arguments += [f"CC=ccache {compiler(self.arch)}", "HOSTCC=ccache gcc"]
        self.make(arguments, folder / f"{target.replace('/', '-')}.log", self.say, each)


def folder_of(image: Path) -> Path:
    """The folder that an image was built in, and the objects with it."""
    return image.parents[3]


class _Steps:
    """Counts what make does, and says now and then how far it is."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say, self.count, self.spoke = say, 0, time.monotonic()

    def __call__(self, line: str) -> None:
        if (match := _STEP.match(line)) is None:
            return
        self.count += 1
        if time.monotonic() - self.spoke > _EVERY:
            self.spoke = time.monotonic()
            self.say(f"kernel: {self.count} steps, {match[1]}")


def is_configured(tree: Path, folder: Path) -> bool:
    """Whether .config has a value for every symbol of the tree's Kconfig files.

    It has if auto.conf was made of it and is newer than all of them; make's own rule is the same. Which
    files these are, conf notes in auto.conf.cmd (conf_write_autoconf_cmd() of Linux 7.3, older ones too).
    """
    made, note = folder / "include/config/auto.conf", folder / "include/config/auto.conf.cmd"
    listed = _DEPS.search(read_text(note)) if note.is_file() else None
    if listed is None:
        return False
    names = [name for name in listed[1].split() if name != "\\"]
    try:
        limit = made.stat().st_mtime_ns
        return all(path.stat().st_mtime_ns <= limit for path in (folder / ".config", *(tree / name for name in names)))
    except OSError:
        return False


def not_taken(fragments: Sequence[str], config: str) -> list[str]:
    """Settings of the fragments that the finished configuration does not have, sorted."""
    wanted: dict[str, str] = {}
    for text in fragments:
        wanted |= _settings(text)
    there = _settings(config)
    return sorted(f"{name}={value}" for name, value in wanted.items() if there.get(name, "n") != value)


def _settings(text: str) -> dict[str, str]:
    return {name or unset: value.strip() or "n" for name, value, unset in _SETTING.findall(text)}


def _ours(arch: Arch) -> str:
    return files("ksftci.kernel").joinpath("configs", f"{arch.name}.config").read_text("utf-8")


def _fragment(text: str) -> str:
    """The lines of a file, or the line of a setting. Raises CiError when it is neither."""
    if match := _SYMBOL.fullmatch(text):
        return f"CONFIG_{match['name']}={match['value']}\n"
    path = Path(text)
    if not path.is_file():
        raise CiError(
            f"--config {text}: neither a file nor a setting such as ARM64_16K_PAGES=y (y, n, a number, a text)"
        )
    return read_text(path)
