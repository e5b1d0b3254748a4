# SPDX-License-Identifier: GPL-2.0-only
"""A shadow tree: links to the files of a kernel tree, in which a build changes nothing of the user's tree.

`make O=` refuses a tree that has been built in, and the mm selftests write local_config.* beside their sources. The
shadow has no links to files that a build makes; it may have such files of its own.
"""

import hashlib
import os
import shutil
from pathlib import Path

from ksftci.host.files import write_whole

# Folders that are folders in the shadow, too; everything else is a link.
_FOLDERS = ("", "arch", "include", "tools", "tools/testing", "tools/testing/selftests", "usr")
# Folder to names in it that a build makes; they are not linked.
_GENERATED = {
    "": {"scripts", ".config", ".git", ".tmp_versions", "vmlinux", "vmlinux.o", "Module.symvers"},
    "include": {"config", "generated"},
}
_NOTE = ".scripts.digest"  # what the shadow's scripts/ is a copy of
_OBJECT_SUFFIXES = {".o", ".a", ".cmd", ".mod"}


def update(tree: Path, shadow: Path, arch_folder: str, collection: str) -> None:
    """Make the shadow of a tree, or bring it up to date.

    `arch_folder` is that of the architecture, such as arch/x86; `collection` is a folder in tools/testing/selftests.
    Files that earlier builds made in the shadow stay, so that make need not make them again.
    """
    generated = {**_GENERATED, f"{arch_folder}/include": {"generated"}}
    for folder in (*_FOLDERS, arch_folder, f"{arch_folder}/include", *_collection_folders(tree, collection)):
        source, target = tree / folder, shadow / folder
        if not source.is_dir():
            continue
        if target.is_symlink():
            target.unlink()
        target.mkdir(parents=True, exist_ok=True)
        for name in _names_to_link(source, generated.get(folder, set())):
            _link(source / name, target / name)
        for entry in target.iterdir():
            if entry.is_symlink() and not entry.exists():
                entry.unlink()
    _copy_scripts(tree, shadow)


def _collection_folders(tree: Path, collection: str) -> list[str]:
    """The folders that make writes into for a collection: its parents, itself, all in it; outermost first."""
    selftests = Path("tools/testing/selftests")
    parents = [selftests / path for path in reversed(Path(collection).parents)][1:]
    inside = (Path(name).relative_to(tree) for name, _, _ in os.walk(tree / selftests / collection))
    return [str(path) for path in (*parents, *inside)]


def _names_to_link(folder: Path, generated: set[str]) -> list[str]:
    names = (name for name in os.listdir(folder) if name not in generated)
    return [n for n in names if not n.startswith("local_config.") and Path(n).suffix not in _OBJECT_SUFFIXES]


def _link(source: Path, target: Path) -> None:
    if target.is_symlink():
        if os.readlink(target) == str(source):
            return
        target.unlink()
    elif target.exists():
        return  # a folder of the shadow, or a file that a build made there
    target.symlink_to(source)


def scripts_digest(tree: Path) -> str:
    """A digest of what scripts/ of a tree holds, without the programs that a build of the tree has made there."""
    total = hashlib.sha256()
    top = tree / "scripts"
    for folder, folders, names in os.walk(top):
        folders.sort()
        built = built_files(folder, names)
        for name in sorted(set(names) - built):
            stat = os.lstat(os.path.join(folder, name))
            path = os.path.relpath(os.path.join(folder, name), top)
            total.update(f"{path} {stat.st_size} {stat.st_mtime_ns} {stat.st_mode}\n".encode(errors="surrogateescape"))
    return total.hexdigest()


def _copy_scripts(tree: Path, shadow: Path) -> None:
    """Copy scripts/ of the tree, unless the copy is there and like it."""
    target, draft, old = shadow / "scripts", shadow / ".scripts.draft", shadow / ".scripts.old"
    for rest in (draft, old):
        shutil.rmtree(rest, ignore_errors=True)
    digest, note = scripts_digest(tree), shadow / _NOTE
    if target.is_dir() and note.is_file() and note.read_bytes() == digest.encode():
        return
    try:
        shutil.copytree(tree / "scripts", draft, symlinks=True, ignore=built_files)
        note.unlink(missing_ok=True)
        if target.exists():
            target.rename(old)
        draft.rename(target)
        write_whole(note, digest)
    finally:
        for rest in (draft, old):
            shutil.rmtree(rest, ignore_errors=True)


def built_files(folder: str, names: list[str]) -> set[str]:
    """The files that a build has made among the names in a folder."""
    sources = {Path(name).stem for name in names if name.endswith((".c", ".cc"))}
    programs = {n for n in names if n in sources and not Path(folder, n).is_dir()}
    return programs | {n for n in names if Path(n).suffix in _OBJECT_SUFFIXES}
