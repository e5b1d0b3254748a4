# SPDX-License-Identifier: GPL-2.0-only
"""A finding: a fault of released kernels, as docs/found/NAME.md tells it and docs/found/NAME.c shows it.

The file begins with its title and a table of facts.  Then come what happens, in one paragraph, and details, and the
sections of SECTIONS.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ksftgen import paths, prose
from ksftgen.errors import GenError, join_or, unknown_word

# The facts of the table, in their order; those of _OPTIONAL may be left out.
FACTS = (
    "Subject",
    "Code",
    "Also",
    "Right if it has",
    "Broken",
    "Right",
    "Fix",
    "Found by",
    "Tests",
    "Reports",
    "Boundary",
)
_OPTIONAL = ("Also", "Right if it has")
SECTIONS = ("Kernels", "The code", "What it means for programs", "The reproducer", "In the tests")
_CODE = re.compile(r"(?P<file>[\w/.-]+), `(?P<function>\w+)\(\)`: `(?P<line>.+)`")
_BUILD = re.compile(r"^ \*\t(\S*cc .+)$", re.MULTILINE)
_FOLDER = "docs/found"


@dataclass(frozen=True)
class Suspect:
    """The code at fault: a file of the kernel, a function in it, and a line of that.

    Kernels whose function has `right_if` are right; "" if no such text is known.  The fault also goes through the files
    `also`.
    """

    file: str
    function: str
    line: str
    right_if: str
    also: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """One entry of docs/found/.

    `facts` has the cells of the table by FACTS, and `sections` the text by SECTIONS, both as Markdown.  `summary` says
    what happens, `details` the rest of it ("" if there is none).  `source` is the text of the reproducer NAME.c, and
    `build` the command that builds it.
    """

    name: str
    suspect: Suspect
    facts: Mapping[str, str]
    summary: str
    details: str
    sections: Mapping[str, str]
    source: str
    build: str

    @property
    def subject(self) -> str:
        """The subject of a mail about it: ``AREA: what happens``."""
        return self.facts["Subject"]

    @property
    def may_cross_a_boundary(self) -> bool:
        """Whether one user may be able to do harm to another one by it."""
        return self.facts["Boundary"].startswith("perhaps")


def names() -> list[str]:
    """The names of all findings, in alphabetical order; raises GenError if ksftgen is installed without them."""
    return sorted(path.stem for path in paths.folder(_FOLDER).glob("*.md"))


def load(name: str) -> Finding:
    """The finding `name`; raises GenError if there is none, or if a part of its file is missing or wrong."""
    if name not in names():
        raise GenError(unknown_word("finding", name, names()))
    path = paths.folder(_FOLDER) / f"{name}.md"
    head, *rest = re.split(r"^## (.+)\n", path.read_text("utf-8"), flags=re.MULTILINE)
    sections = {title: text.strip("\n") for title, text in zip(rest[::2], rest[1::2], strict=True)}
    if tuple(sections) != SECTIONS or not all(sections.values()):
        raise GenError(f"{path}: must have these sections, in this order, and a text in each: {', '.join(SECTIONS)}")
    title, table, summary, *details = re.split(r"\n{2,}", head.strip("\n"))
    if not title.startswith("# ") or not table.startswith("|"):
        raise GenError(f"{path}: must begin with a title, a table of facts, and a paragraph that says what happens")
    facts = _facts(path, table)
    source = _source(path.with_suffix(".c"))
    build = _BUILD.search(source)
    if not build:
        raise GenError(f"{path.with_suffix('.c')}: the comment at its top must have the command that builds it")
    return Finding(
        name=name,
        suspect=_suspect(path, facts),
        facts=facts,
        summary=summary,
        details="\n\n".join(details),
        sections=sections,
        source=source,
        build=build.group(1),
    )


def _facts(path: Path, table: str) -> dict[str, str]:
    first, _, *others = table.split("\n")
    rows = [prose.cells(row) for row in (first, *others)]
    for number, row in enumerate(rows):
        if len(row) != 2 or not row[1] or row[0] not in FACTS:
            line = 3 + number + (number > 0)
            raise GenError(f"{path}:{line}: must be a row of two cells that begins with {join_or(FACTS)}")
    facts = {key: text for key, text in rows}
    missing = [fact for fact in FACTS if fact not in facts and fact not in _OPTIONAL]
    if missing:
        raise GenError(f'{path}: the table of facts has no "{missing[0]}"')
    if [key for key, _ in rows] != [fact for fact in FACTS if fact in facts]:
        raise GenError(f"{path}: the table has its facts in another order than this: {', '.join(FACTS)}")
    if not facts["Boundary"].startswith(("none; ", "perhaps; ")):
        raise GenError(f'{path}: "Boundary" must begin with "none; " or "perhaps; ", and say why')
    return facts


def _suspect(path: Path, facts: Mapping[str, str]) -> Suspect:
    match = _CODE.fullmatch(facts["Code"])
    if not match:
        raise GenError(f'{path}: "Code" must be: FILE, `FUNCTION()`: `LINE`')
    also = tuple(filter(None, facts.get("Also", "").split(", ")))
    return Suspect(right_if=facts.get("Right if it has", "").strip("`"), also=also, **match.groupdict())


def _source(path: Path) -> str:
    if not path.is_file():
        raise GenError(f"{path}: is missing; a finding has a reproducer")
    return path.read_text("utf-8")
