# SPDX-License-Identifier: GPL-2.0-only
"""Where templates and scenarios are: in the package of a wheel, or at the root of a checkout."""

from __future__ import annotations

from pathlib import Path

from ksftgen.errors import GenError

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent.parent


def folder(name: str) -> Path:
    """The folder `name` ("templates" or "scenarios") of this ksftgen; never one of the current directory."""
    found = (_CHECKOUT if _is_checkout() else _PACKAGE) / name
    if not found.is_dir():
        raise GenError(f'ksftgen is installed without its "{name}"; install it again')
    return found


def generated() -> Path:
    """Where render writes when not told: generated/ of the checkout, or of the current directory."""
    return (_CHECKOUT if _is_checkout() else Path.cwd()) / "generated"


def scenarios() -> list[Path]:
    """The scenarios that come with ksftgen, by name."""
    return sorted(folder("scenarios").glob("*.yaml"))


def _is_checkout() -> bool:
    return _PACKAGE.parent.name == "generator" and (_CHECKOUT / "templates").is_dir()
