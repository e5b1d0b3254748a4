# SPDX-License-Identifier: GPL-2.0-only
"""The folders of templates, scenarios, findings and generated files: in an installed package, or in a checkout."""

from __future__ import annotations

from pathlib import Path

from ksftgen.errors import GenError

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent.parent


def folder(name: str) -> Path:
    """The folder `name` ("templates", "scenarios" or "docs/found") that belongs to this ksftgen.

    Raises GenError if it is missing.
    """
    path = (_CHECKOUT if _is_checkout() else _PACKAGE) / name
    if not path.is_dir():
        raise GenError(f'ksftgen is installed without its "{name}"; install it again')
    return path


def generated() -> Path:
    """The default output folder of ``ksftgen render``: generated/ in the checkout, else in the current directory."""
    return (_CHECKOUT if _is_checkout() else Path.cwd()) / "generated"


def scenarios() -> list[Path]:
    """The files of the scenarios that come with ksftgen, in the order of their names."""
    return sorted(folder("scenarios").glob("*.yaml"))


def _is_checkout() -> bool:
    return _PACKAGE.parent.name == "generator" and (_CHECKOUT / "templates").is_dir()
