# SPDX-License-Identifier: GPL-2.0-only
"""A verb of the scenario language, and its parameters."""

from __future__ import annotations

from dataclasses import dataclass

from ksftgen.words import TYPES, Type


@dataclass(frozen=True)
class Parameter:
    """A parameter of a verb, named after its type; without a default a step must give a value."""

    name: str
    default: str | None = None

    @property
    def type(self) -> Type:
        return TYPES[self.name]


@dataclass(frozen=True)
class Verb:
    """A kind of step, which calls ``area_NAME(area, parameters)`` in C.

    `about` is a sentence about it, in lower case and without a full stop.  `maps` is whether it maps the window,
    `setup_only` whether tests may not use it, `checks` whether it holds the kernel to anything.  `room` is the room
    that it needs, `source` a C file that it needs and that is no room.  `memory` are the verbs that may have mapped the
    window; none stands for all.
    """

    name: str
    about: str
    parameters: tuple[Parameter, ...] = ()
    maps: bool = False
    setup_only: bool = False
    checks: bool = False
    room: str | None = None
    source: str | None = None
    memory: tuple[str, ...] = ()

    @property
    def usage(self) -> str:
        """How a step is written: ``mprotect: {[process=parent], range, prot}``."""
        if not self.parameters:
            return self.name
        shown = (p.name if p.default is None else f"[{p.name}={p.default}]" for p in self.parameters)
        return f"{self.name}: {{{', '.join(shown)}}}"

    @property
    def is_bare(self) -> bool:
        """Whether a step may be the verb alone: each parameter has a default."""
        return all(parameter.default is not None for parameter in self.parameters)
