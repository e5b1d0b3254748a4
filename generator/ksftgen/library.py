# SPDX-License-Identifier: GPL-2.0-only
"""Layouts read from YAML: those of layouts.yaml, which every scenario may name, and those of a scenario."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

from ksftgen import layout, source
from ksftgen.errors import SpecError
from ksftgen.layout import Layout, Segment
from plainyaml import node as yaml
from plainyaml.problem import Problem, clip


@functools.cache
def library() -> Mapping[str, Layout]:
    """The layouts of layouts.yaml by name; raises SpecError if the file is wrong."""
    path = Path(__file__).with_name("layouts.yaml")
    root, problems = source.read(path)
    layouts = read_layouts(root, problems)
    if problems:
        raise SpecError(path.name, problems)
    return layouts


def read_layouts(node: yaml.Mapping, problems: list[Problem]) -> dict[str, Layout]:
    """The layouts below `node` by name; appends to `problems` what is wrong with their patterns.

    A layout or a side of the wrong shape is left out without a problem: shape.py reports it.
    """
    layouts = {}
    for name, sides in node.items.items():
        if not isinstance(sides, yaml.Mapping):
            continue
        below, above = (_read_pattern(sides.items.get(side), problems) for side in ("below", "above"))
        about = sides.items.get("about")
        layouts[name] = Layout(name, below, above, str(about.plain()) if about else "")
    return layouts


def _read_pattern(node: yaml.Node | None, problems: list[Problem]) -> tuple[Segment, ...]:
    segments = []
    items = source.entries(node)
    for item in items:
        token = str(item.plain())
        segment = layout.segment(token)
        if isinstance(segment, str):
            problems.append(item.problem(f'"{clip(token)}" {segment}'))
            return ()
        segments.append(segment)
    if misfit := layout.misfit(segments):
        problems.append(items[misfit.index].problem(misfit.reason))
    return tuple(segments)
