# SPDX-License-Identifier: GPL-2.0-only
"""A drawing as an SVG: the same characters at the same places, and a box behind those of pages.

It needs a monospaced font, no script, and no file beside it.  Its colours follow the viewer's light or dark mode.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from ksftgen.columns import WIDTH, Line
from ksftgen.paint import parts
from plainprint.text import visible

_COLUMN, _ROW, _MARGIN, _SIZE = 8, 18, 16, 13  # units, a pixel each
# The colours of a role's text, and of the box behind it, in light and in dark mode.
_TEXT: Mapping[str, tuple[str, str]] = {
    "plain": ("#1f2328", "#e6edf3"),
    "title": ("#1f2328", "#ffffff"),
    "step": ("#0550ae", "#79c0ff"),
    "label": ("#57606a", "#9da7b3"),
    "dim": ("#6e7781", "#8b949e"),
    "boundary": ("#8250df", "#d2a8ff"),
    "mark": ("#0550ae", "#79c0ff"),
    "good": ("#116329", "#7ee787"),
    "some": ("#7d4e00", "#e3b341"),
    "bad": ("#a40e26", "#ff9492"),
}
_BOX: Mapping[str, tuple[str, str]] = {
    "mark": ("#ddf4ff", "#0c2d6b"),
    "good": ("#dafbe1", "#033a16"),
    "some": ("#fff8c5", "#4b2900"),
    "bad": ("#ffebe9", "#67060c"),
}
_PAPER = ("#ffffff", "#0d1117")
_BOLD = ("title", "step")


def svg(lines: Sequence[Line], title: str) -> str:
    """The lines as a whole SVG document; `title` is what a reader of screens says of it."""
    width, height = 2 * _MARGIN + WIDTH * _COLUMN, 2 * _MARGIN + len(lines) * _ROW
    body = "\n".join(shape for number, line in enumerate(lines) for shape in _shapes(line, _MARGIN + number * _ROW))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="{_SIZE}">\n'
        f"<title>{escape(visible(title))}</title>\n<style>\n{_style()}\n</style>\n"
        f'<rect class="paper" width="{width}" height="{height}"/>\n{body}\n</svg>\n'
    )


def _style() -> str:
    light, dark = (_rules(mode) for mode in (0, 1))
    bold = ", ".join(f"text.{role}" for role in _BOLD)
    return f"{light}\n{bold} {{ font-weight: bold }}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}"


def _rules(mode: int) -> str:
    rules = [f"rect.paper {{ fill: {_PAPER[mode]} }}"]
    rules += [f"text.{role} {{ fill: {colours[mode]} }}" for role, colours in _TEXT.items()]
    rules += [f"rect.{role} {{ fill: {colours[mode]} }}" for role, colours in _BOX.items()]
    return "\n".join(rules)


def _shapes(line: Line, top: int) -> Iterable[str]:
    """The text of a line, and the boxes behind it.  A text is as wide as its columns, whatever the font."""
    column = 0
    for text, role in parts(line):
        left, width = _MARGIN + column * _COLUMN, len(text) * _COLUMN
        column += len(text)
        if not (shown := text.strip()):
            continue
        if role in _BOX:
            yield f'<rect class="{role}" x="{left}" y="{top}" width="{width}" height="{_ROW}"/>'
        left += text.index(shown) * _COLUMN
        yield (
            f'<text class="{role or "plain"}" x="{left}" y="{top + _SIZE}" textLength="{len(shown) * _COLUMN}" '
            f'xml:space="preserve">{escape(visible(shown))}</text>'
        )
