# SPDX-License-Identifier: GPL-2.0-only
"""The reference of the scenario language in Markdown: templates/scenarios.md.j2, with tables of the vocabulary."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import BaseModel

from ksftgen import cnames, cover, drawing, layout, template
from ksftgen.conflicts import NEEDS, ONCE, UNDONE
from ksftgen.errors import join_or
from ksftgen.layout import Layout, Segment
from ksftgen.library import library
from ksftgen.shape import LayoutShape, ScenarioShape, StrongerShape
from ksftgen.verb import Verb
from ksftgen.vocabulary import CAPABILITIES, THEMES, VERBS
from ksftgen.words import TYPES

_TEMPLATE = "scenarios.md.j2"
# Types of which the text has more to say than a table of their words.
_EXPLAINED = ("layout", "range", "pages")
_SINGLE = Segment("folio", 0, 1)
# Of these the drawings are: the largest folio is neither the first nor the only one, and is beside smaller ones.
_DRAWN_RANGES = Layout("", (_SINGLE,), (Segment("folio", 3, 2), Segment("folio", 4, 1)))
_DRAWN_PAGES = Layout("", (Segment("folio", 4, 1), Segment("folio", 3, 1), Segment("folio", 0, 8)), (_SINGLE,))


def markdown() -> str:
    """The reference: what docs/scenarios.md is, but for the line end behind the last line."""
    text = template.expand(
        _TEMPLATE,
        keys=_keys(),
        folios=_table(("word", "is"), {**layout.FOLIOS, **layout.NUMBERED}.items()),
        layouts=_layouts(),
        steps={theme: _steps(verbs) for theme, verbs in THEMES.items()},
        checking=join_or(f"`{verb.name}`" for verb in VERBS.values() if verb.checks),
        types=TYPES,
        words={name: _words(name) for name in TYPES},
        other_types=[kind for name, kind in TYPES.items() if name not in _EXPLAINED],
        capabilities=_table(("word", "is"), CAPABILITIES.items()),
        boundary=drawing.folios(library()["mixed"], -40, 40),
        ranges=drawing.ranges(_DRAWN_RANGES, TYPES["range"].values or (), below=12),
        selections=drawing.selections(_DRAWN_PAGES, TYPES["pages"].values or (), nr=32),
        most_words=layout.MAX_SEGMENTS,
        most_combinations=cover.MAX_PRODUCT,
        reserved=join_or(f"`{name}`" for name in sorted(cnames.HARNESS_WORDS)),
    )
    return text.removesuffix("\n")


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the first column is code."""
    cells = [columns, ["---"] * len(columns), *((f"`{first}`", *others) for first, *others in rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def _keys() -> str:
    """The keys of a scenario; those of a mapping below a key stand behind it."""
    below: dict[str, tuple[str, type[BaseModel]]] = {"layouts": ("NAME", LayoutShape), "stronger": ("-", StrongerShape)}
    rows = []
    for key, about, is_required in _fields(ScenarioShape):
        rows.append((f"{key}:", "yes" if is_required else "", about))
        if key in below:
            entry, model = below[key]
            rows += [(f"{key}: {entry}: {name}:".replace("-:", "-"), "", text) for name, text, _ in _fields(model)]
    return _table(("key", "required", "is"), rows)


def _fields(model: type[BaseModel]) -> Iterable[tuple[str, str, bool]]:
    return ((name, field.description or "", field.is_required()) for name, field in model.model_fields.items())


def _layouts() -> str:
    rows = (
        (name, *(f"`[{', '.join(part.token for part in side)}]`" for side in (each.below, each.above)), each.about)
        for name, each in library().items()
    )
    return _table(("layout", "below the boundary", "above it", "is"), rows)


def _words(name: str) -> str:
    return _table(("word", "is"), ((word, value.about) for word, value in (TYPES[name].values or {}).items()))


def _steps(verbs: Iterable[Verb]) -> str:
    return _table(("step", "does", "may be used"), ((verb.usage, verb.about, _use(verb)) for verb in verbs))


def _use(verb: Verb) -> str:
    """Where a verb may stand."""
    parts = ["first in `setup`"] if verb.maps else ["in `setup`"] if verb.setup_only else []
    if verb.memory:
        others = [other.name for other in VERBS.values() if other.maps and other.name not in verb.memory]
        only, names = ("not", others) if len(others) < len(verb.memory) else ("only", verb.memory)
        parts.append(f"{only} with {join_or(f'`{name}`' for name in names)}")
    if needed := NEEDS.get(verb.name):
        parts.append(f"after `{needed}`")
    if verb.name in ONCE:
        undo = next((f", or after `{undo}` again" for undo, undone in UNDONE.items() if undone == verb.name), "")
        parts.append(f"once{undo}")
    return "; ".join(parts)
