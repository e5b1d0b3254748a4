# SPDX-License-Identifier: GPL-2.0-only
"""Installs programs into a kernel tree, and removes them: sources, and the files that build, ignore and run them.

The new text of every file is known before the first one is written, so a tree of unknown structure stays unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ksftgen import helpers, lineends, makefile, output
from ksftgen.errors import TreeError
from ksftgen.render import render
from ksftgen.scenario import Scenario
from ksftgen.tree import mm_dir, probe, read, read_raw


def install(scenarios: Sequence[Scenario], tree: Path, prune: bool) -> list[Path]:
    """Install the programs of `scenarios` into `tree`; returns the files that changed.

    With `prune`, programs of earlier installs that are not among `scenarios` are removed; without, their rules stay,
    and the helpers that they need are written again.  Helpers that no program needs any more are removed.  Raises
    TreeError if `tree` has an unknown structure, or a file to be written would overwrite one that ksftgen did not
    generate.
    """
    profile = probe(tree)
    folder = mm_dir(tree)
    text = read(folder / "Makefile")
    earlier = makefile.installed_programs(text)
    own = {scenario.name: scenario.sources for scenario in scenarios}
    programs = dict(sorted((own if prune else {**earlier, **own}).items()))
    removed = sorted(set(earlier) - set(programs))
    needed = {name for sources in programs.values() for name in sources}
    sources = render(scenarios, profile, needed & set(helpers.available()))
    if path := output.foreign(folder, sources):
        raise TreeError(f"{path}: ksftgen did not generate this file; rename the scenario, or move the file away")

    files = {folder / name: content for name, content in sources.items()}
    shared = [name for name in sources if helpers.is_helper(name)]
    files[folder / "Makefile"] = makefile.edit_makefile(text, profile, programs, shared, removed)
    if (folder / ".gitignore").is_file():
        path = folder / ".gitignore"
        files[path] = makefile.edit_gitignore(read(path), list(programs), removed)
    path = folder / "run_vmtests.sh"
    files[path] = makefile.edit_run_vmtests(read(path), programs)
    modes = {}
    if profile.has_wrappers:
        path = folder / makefile.WRAPPER
        if path.exists() and read_raw(path) != makefile.WRAPPER_TEXT:
            raise TreeError(f"{path}: ksftgen did not generate this file; move it away")
        files[path] = makefile.WRAPPER_TEXT
        modes[path] = 0o755
    current = {*sources, *needed, *(f"{name}.c" for name in programs)}
    stale = [path for path in output.stale_files(folder, current) if prune or helpers.is_helper(path.name)]
    return _write(tree, files, stale, modes)


def remove(tree: Path) -> list[Path]:
    """Remove all that `install` has put into `tree`, also an earlier one, and what was built of it there.

    Returns the files that changed.  The tree is byte for byte what it was before, if nobody has changed the files in
    between.  Raises TreeError as `install` does.
    """
    profile = probe(tree)
    folder = mm_dir(tree)
    text = read(folder / "Makefile")
    programs = makefile.installed_programs(text)
    files = {folder / "Makefile": makefile.strip_makefile(text, profile, programs)}
    path = folder / "run_vmtests.sh"
    files[path] = makefile.strip_run_vmtests(read(path))
    path = folder / ".gitignore"
    if path.is_file():
        files[path] = makefile.strip_gitignore(read(path), programs)
    stale = [*output.stale_files(folder, ()), *(folder / name for name in programs if (folder / name).is_file())]
    path = folder / makefile.WRAPPER
    if path.is_file() and read_raw(path) == makefile.WRAPPER_TEXT:
        stale.append(path)
    return _write(tree, files, stale)


def _write(
    tree: Path, files: Mapping[Path, str], stale: Iterable[Path], modes: Mapping[Path, int] | None = None
) -> list[Path]:
    """Write `files`, with the line ends of those that they replace, and delete those that are `stale`.

    Raises TreeError if one of them would be changed outside of the tree, behind a symbolic link.
    """
    top, stale = tree.resolve(), list(stale)
    for path in (*files, *stale):
        if not path.resolve().is_relative_to(top):
            raise TreeError(f"{path}: leads out of the tree, to {path.resolve()}; copy the file into the tree")
    texts = {path: lineends.keep(read_raw(path) if path.exists() else "", text) for path, text in files.items()}
    return output.write(texts, modes, stale)
