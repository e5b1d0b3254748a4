# SPDX-License-Identifier: GPL-2.0-only
"""Programs into a kernel tree: sources, and the lists that have them built and run.

All new contents are worked out before anything is written, so a tree of an unknown shape stays as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ksftgen import makefile, output
from ksftgen.errors import TreeError
from ksftgen.render import render
from ksftgen.scenario import Scenario
from ksftgen.tree import mm_dir, probe, read


def install(scenarios: Sequence[Scenario], tree: Path, prune: bool) -> list[Path]:
    """Put `scenarios` into `tree`; returns the files touched, none if all was there.

    With `prune`, programs that an earlier install left and that are not among `scenarios` go away.
    """
    profile = probe(tree)
    folder = mm_dir(tree)
    sources = render(scenarios, profile)
    for name, text in sources.items():
        path = folder / name
        if path.exists() and not output.is_ours(path) and read(path) != text:
            raise TreeError(f"{path}: is not ksftgen's; rename the scenario, or move the file away")
    named = [scenario.name for scenario in scenarios]
    text = read(folder / "Makefile")
    earlier = makefile.programs_in(text) - set(named)
    programs = sorted({*named, *(() if prune else earlier)})
    gone = sorted(earlier) if prune else []
    helpers = [name for name in sources if name.rpartition(".")[0] not in named]

    files = {folder / name: content for name, content in sources.items()}
    files[folder / "Makefile"] = makefile.makefile(text, profile, programs, helpers, gone)
    if (folder / ".gitignore").is_file():
        path = folder / ".gitignore"
        files[path] = makefile.gitignore(read(path), programs, gone)
    path = folder / "run_vmtests.sh"
    files[path] = makefile.run_vmtests(read(path), programs)
    modes = {}
    if profile.wrappers:
        path = folder / makefile.WRAPPER
        if path.exists() and read(path) != makefile.WRAPPER_TEXT:
            raise TreeError(f"{path}: is not ksftgen's; move the file away")
        files[path] = makefile.WRAPPER_TEXT
        modes[path] = 0o755
    return output.write(files, modes, output.stale(folder, sources) if prune else ())
