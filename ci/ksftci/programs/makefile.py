# SPDX-License-Identifier: GPL-2.0-only
"""The programs that the Makefile of a collection lists."""

import re
from pathlib import Path

from ksftci.errors import CiError
from ksftci.host.files import read_text

_LIST = re.compile(
    r"^[ \t]*TEST_GEN_(?:FILES|PROGS)(?P<variant>\w*)[ \t]*[:+?]?=(?P<names>(?:[^\n]*\\\n)*[^\n]*)", re.MULTILINE
)
_MPROTECT = re.compile(r"mprotect_\w+")


def programs(collection: Path) -> set[str]:
    """Every program in TEST_GEN_FILES, TEST_GEN_PROGS and their variants, such as TEST_GEN_PROGS_EXTENDED.

    `collection` is the folder of a collection. Without a Makefile there are none.
    """
    return _listed(collection, variants=True)


def mprotect_tests(collection: Path) -> list[str]:
    """The mprotect_ programs of TEST_GEN_FILES and TEST_GEN_PROGS alone, sorted: what `ksftci run` runs by default."""
    return sorted(name for name in _listed(collection, variants=False) if _MPROTECT.fullmatch(name))


def _listed(collection: Path, variants: bool) -> set[str]:
    try:
        text = read_text(collection / "Makefile")
    except CiError:
        return set()
    lists = (match["names"] for match in _LIST.finditer(text) if variants or not match["variant"])
    lines = (names.replace("\\\n", " ").partition("#")[0] for names in lists)
    return {Path(name).name for line in lines for name in line.split()}
