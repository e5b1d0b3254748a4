#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Prints what CHANGELOG.md says of the release whose tag is KSFT_TAG, if tag, version and CHANGELOG.md agree.

Uses Python's standard library only.
"""

import os
import re
import sys
from datetime import date
from pathlib import Path

_TOP = Path(__file__).resolve().parents[2]
_HEAD = re.compile(r"^## \[(?P<version>[^]]*)\] - (?P<date>\S+)\n(?P<notes>(?:(?!## ).*\n)*)", re.MULTILINE)


def notes(tag: str, version: str, changelog: str) -> str:
    """What the newest section of the changelog says. Raises ValueError with a message that says what does not fit."""
    head = _HEAD.search(changelog)
    if head is None:
        raise ValueError("CHANGELOG.md: no line is like ## [1.2.3] - 2026-12-31")
    if head["version"] != version:
        raise ValueError(f"CHANGELOG.md begins with {head['version']}, the version is {version}")
    if tag != f"v{version}":
        raise ValueError(f"the tag is {tag}, the version is {version}; it is released by the tag v{version}")
    try:
        date.fromisoformat(head["date"])
    except ValueError:
        raise ValueError(f"CHANGELOG.md: {version} is {head['date']}; give the date of its release") from None
    return head["notes"].strip()


def main() -> int:
    """Print the notes; returns the exit status, 2 after an error, which GitHub shows."""
    package = (_TOP / "generator/ksftgen/__init__.py").read_text(encoding="utf-8")
    version = re.search(r'^__version__ = "(.*)"$', package, re.MULTILINE)
    try:
        changelog = (_TOP / "CHANGELOG.md").read_text(encoding="utf-8")
        print(notes(os.environ.get("KSFT_TAG", ""), version[1] if version else "", changelog))
    except ValueError as err:
        print(f"::error::{err}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
