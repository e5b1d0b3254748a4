# SPDX-License-Identifier: GPL-2.0-only
"""The source files and functions whose coverage is measured."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from ksftci.errors import CiError

# What mprotect() does to page tables, in Linux 7.3; each architecture adds files of its own.
MPROTECT = (
    "mm/mprotect.c",
    "mm/huge_memory.c:change_huge_pmd,change_non_present_huge_pmd,can_change_pmd_writable",
    "mm/mempolicy.c:folio_can_map_prot_numa",
    "mm/internal.h:folio_pte_batch_flags,__pte_batch_clear_ignored,vma_is_single_threaded_private",
)


@dataclass(frozen=True)
class Target:
    """A source file and the chosen functions in it; () stands for all functions."""

    file: str  # path in the tree
    functions: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Target":
        """The target that FILE or FILE:FUNCTION,FUNCTION names. Raises CiError for anything but a .c or .h file."""
        file, colon, names = text.partition(":")
        functions = tuple(name.strip() for name in names.split(",") if name.strip())
        if PurePosixPath(file).suffix not in (".c", ".h") or file.startswith(("/", "..")) or (colon and not functions):
            raise CiError(
                f"--source {text}: is no source; allowed: a file of the kernel tree, mm/mprotect.c, "
                "or some of its functions, mm/x.c:one,two"
            )
        return cls(file, functions)

    @property
    def compiled(self) -> bool:
        """Whether the file has an object of its own; a header is counted in the objects of the .c files."""
        return self.file.endswith(".c")
