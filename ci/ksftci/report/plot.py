# SPDX-License-Identifier: GPL-2.0-only
"""Where everything of a chart's plot is; the page's template draws it as SVG.

Kernels go from left to right. The scale is logarithmic, as what is compared are ratios: twice as much is the
same step everywhere.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ksftci.report.chart import Chart

_COLUMN = 120  # pixels of a kernel
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 200, 12, 30  # pixels around the lines
_HEIGHT = 340
_LABEL = 15  # pixels between the names of two lines
_TICKS = (1, 2, 5)
_KERNEL_SHOWN = 17  # characters

Place = tuple[float, float]


@dataclass(frozen=True)
class Curve:
    """A test: its runs of kernels on which it measured, each point with what it says, and its name's place."""

    name: str
    paths: list[str]
    points: list[tuple[float, float, str]]
    label: float  # y


@dataclass(frozen=True)
class Plot:
    """Sizes and places in pixels, from the upper left."""

    width: int
    height: int
    left: int
    right: int
    ticks: list[tuple[float, str]]  # y, value
    kernels: list[tuple[float, str]]  # x, name
    lines: list[Curve]


def plot(chart: Chart) -> Plot | None:
    """The plot of a chart, or None: a single kernel has no line, and a logarithm wants positive values."""
    values = [one.value for row in chart.rows.values() for one in row if one]
    if len(chart.kernels) < 2 or min(values) <= 0:
        return None
    ticks = _ticks(min(values), max(values))
    low, high = math.log10(ticks[0]), math.log10(ticks[-1])
    right = _LEFT + _COLUMN * len(chart.kernels)

    def x(column: int) -> float:
        return _LEFT + _COLUMN * (column + 0.5)

    def y(value: float) -> float:
        share = (math.log10(value) - low) / (high - low)
        return round(_HEIGHT - _BOTTOM - share * (_HEIGHT - _BOTTOM - _TOP), 1)

    lines = []
    for name, row in chart.rows.items():
        places = [(x(column), y(one.value)) if one else None for column, one in enumerate(row)]
        points = [
            (*place, f"{name} on {kernel}: {one.digits} {one.unit}")
            for place, kernel, one in zip(places, chart.kernels, row, strict=True)
            if place and one
        ]
        lines.append(Curve(name, _paths(places), points, points[-1][1]))
    labels = _apart([line.label for line in lines])
    return Plot(
        right + _RIGHT,
        _HEIGHT,
        _LEFT,
        right,
        [(y(value), f"{value:g}") for value in ticks],
        [(x(column), _short(kernel)) for column, kernel in enumerate(chart.kernels)],
        [replace(line, label=label) for line, label in zip(lines, labels, strict=True)],
    )


def _ticks(low: float, high: float) -> list[float]:
    """1, 2, 5, 10, ... from below the lowest value to above the highest; at least two."""
    decades = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    all_ticks = [float(f"{step}e{decade}") for decade in decades for step in _TICKS]
    first = max(index for index, tick in enumerate(all_ticks) if tick <= low)
    last = min(index for index, tick in enumerate(all_ticks) if tick >= high and index > first)
    return all_ticks[first : last + 1]


def _paths(points: Sequence[Place | None]) -> list[str]:
    """Points for a polyline, one for each stretch without a gap."""
    stretches: list[list[str]] = [[]]
    for point in points:
        if point is None:
            stretches.append([])
        else:
            stretches[-1].append(f"{point[0]:g},{point[1]:g}")
    return [" ".join(stretch) for stretch in stretches if len(stretch) > 1]


def _apart(wanted: Sequence[float]) -> list[float]:
    """Places near those wanted that are no closer than names need; they end within the plot if they fit."""
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    places = dict.fromkeys(order, 0.0)
    floor = float(_TOP)
    for index in order:
        floor = places[index] = max(wanted[index], floor)
        floor += _LABEL
    ceiling = float(_HEIGHT - _BOTTOM)
    for index in reversed(order):
        places[index] = min(places[index], ceiling)
        ceiling = places[index] - _LABEL
    return [places[index] for index in range(len(wanted))]


def _short(kernel: str) -> str:
    return kernel if len(kernel) <= _KERNEL_SHOWN else f"{kernel[: _KERNEL_SHOWN - 1]}…"
