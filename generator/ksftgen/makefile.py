# SPDX-License-Identifier: GPL-2.0-only
"""Edits of the lists that a tree keeps of its mm selftests: Makefile, .gitignore, run_vmtests.sh.

Each function takes a file's text and gives the new one; what an earlier install put there is taken out first, so doing
it twice changes nothing.  A file in which a place cannot be found raises TreeError.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ksftgen.errors import TreeError
from ksftgen.tree import TreeProfile

CATEGORY = "mprotect"
WRAPPER = f"ksft_{CATEGORY}.sh"
WRAPPER_TEXT = f"#!/bin/sh -e\n# SPDX-License-Identifier: GPL-2.0\n\n./run_vmtests.sh -t {CATEGORY}\n"

_SOURCES = "MPROTECT_AREA_SRCS"
_BLOCK = re.compile(rf"\n(?:{_SOURCES} [:+]= .*\n)+\n?(?:\$\(OUTPUT\)/\S+: \$\({_SOURCES}\)\n)*", re.MULTILINE)
_USAGE = f"- {CATEGORY}\n\ttest mprotect(2) on ranges of large folios\n"
_RUNS_COMMENT = "# mprotect() on ranges of large folios\n"
_RUNS = re.compile(rf'{re.escape(_RUNS_COMMENT)}(?:(?:CATEGORY="{CATEGORY}" )?run_test \./\S+\n)+\n')


def programs_in(makefile: str) -> set[str]:
    """The programs that an earlier install listed."""
    return set(re.findall(rf"^\$\(OUTPUT\)/(\S+): \$\({_SOURCES}\)$", makefile, re.MULTILINE))


def makefile(text: str, tree: TreeProfile, programs: Sequence[str], helpers: Sequence[str], gone: Sequence[str]) -> str:
    """The Makefile with `programs` listed and built with the sources among `helpers`; `gone` are no longer in it."""
    sources = [name for name in helpers if name.endswith(".c")]
    headers = [name for name in helpers if name.endswith(".h")]
    text = _BLOCK.sub("", text, count=1)
    lines = text.splitlines(keepends=True)
    ours = {f"{tree.programs} += {name}\n" for name in (*programs, *gone)} | {f"TEST_PROGS += {WRAPPER}\n"}
    lines = [line for line in lines if line not in ours]
    lines = [
        line for line in lines if not re.match(rf"LOCAL_HDRS \+= \$\(selfdir\)/{tree.mm}/mprotect_area\S*\n", line)
    ]
    for name in programs:
        lines = _insert(lines, tree.programs, name)
    if tree.wrappers:
        lines = _insert(lines, "TEST_PROGS", WRAPPER)
    if headers:
        place = _last(lines, r"LOCAL_HDRS\b.*=", "LOCAL_HDRS, the headers that programs are rebuilt for")
        lines[place:place] = [f"LOCAL_HDRS += $(selfdir)/{tree.mm}/{name}\n" for name in headers]
    library = _last(lines, r"include \.\./lib\.mk\n", '"include ../lib.mk"')
    place = library + _last(lines[library:], r"\$\((?:OUTPUT|TEST_GEN_FILES|TEST_GEN_PROGS)\)\S*: \S+\.c\b", "rules")
    block = ["\n", f"{_SOURCES} := {sources[0]}\n", *(f"{_SOURCES} += {name}\n" for name in sources[1:]), "\n"]
    block += [f"$(OUTPUT)/{name}: $({_SOURCES})\n" for name in programs]
    lines[place:place] = block
    return "".join(lines)


def gitignore(text: str, programs: Sequence[str], gone: Sequence[str]) -> str:
    """The .gitignore with `programs`, where it lists programs by name at all."""
    lines = text.splitlines()
    if "*" in lines:
        return text
    ours = {*programs, *gone}
    return "\n".join([*(line for line in lines if line not in ours), *programs]) + "\n"


def run_vmtests(text: str, programs: Sequence[str]) -> str:
    """run_vmtests.sh with the category in its usage and the programs run before its summary.

    Before 6.3 it has neither categories nor a summary.
    """
    text = _RUNS.sub("", text)
    if "CATEGORY=" not in text:
        runs = "".join(f"run_test ./{name}\n" for name in programs)
        return _before(text, r"^exit \$exitcode", f"{_RUNS_COMMENT}{runs}\n", '"exit $exitcode"')
    if f"\n- {CATEGORY}\n" not in text:
        text = _before(text, r"^\nexample: ", _USAGE, '"example:" after the categories')
    runs = "".join(f'CATEGORY="{CATEGORY}" run_test ./{name}\n' for name in programs)
    return _before(text, r'^echo "SUMMARY: ', f"{_RUNS_COMMENT}{runs}\n", 'line that prints "SUMMARY: "')


def _insert(lines: list[str], variable: str, name: str) -> list[str]:
    """`lines` with ``variable += name`` before the first later name of the list, or after the last.

    Lines inside of conditionals are passed over.
    """
    depth = 0
    last = None
    for index, line in enumerate(lines):
        if re.match(r"ifn?(eq|def)\b", line):
            depth += 1
        elif re.match(r"endif\b", line):
            depth -= 1
        found = re.match(rf"{variable}\s*(\+=|:=|=)\s*([\w.-]+)\s*$", line)
        if found and depth == 0:
            last = index
            if found.group(1) == "+=" and found.group(2) > name:
                return [*lines[:index], f"{variable} += {name}\n", *lines[index:]]
    if last is None:
        raise TreeError(f"Makefile: has no line that lists {variable}; this shape is not known")
    return [*lines[: last + 1], f"{variable} += {name}\n", *lines[last + 1 :]]


def _last(lines: Sequence[str], pattern: str, what: str) -> int:
    """The index after the last line that matches, outside of conditionals."""
    depth = 0
    place = None
    for index, line in enumerate(lines):
        if re.match(r"ifn?(eq|def)\b", line):
            depth += 1
        elif re.match(r"endif\b", line):
            depth -= 1
        elif depth == 0 and re.match(pattern, line):
            place = index + 1
    if place is None:
        raise TreeError(f"Makefile: has no {what}; this shape is not known")
    return place


def _before(text: str, pattern: str, addition: str, what: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    if not found:
        raise TreeError(f"run_vmtests.sh: has no {what}; this shape is not known")
    return text[: found.start()] + addition + text[found.start() :]
