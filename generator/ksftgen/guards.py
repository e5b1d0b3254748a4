# SPDX-License-Identifier: GPL-2.0-only
"""The functions that scenarios guard, in a kernel tree."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from ksftgen.errors import nearest
from ksftgen.scenario import Scenario
from ksftgen.tree import probe, read

_DEFINED = re.compile(r"^(?:#\s*define\s+(\w+)|SYSCALL_DEFINE\d\((\w+)|(?:\w[\w\s*]*?[\s*])?(\w+)\()", re.MULTILINE)


def warnings(scenarios: Iterable[Scenario], tree: Path) -> list[str]:
    """A sentence for each guard that the tree does not have: it may have a typo, or be of another kernel.

    Raises TreeError if `tree` is no kernel tree.
    """
    version = "Linux {}.{}".format(*probe(tree).version)
    found = []
    for scenario in scenarios:
        for guard in scenario.guards:
            file, name = guard.split(":")
            text = read(tree / file) if (tree / file).is_file() else ""
            if not text:
                what = f"{version} has no {file}; "
            elif re.search(rf"\b{name}\b", text):
                continue
            else:
                names = {word for match in _DEFINED.findall(text) for word in match if word}
                what = f"{version} has no {name}() there; {nearest(name, sorted(names))}"
            found.append(f"warning: {scenario.name} guards {guard}: {what}correct it, unless another kernel has it")
    return found
