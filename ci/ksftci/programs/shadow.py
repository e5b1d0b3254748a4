# SPDX-License-Identifier: GPL-2.0-only
"""A tree of links to a kernel tree, so that a build leaves no trace in the user's own.

`make O=` refuses a tree in which somebody has built, and the mm selftests write local_config.* beside
their sources; in the shadow such files are left out, or its own.
"""

import os
import shutil
from pathlib import Path

# Folders that are folders in the shadow too; all else is a link. A key's generated files are not linked.
_FOLDERS = ("", "arch", "include", "tools", "tools/testing", "tools/testing/selftests", "usr")
_GENERATED = {
    "": {"scripts", ".config", ".git", ".tmp_versions", "vmlinux", "vmlinux.o", "Module.symvers"},
    "include": {"config", "generated"},
}
_BUILT = {".o", ".a", ".cmd", ".mod"}


def make(tree: Path, shadow: Path, own: str, collection: str) -> None:
    """Bring the shadow up to date.

    `own` is the architecture's folder, such as arch/x86; `collection` is one below tools/testing/selftests.

    What the build has put into the shadow's own folders stays, so that it need not be done again.
    """
    generated = {**_GENERATED, f"{own}/include": {"generated"}}
    for folder in (*_FOLDERS, own, f"{own}/include", *_folders(tree, collection)):
        real, ours = tree / folder, shadow / folder
        if not real.is_dir():
            continue
        if ours.is_symlink():
            ours.unlink()
        ours.mkdir(parents=True, exist_ok=True)
        skip = generated.get(folder, set())
        for name in _names(real, skip):
            _link(real / name, ours / name)
        for there in ours.iterdir():
            if there.is_symlink() and not there.exists():
                there.unlink()
    _copy_scripts(tree / "scripts", shadow / "scripts")


def _folders(tree: Path, collection: str) -> list[str]:
    """The collection, what it is in and what is in it, outermost first: make writes into these."""
    selftests = Path("tools/testing/selftests")
    around = [selftests / path for path in reversed(Path(collection).parents)][1:]
    inside = (Path(name).relative_to(tree) for name, _, _ in os.walk(tree / selftests / collection))
    return [str(path) for path in (*around, *inside)]


def _names(folder: Path, skip: set[str]) -> list[str]:
    names = (name for name in os.listdir(folder) if name not in skip)
    return [n for n in names if not n.startswith("local_config.") and Path(n).suffix not in _BUILT]


def _link(real: Path, ours: Path) -> None:
    if ours.is_symlink():
        if os.readlink(ours) == str(real):
            return
        ours.unlink()
    elif ours.exists():
        return  # one of the shadow's own folders, or a file that the build made
    ours.symlink_to(real)


def _copy_scripts(real: Path, ours: Path) -> None:
    """scripts/ is copied without its programs: make would find those of another build there."""
    if ours.exists():
        return

    def built(folder: str, names: list[str]) -> set[str]:
        sources = {Path(name).stem for name in names if name.endswith((".c", ".cc"))}
        binaries = {n for n in names if n in sources and not Path(folder, n).is_dir()}
        return binaries | {n for n in names if Path(n).suffix in _BUILT}

    shutil.copytree(real, ours, symlinks=True, ignore=built)
