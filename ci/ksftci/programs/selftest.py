# SPDX-License-Identifier: GPL-2.0-only
"""What tells a selftest from other programs, before a whole folder of them runs as root on somebody's machine."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from ksftci.errors import CiError
from ksftci.host.files import read_text
from plainprint.reason import reason

# What kselftest.h, kselftest_harness.h and programs that print KTAP by themselves have among their texts.
_TEXTS = re.compile(rb"TAP version 1[34]|# FIXTURE|\bok (?:%[diluz]|\d)|\b1\.\.(?:%[diluz]|\d)|\bnot ok \b")
_LIST = "kselftest-list.txt"  # of `make -C tools/testing/selftests install`
_SELFTESTS = ("tools", "testing", "selftests")
_SHOWN = 3


def looks_like_one(program: Path) -> bool:
    """Whether a program prints KTAP, or is where only selftests are: in a kernel tree, or an installation of them.

    Raises CiError if it cannot be read.
    """
    try:
        return (
            _is_in_tree(program.parent)
            or _is_installed(program.parent)
            or _TEXTS.search(program.read_bytes()) is not None
        )
    except OSError as err:
        raise CiError(f"{program}: {reason(err, program)}") from err


def check(folder: Path, programs: Iterable[Path]) -> None:
    """Raises CiError if a program of a folder does not look like a selftest: then none may run.

    A folder such as /usr/bin has everything in it that can be done to a machine.
    """
    others = [program.name for program in programs if not looks_like_one(program)]
    if others:
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        raise CiError(
            f"{folder}: {', '.join(others[:_SHOWN])}{more} do not look like selftests, which print KTAP; so nothing "
            "of this folder is run as root on this machine: name the programs that you mean, one by one"
        )


def _is_in_tree(folder: Path) -> bool:
    parts: Sequence[str] = folder.resolve().parts
    for place in range(len(parts) - len(_SELFTESTS)):
        root = Path(*parts[:place])
        if parts[place : place + len(_SELFTESTS)] == _SELFTESTS and (root / "Kbuild").is_file():
            return True
    return False


def _is_installed(folder: Path) -> bool:
    """Whether the list of an installation around the folder has tests of this folder."""
    folder = folder.resolve()
    for top in folder.parents:
        listed = top / _LIST
        if listed.is_file():
            collection = str(folder.relative_to(top))
            return any(line.startswith(f"{collection}:") for line in read_text(listed).splitlines())
    return False
