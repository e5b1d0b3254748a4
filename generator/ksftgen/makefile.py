# SPDX-License-Identifier: GPL-2.0-only
"""Edits the files in which a tree lists its mm selftests: Makefile, .gitignore, run_vmtests.sh.

Each `edit_` function takes the text of a file and returns the new text.  It first does what the `strip_` function
does, which removes what an earlier install has added, byte for byte; so installing twice changes nothing.  It raises
TreeError if the text has no place for the new lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from ksftgen import helpers
from ksftgen.errors import TreeError
from ksftgen.tree import TreeProfile

CATEGORY = "mprotect"
WRAPPER = f"ksft_{CATEGORY}.sh"
WRAPPER_TEXT = f"#!/bin/sh -e\n# SPDX-License-Identifier: GPL-2.0\n\n./run_vmtests.sh -t {CATEGORY}\n"

_SOURCES = "MPROTECT_AREA_SRCS"
# The variable and the rules that edit_makefile() adds.
_RULE = rf"\$\(OUTPUT\)/(\S+): \$\({_SOURCES}\)((?: \S+)*)\n"
_BLOCK = re.compile(rf"\n(?:{_SOURCES} [:+]= .*\n)+\n?(?:{_RULE})*")
_USAGE = f"- {CATEGORY}\n\ttest mprotect(2) on ranges of large folios\n"
_RUN_COMMENT = "# mprotect() on ranges of large folios\n"
# The lines that edit_run_vmtests() adds.
_RUN_LINES = re.compile(rf'{re.escape(_RUN_COMMENT)}(?:(?:CATEGORY="{CATEGORY}" )?run_test \./\S+\n)+\n')


def installed_programs(makefile: str) -> dict[str, tuple[str, ...]]:
    """The programs that earlier installs have added to the Makefile, each with its C files beside the core."""
    return {name: tuple(own.split()) for name, own in re.findall(f"^{_RULE}", makefile, re.MULTILINE)}


def strip_makefile(text: str, tree: TreeProfile, programs: Iterable[str]) -> str:
    """The Makefile without `programs`, and without the helpers that were added with them."""
    added = {f"{tree.programs_variable} += {name}\n" for name in programs} | {f"TEST_PROGS += {WRAPPER}\n"}
    lines = _BLOCK.sub("", text, count=1).splitlines(keepends=True)
    return "".join(line for line in lines if line not in added and not _is_header_of_helpers(line, tree))


def edit_makefile(
    text: str,
    tree: TreeProfile,
    programs: Mapping[str, Iterable[str]],
    shared: Sequence[str],
    removed: Iterable[str],
) -> str:
    """The Makefile with `programs`, each built with the core and with C files of its own, and without those `removed`.

    `shared` are the helpers; the core is the C files among them that belong to every program.
    """
    core = [name for name in shared if name.endswith(".c") and helpers.is_core(name)]
    headers = [name for name in shared if name.endswith(".h")]
    lines = strip_makefile(text, tree, (*programs, *removed)).splitlines(keepends=True)
    for name in programs:
        lines = _insert_sorted(lines, tree.programs_variable, name)
    if tree.has_wrappers:
        lines = _insert_sorted(lines, "TEST_PROGS", WRAPPER)
    if headers:
        place = _after_last(lines, r"LOCAL_HDRS\b.*=", "line that sets LOCAL_HDRS")
        lines[place:place] = [f"LOCAL_HDRS += $(selfdir)/{tree.mm_folder}/{name}\n" for name in headers]
    include = _after_last(lines, r"include \.\./lib\.mk\n", 'line "include ../lib.mk"')
    rule = r"\$\((?:OUTPUT|TEST_GEN_FILES|TEST_GEN_PROGS)\)\S*: \S+\.c\b"
    place = include + _after_last(lines[include:], rule, 'rule with a C file after "include ../lib.mk"')
    block = ["\n", *(f"{_SOURCES} {'+=' if index else ':='} {name}\n" for index, name in enumerate(core))]
    block += ["\n"] if core else []
    for name, own in programs.items():
        block.append(" ".join([f"$(OUTPUT)/{name}:", *([f"$({_SOURCES})"] if core else []), *own]) + "\n")
    lines[place:place] = block
    return "".join(lines)


def strip_gitignore(text: str, programs: Iterable[str]) -> str:
    """The .gitignore without `programs`; unchanged if it ignores every new file (``*``), since then none was added."""
    lines, names = text.split("\n"), set(programs)
    return text if "*" in lines else "\n".join(line for line in lines if line not in names)


def edit_gitignore(text: str, programs: Sequence[str], removed: Iterable[str]) -> str:
    """The .gitignore with `programs` and without those of `removed`; unchanged if it ignores every new file (``*``).

    A file that does not end with a line end does not get one.
    """
    if "*" in text.split("\n"):
        return text
    others = strip_gitignore(text, (*programs, *removed))
    names = "\n".join(programs)
    return f"{others}{names}\n" if not others or others.endswith("\n") else f"{others}\n{names}"


def strip_run_vmtests(text: str) -> str:
    """run_vmtests.sh without the category, in its usage text and where its programs are run."""
    return _RUN_LINES.sub("", text).replace(_USAGE, "", 1)


def edit_run_vmtests(text: str, programs: Iterable[str]) -> str:
    """run_vmtests.sh with the category in its usage text, and with `programs` run before its summary.

    Before Linux 6.3 the script has neither categories nor a summary: `programs` are run before it exits.
    """
    text = strip_run_vmtests(text)
    if "CATEGORY=" not in text:
        runs = "".join(f"run_test ./{name}\n" for name in programs)
        return _insert_before(text, r"^exit \$exitcode", f"{_RUN_COMMENT}{runs}\n", 'line "exit $exitcode"')
    if f"\n- {CATEGORY}\n" not in text:
        text = _insert_before(text, r"^\nexample: ", _USAGE, 'line "example:" after the categories')
    runs = "".join(f'CATEGORY="{CATEGORY}" run_test ./{name}\n' for name in programs)
    return _insert_before(text, r'^echo "SUMMARY: ', f"{_RUN_COMMENT}{runs}\n", 'line that prints "SUMMARY: "')


def _is_header_of_helpers(line: str, tree: TreeProfile) -> bool:
    """Whether the line makes programs depend on a header that ksftgen has installed, now or earlier."""
    match = re.fullmatch(rf"LOCAL_HDRS \+= \$\(selfdir\)/{tree.mm_folder}/(\S+)\n", line)
    return match is not None and helpers.is_helper(match.group(1))


def _insert_sorted(lines: list[str], variable: str, name: str) -> list[str]:
    """`lines` with ``variable += name`` before the first entry that sorts after `name`, or after the last entry.

    Entries inside conditionals are ignored.
    """
    depth = 0
    last = None
    for index, line in enumerate(lines):
        if re.match(r"ifn?(eq|def)\b", line):
            depth += 1
        elif re.match(r"endif\b", line):
            depth -= 1
        entry = re.match(rf"{variable}\s*(\+=|:=|=)\s*([\w.-]+)\s*$", line)
        if entry and depth == 0:
            last = index
            if entry.group(1) == "+=" and entry.group(2) > name:
                return [*lines[:index], f"{variable} += {name}\n", *lines[index:]]
    if last is None:
        raise TreeError(f"Makefile: has no line that adds a name to {variable}; its structure is unknown")
    return [*lines[: last + 1], f"{variable} += {name}\n", *lines[last + 1 :]]


def _after_last(lines: Sequence[str], pattern: str, what: str) -> int:
    """The index after the last line, outside conditionals, that matches `pattern`; errors call that line `what`."""
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
        raise TreeError(f"Makefile: has no {what}; its structure is unknown")
    return place


def _insert_before(text: str, pattern: str, addition: str, what: str) -> str:
    """`text` with `addition` before the first match of `pattern`; errors call the matching line `what`."""
    match = re.search(pattern, text, re.MULTILINE)
    if not match:
        raise TreeError(f"run_vmtests.sh: has no {what}; its structure is unknown")
    return text[: match.start()] + addition + text[match.start() :]
