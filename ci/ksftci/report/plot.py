# SPDX-License-Identifier: GPL-2.0-only
"""The plot of a chart: positions of its lines, points and labels, which page.html.j2 draws as SVG.

Kernels go from left to right. The scale is logarithmic because readers compare ratios: doubling a value is the same
step everywhere.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ksftci.report.chart import Chart

_COLUMN = 120  # pixels between two kernels
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 200, 12, 30  # pixels around the lines
_HEIGHT = 340  # pixels
_LABEL = 15  # pixels between the labels of two lines, at least
_TICKS = (1, 2, 5)  # times a power of ten
_KERNEL_LENGTH = 17  # characters of a kernel's name

Position = tuple[float, float]


@dataclass(frozen=True)
class Curve:
    """The line of one test. It is broken at a kernel on which the test measured nothing."""

    name: str
    paths: list[str]  # a polyline for each unbroken part
    points: list[tuple[float, float, str]]  # x, y, text
    label: float  # y of the name


@dataclass(frozen=True)
class Plot:
    """A plot; all coordinates are pixels from the upper left corner."""

    width: int
    height: int
    left: int
    right: int
    ticks: list[tuple[float, str]]  # y, value
    kernels: list[tuple[float, str]]  # x, name
    lines: list[Curve]


def plot(chart: Chart) -> Plot | None:
    """The plot of a chart; None for a single kernel, which makes no line, or a value that has no logarithm."""
    values = [measurement.value for row in chart.rows.values() for measurement in row if measurement]
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
        positions = [(x(column), y(cell.value)) if cell else None for column, cell in enumerate(row)]
        points = [
            (*position, f"{name} on {kernel}: {cell.digits} {cell.unit}")
            for position, kernel, cell in zip(positions, chart.kernels, row, strict=True)
            if position and cell
        ]
        lines.append(Curve(name, _paths(positions), points, points[-1][1]))
    labels = _spread_labels([line.label for line in lines])
    return Plot(
        right + _RIGHT,
        _HEIGHT,
        _LEFT,
        right,
        [(y(value), f"{value:g}") for value in ticks],
        [(x(column), _shorten(kernel)) for column, kernel in enumerate(chart.kernels)],
        [replace(line, label=label) for line, label in zip(lines, labels, strict=True)],
    )


def _ticks(low: float, high: float) -> list[float]:
    """The values of the scale: 1, 2, 5, 10, ... from `low` or below to `high` or above; at least two."""
    decades = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    all_ticks = [float(f"{step}e{decade}") for decade in decades for step in _TICKS]
    first = max(index for index, tick in enumerate(all_ticks) if tick <= low)
    last = min(index for index, tick in enumerate(all_ticks) if tick >= high and index > first)
    return all_ticks[first : last + 1]


def _paths(positions: Sequence[Position | None]) -> list[str]:
    """The "points" of SVG polylines, one for each part between gaps that has two positions or more."""
    parts: list[list[str]] = [[]]
    for position in positions:
        if position is None:
            parts.append([])
        else:
            parts[-1].append(f"{position[0]:g},{position[1]:g}")
    return [" ".join(part) for part in parts if len(part) > 1]


def _spread_labels(wanted: Sequence[float]) -> list[float]:
    """The y of labels near the wanted y, at least _LABEL apart, and inside the plot as long as all fit there."""
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    labels = dict.fromkeys(order, 0.0)
    highest = float(_TOP)
    for index in order:
        highest = labels[index] = max(wanted[index], highest)
        highest += _LABEL
    lowest = float(_HEIGHT - _BOTTOM)
    for index in reversed(order):
        labels[index] = min(labels[index], lowest)
        lowest = labels[index] - _LABEL
    return [labels[index] for index in range(len(wanted))]


def _shorten(kernel: str) -> str:
    return kernel if len(kernel) <= _KERNEL_LENGTH else f"{kernel[: _KERNEL_LENGTH - 1]}…"
