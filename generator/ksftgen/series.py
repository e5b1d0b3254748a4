# SPDX-License-Identifier: GPL-2.0-only
"""A patch series: what each commit changes in a kernel tree, in the order in which it can be read and built.

First what vm_util lacks, then the engine and its rooms, then a commit for each program, with its lines in Makefile,
.gitignore and run_vmtests.sh.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ksftgen import helpers, makefile, template
from ksftgen.errors import TreeError
from ksftgen.owned import Sources
from ksftgen.render import wrap
from ksftgen.tree import SELFTESTS, TreeProfile, mm_dir, read_raw

# What of a tree the changes depend on.
PATHS = (
    "Makefile",
    "MAINTAINERS",
    *(f"{SELFTESTS}/{name}" for name in ("mm", "vm", "kselftest.h", "kselftest_harness.h")),
)
_MOVED = "is_backed_by_folio"
_MOVED_FROM = "split_huge_page_test.c"
_SECTION = "MEMORY MAPPING"


@dataclass(frozen=True)
class Change:
    """What one commit changes: the new text of files by their paths in the tree, and modes of new ones.

    `kind` is "vm_util", "engine", "rooms" or "program", of which `program` is the name.
    """

    kind: str
    files: Mapping[str, str]
    program: str = ""
    modes: Mapping[str, str] = field(default_factory=dict)


def changes(sources: Sources, folder: Path, profile: TreeProfile) -> list[Change]:
    """The changes that bring `sources` into the tree whose PATHS are in `folder`.

    Raises TreeError if the tree has one of the files, or if its structure is unknown.
    """
    if sources.is_small and not profile.settings_header:
        raise TreeError(f"{mm_dir(folder)}: has no hugepage_settings.h or thp_settings.h; give Linux 6.8 or later")
    editor = _Editor(folder)
    for name in (*sources.engine, *sources.programs):
        if (mm_dir(folder) / name).exists():
            raise TreeError(f"{editor.path(name)}: the tree has this file; give a commit before it was added")
    found = []
    if sources.is_small and _add_to_vm_util(editor, profile):
        found.append(Change("vm_util", editor.changed()))
    core = {name: text for name, text in sources.engine.items() if helpers.is_core(name)}
    rooms = {name: text for name, text in sources.engine.items() if name not in core}
    for kind, files in (("engine", core), ("rooms", rooms)):
        for name, text in files.items():
            editor.write(name, text)
        editor.maintain(files)
        if files:
            found.append(Change(kind, editor.changed()))
    own = sources.own
    shared = [name for name in sources.engine if name not in {part for parts in own.values() for part in parts}]
    programs: dict[str, Sequence[str]] = {}
    before = {name: editor.read(name) for name in ("Makefile", ".gitignore", "run_vmtests.sh") if editor.exists(name)}
    for name, text in sources.programs.items():
        program = name.removesuffix(".c")
        programs[program] = own[program]
        editor.write(name, text)
        editor.maintain([name])
        editor.write("Makefile", makefile.edit_makefile(before["Makefile"], profile, programs, shared, ()))
        if ".gitignore" in before:
            editor.write(".gitignore", makefile.edit_gitignore(before[".gitignore"], list(programs), ()))
        editor.write("run_vmtests.sh", makefile.edit_run_vmtests(before["run_vmtests.sh"], programs))
        modes = {}
        if profile.has_wrappers:
            editor.write(makefile.WRAPPER, makefile.WRAPPER_TEXT)
            modes[editor.path(makefile.WRAPPER)] = "100755"
        found.append(Change("program", editor.changed(), program, modes))
    return found


class _Editor:
    """The files of selftests/mm, and with a leading "/" those of the tree, as the changes so far have left them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mm = mm_dir(folder).relative_to(folder)
        self._now: dict[str, str] = {}
        self._changed: dict[str, str] = {}

    def path(self, name: str) -> str:
        return name[1:] if name.startswith("/") else str(self._mm / name)

    def exists(self, name: str) -> bool:
        return self.path(name) in self._now or (self._folder / self.path(name)).is_file()

    def read(self, name: str) -> str:
        path = self.path(name)
        text = self._now[path] if path in self._now else read_raw(self._folder / path)
        if "\r\n" in text:
            raise TreeError(f"{path}: has lines that end in CRLF, which no mail keeps; commit it with LF")
        return text

    def write(self, name: str, text: str) -> None:
        if not self.exists(name) or self.read(name) != text:
            self._now[self.path(name)] = self._changed[self.path(name)] = text

    def maintain(self, names: Iterable[str]) -> None:
        """Add files to MAINTAINERS, if the tree has it."""
        for name in names if self.exists("/MAINTAINERS") else ():
            self.write("/MAINTAINERS", _with_maintainers(self.read("/MAINTAINERS"), self.path(name)))

    def changed(self) -> Mapping[str, str]:
        """What was written since the last call."""
        changed, self._changed = self._changed, {}
        return changed


def _add_to_vm_util(editor: _Editor, profile: TreeProfile) -> bool:
    """Give vm_util what the small engine needs: moved from a test that has it, or new.  Whether it lacked that."""
    if profile.has(_MOVED):
        return False
    test = editor.read(_MOVED_FROM) if editor.exists(_MOVED_FROM) else ""
    moved = re.search(rf"^static bool {_MOVED}\((.*?)\)(\n\{{.*?\n\}}\n)\n", test, re.MULTILINE | re.DOTALL)
    if moved:
        editor.write(_MOVED_FROM, test.replace(moved.group(0), ""))
        prototype = wrap(f"bool {_MOVED}(", [" ".join(part.split()) for part in moved.group(1).split(",")], ")")
        functions, declarations = prototype + moved.group(2), f"{prototype};\n"
    else:
        functions = template.expand("series/vm_util.c.j2", tree=profile)
        declarations = template.expand("series/vm_util.h.j2", tree=profile)
    header = editor.read("vm_util.h")
    place = re.search(r"^int pageflags_get\(.*\);\n", header, re.MULTILINE) or re.search(
        r"^unsigned long pagemap_get_pfn\(.*\);\n", header, re.MULTILINE
    )
    if not place:
        raise TreeError("vm_util.h: does not declare pagemap_get_pfn(); its structure is unknown")
    editor.write("vm_util.h", header[: place.end()] + declarations + header[place.end() :])
    editor.write("vm_util.c", f"{editor.read('vm_util.c')}\n{functions}")
    return True


def _with_maintainers(text: str, pattern: str) -> str:
    """MAINTAINERS with the file in the section of mm/mprotect.c, where there is one; in the order of patterns."""
    section = re.search(rf"^{_SECTION}\n(?:.+\n)*", text, re.MULTILINE)
    if not section or "F:\tmm/mprotect.c\n" not in section.group(0):
        return text
    lines = section.group(0).splitlines(keepends=True)
    added = f"F:\t{pattern}\n"
    after = [index for index, line in enumerate(lines) if line.startswith("F:") and line < added]
    lines.insert(after[-1] + 1, added)
    return text[: section.start()] + "".join(lines) + text[section.end() :]
