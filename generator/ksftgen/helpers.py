# SPDX-License-Identifier: GPL-2.0-only
"""Helpers: the C sources and headers in templates/ that programs share, and which of them a program needs.

The core belongs to every program.  A room, and the source of a verb, belong only to the programs that need them; a
header ``mprotect_state_ROOM.h`` belongs to its room.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from ksftgen import template
from ksftgen.errors import RenderError
from ksftgen.rooms import ROOM_HELPERS
from ksftgen.template import MARK
from ksftgen.tree import TreeProfile
from ksftgen.vocabulary import VERBS
from ksftgen.words import TYPES

_HELPER = re.compile(r"mprotect_(?:area|kind|maker|model|state)(?:_\w+)?\.[ch]")
_ROOM = "mprotect_state_"
_JINJA = ".j2"


def is_helper(name: str) -> bool:
    """Whether the file is a helper by its name, of this ksftgen or of an earlier one."""
    return _HELPER.fullmatch(name) is not None


def is_core(name: str) -> bool:
    """Whether the helper belongs to every program."""
    named = {verb.source for verb in VERBS.values()}
    named |= {source for kind in TYPES.values() for source in kind.sources.values()}
    named |= {source for sources in ROOM_HELPERS.values() for source in sources}
    return not name.startswith(_ROOM) and name not in named


def available() -> Mapping[str, str]:
    """The helpers of this ksftgen: names of their templates by file name."""
    files = {name.removesuffix(_JINJA): name for name in template.names()}
    return {name: source for name, source in files.items() if is_helper(name)}


def render(sources: Collection[str], tree: TreeProfile) -> dict[str, str]:
    """The core, and the helpers `sources` with their headers: text by file name.

    Raises RenderError if one of `sources` is missing, or a template cannot be rendered.
    """
    files = available()
    for name in sorted(set(sources) - set(files)):
        raise RenderError(f"templates/{name}: is missing; a scenario needs it")
    return {name: _text(files[name], tree) for name in files if is_core(name) or _stem(name) in map(_stem, sources)}


def _stem(name: str) -> str:
    return name.rpartition(".")[0]


def _text(source: str, tree: TreeProfile) -> str:
    """The text of a helper; a comment behind its first line, the licence, says where it comes from."""
    text = template.expand(source, tree=tree) if source.endswith(_JINJA) else template.text(source)
    first, newline, rest = text.partition("\n")
    comment = f"/* {MARK}templates/{source}: do not edit. */\n"
    return first + newline + comment + rest
